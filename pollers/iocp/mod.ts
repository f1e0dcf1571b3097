// The completion port poller, for Windows on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { openWinsock } from "../ffi/winsock.ts";
import { pollingFactory } from "../threads/factory.ts";
import { IocpEngine, pollerModule } from "./engine.ts";

/** "iocp": Windows' completion ports through FFI. Usable on x86-64, on Deno with --allow-ffi and on Bun. */
export const iocpFactory: EngineFactory = /* @__PURE__ */ pollingFactory(
  "iocp",
  openWinsock,
  pollerModule,
  ({ winsock }, options) => new IocpEngine(winsock, options),
);
