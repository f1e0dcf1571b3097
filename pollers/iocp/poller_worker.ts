// The poller thread of iocp, which waits in GetQueuedCompletionStatusEx.

import { openWinsock } from "../ffi/winsock.ts";
import { runPollerThread } from "../threads/poller_thread.ts";
import { CompletionPort, type PortHandles } from "./pollset.ts";

runPollerThread(openWinsock, ({ winsock }, shared: PortHandles) => new CompletionPort(winsock, shared));
