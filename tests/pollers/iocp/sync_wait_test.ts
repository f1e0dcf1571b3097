// A thread blocks in the iocp engine, in both shapes.
import { iocpFactory } from "../../../pollers/iocp/mod.ts";
import { syncWaitTests } from "../threads/sync_wait.ts";

syncWaitTests(iocpFactory);
