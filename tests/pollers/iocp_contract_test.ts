// The iocp poller keeps the contract, in both shapes: with a thread that waits for it, and on a thread of its own.
import { iocpFactory } from "../../pollers/iocp/mod.ts";
import { test } from "../harness.ts";
import { contractSuite } from "./contract.ts";

const probed = iocpFactory.probe();
if (probed.usable) {
  contractSuite(iocpFactory);
  contractSuite(iocpFactory, {}, { ownThread: true });
} else test("the iocp poller keeps the contract", () => {}, { skip: probed.because });
