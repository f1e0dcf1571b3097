// Bytes and the end of a stream that one event tells of, and connects that are taken back while they wait.
import { assert, assertEquals } from "@std/assert";
import type { IoError, SocketAddress } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";
import { read, sleep, until } from "../promised.ts";
import { nativeCalls } from "./native_calls.ts";
import { epollEngine, noEpoll } from "./setup.ts";

const skip = noEpoll;

test("bytes and the end that come with one event, to a read that waits, are both read", async () => {
  const engine = epollEngine({ ownThread: true }); // nobody looks between the two
  for (const end of ["close", "shutdown"]) {
    const [mine, theirs] = engine.sockets.pair() as [number, number];
    const endpoint = engine.adopt(mine);
    const first = read(endpoint);
    libc().write(theirs, new TextEncoder().encode("last words"), 10);
    if (end === "close") libc().close(theirs);
    else nativeCalls().shutdown(theirs, 1);
    const got = await first;
    assert(got instanceof Uint8Array && got.length === 10);
    let ended: Uint8Array | IoError | undefined = undefined;
    void read(endpoint).then((result) => ended = result);
    await until(() => ended !== undefined, `the end after ${end}`);
    assertEquals((ended as unknown as IoError).kind, "end-of-stream");
    endpoint.close();
    if (end !== "close") libc().close(theirs);
  }
  await engine.shutdown();
}, { skip });

test("a connect that waits for room in a unix socket's backlog ends with its cancellation", async () => {
  const engine = epollEngine();
  const { sockets } = engine;
  const at: SocketAddress = { family: "unix-abstract", name: `pollwire backlog ${Math.random()}` };
  const listening = sockets.socket(at);
  assertEquals(sockets.bindAndListen(listening, at, false), 0);
  libc().listen(listening, 0);
  const filling = sockets.socket(at);
  assertEquals(sockets.connect(filling, at), 0);
  let tries = 0;
  const connect = sockets.connect.bind(sockets);
  sockets.connect = (fd, to) => {
    tries++;
    return connect(fd, to);
  };
  let reports = 0;
  const connecting = engine.connect(at, {}, () => reports++);
  await until(() => tries > 2, "several tries");
  assert(engine.cancelConnect(connecting));
  const before = tries;
  await sleep(60);
  assertEquals([tries, reports], [before, 0]);
  for (const fd of [listening, filling]) libc().close(fd);
  await engine.shutdown();
}, { skip });

test(
  "what opens after a shutdown has nobody wait for it: the set's number may be another's by then",
  async () => {
    const engine = epollEngine();
    await engine.shutdown();
    const { waiting } = engine as unknown as { readonly waiting: { readonly polling: boolean } };
    const listener = engine.listen({}, () => {}, () => {});
    assertEquals([engine.opened.size, waiting.polling], [1, false]);
    listener.shutdown();
  },
  { skip },
);
