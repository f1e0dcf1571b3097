// The io_uring poller keeps the contract, with a thread that looks after its ring and on a thread of its own.
import { ioUringFactory } from "../../pollers/io_uring/mod.ts";
import { contractSuite } from "./contract.ts";

contractSuite(ioUringFactory);
contractSuite(ioUringFactory, {}, { ownThread: true });
