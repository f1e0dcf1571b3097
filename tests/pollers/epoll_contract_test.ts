// The epoll poller keeps the contract, with a thread that waits for it and on a thread of its own.
import { epollFactory } from "../../pollers/epoll/mod.ts";
import { contractSuite } from "./contract.ts";

contractSuite(epollFactory);
contractSuite(epollFactory, {}, { ownThread: true });
