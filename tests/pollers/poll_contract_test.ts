// The poll poller keeps the contract, with a thread that waits for it and on a thread of its own.
import { pollFactory } from "../../pollers/poll/mod.ts";
import { contractSuite } from "./contract.ts";

contractSuite(pollFactory);
contractSuite(pollFactory, {}, { ownThread: true });
