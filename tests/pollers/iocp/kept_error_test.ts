// What a call has failed with is known, whatever the runtime calls before anybody asks.
import { assertEquals, assertThrows } from "@std/assert";
import { ErrorKeeper } from "../../../pollers/ffi/kept_error.ts";
import { openLibrary, pointerTo } from "../../../pollers/ffi/library.ts";
import { openWinsock, type Winsock } from "../../../pollers/ffi/winsock.ts";
import { IocpEngine } from "../../../pollers/iocp/engine.ts";
import type { EngineFactory, EngineOptions, IoError } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import {
  Acceptor,
  connect,
  LOOPBACK,
  NOBODY,
  pattern,
  read,
  readExactly,
  tryConnect,
  withEngine,
  write,
} from "../promised.ts";
import { iocpTests } from "./setup.ts";

iocpTests("errors of calls", () => {
  const INVALID_HANDLE = 6;
  const NO_SOCKET = 10_038; // WSAENOTSOCK
  const OLD_VERSION = 1_150; // ERROR_OLD_WIN_VERSION

  const kernel = openLibrary(["kernel32.dll"], { SetLastError: { parameters: ["u32"], result: "void" } });
  if (!kernel.ok) throw new Error(kernel.because);
  const { SetLastError } = kernel.functions;
  const opened = openWinsock();
  if (!opened.ok) throw new Error(opened.because);
  const { winsock } = opened;

  /** Calls after each of which the thread's own error is another one. */
  const disturbed = Object.fromEntries(
    Object.entries(winsock).map(([name, call]) => [
      name,
      name === "openWholeTurn" ? call : (...values: unknown[]) => {
        const result = (call as (...values: unknown[]) => unknown)(...values);
        SetLastError(OLD_VERSION);
        return result;
      },
    ]),
  ) as unknown as Winsock;
  const disturbedFactory: EngineFactory = {
    name: "iocp",
    probe: () => ({ usable: true }),
    create: (options) => new IocpEngine(disturbed, options),
  };

  test("iocp: a call's error is kept, whatever is called afterwards", () => {
    const nothing = pointerTo(0x7ff0);
    assertEquals(winsock.listen(nothing, 1), -1);
    SetLastError(OLD_VERSION);
    assertEquals(winsock.lastError(), NO_SOCKET);
    assertEquals(winsock.ConnectNamedPipe(nothing, null), 0);
    SetLastError(0);
    assertEquals(winsock.lastError(), INVALID_HANDLE);
  });

  test("iocp: a function that its library has not is named, and one of nine parameters refused", () => {
    const kept = ErrorKeeper.open();
    if (!kept.ok) throw new Error(kept.because);
    const none = { parameters: [], result: "i32" } as const;
    const { keeper } = kept;
    assertEquals(keeper.functions("kernel32.dll", { NoSuchCall: none }), {
      ok: false,
      because: "kernel32.dll has no NoSuchCall",
    });
    const nine = { parameters: Array.from({ length: 9 }, () => "u32" as const), result: "i32" } as const;
    assertThrows(() => keeper.functionsAt({ nine: 1 }, { nine }), RangeError, "Cannot pass 9 parameters on");
  }, { leaves: "an ErrorKeeper's libraries stay for the process" });

  const shapes: readonly EngineOptions[] = [{}, { ownThread: true }];
  for (const options of shapes) {
    const shape = options.ownThread === true ? "its own thread waits" : "a poller thread waits";
    test(`iocp, ${shape}: an engine asks no thread for its error`, () =>
      withEngine(disturbedFactory, async (engine) => {
        const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
        const to = { family: "ipv4", host: "127.0.0.1", port } as const;
        const [client, server] = await Promise.all([connect(engine, to), acceptor.accept()]);
        const bytes = pattern(8 * 1024 * 1024);
        const [sent, came] = await Promise.all([write(client, bytes), readExactly(server, bytes.length)]);
        assertEquals([sent, came.length], [undefined, bytes.length]);
        client.close();
        assertEquals((await read(server) as IoError).kind, "end-of-stream");
        server.close();
        await acceptor.shutdown();
        const refused = await tryConnect(engine, NOBODY);
        assertEquals(refused.ok ? undefined : refused.error.kind, "refused");
      }, options));
  }
});
