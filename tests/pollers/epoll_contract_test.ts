// The epoll poller keeps the contract, with a thread that waits for it.
import { epollFactory } from "../../pollers/epoll/mod.ts";
import { contractSuite } from "./contract.ts";

contractSuite(epollFactory);
