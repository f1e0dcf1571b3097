import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { ADOPT, type Endpoint, IoError } from "../../../pollers/mod.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { PlainServer } from "../plain_peer.ts";
import { connect, firstDifference, LOOPBACK, pattern, read, readExactly, sleep, write } from "../promised.ts";
import { nativeCalls } from "./native_calls.ts";
import { countDescriptors, epollEngine, noEpoll, noMoreDescriptors, testShapes } from "./setup.ts";

const skip = noEpoll;
/** Packets keep their borders: a read gives one of them (pipe(2)). */
const O_DIRECT = process.arch === "arm64" ? 0o200000 : 0o40000;
const O_CLOEXEC = 0o2000000;

/** A pipe's read end and write end. */
function pipe({ sockets }: EpollEngine, flags = O_CLOEXEC): [read: number, write: number] {
  const fds = new Int32Array(1024); // large enough to stay where it is
  assertEquals(sockets.libc.pipe2(new Uint8Array(fds.buffer), flags), 0);
  return [fds[0]!, fds[1]!];
}

/** A connected pair of sockets. */
function socketPair({ sockets }: EpollEngine): [number, number] {
  const fds = sockets.pair();
  assert(typeof fds !== "number");
  return fds;
}

function text(bytes: Uint8Array | IoError): string {
  return bytes instanceof IoError ? bytes.kind : new TextDecoder().decode(bytes);
}

async function readAll(endpoint: Endpoint): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const got = await read(endpoint);
    if (got instanceof IoError) {
      assertEquals(got.kind, "end-of-stream");
      return concat(...parts);
    }
    parts.push(got);
  }
}

testShapes("two pipes are one endpoint, both ways", async (_, options) => {
  const engine = epollEngine(options);
  const before = countDescriptors();
  const [there, back] = [pipe(engine), pipe(engine)];
  const one = engine.extension(ADOPT)!.adopt(there[0], back[1]);
  const other = engine.adopt(back[0], there[1]);
  const sent = pattern(3_000_000);
  const [errors, got, heard] = await Promise.all([
    Promise.all([write(one, sent), write(other, sent)]),
    readExactly(one, sent.length),
    readExactly(other, sent.length),
  ]);
  assertEquals(errors, [undefined, undefined]);
  assertEquals([firstDifference(got, sent), firstDifference(heard, sent)], [-1, -1]);
  one.close();
  assertEquals(text(await read(other)), "end-of-stream");
  assertEquals((await write(other, "to nobody"))?.kind, "reset");
  other.close();
  await engine.shutdown();
  await noMoreDescriptors(before);
});

testShapes("what is written into a pipe before and after it is adopted arrives", async (_, options) => {
  const engine = epollEngine(options);
  const [reading, writing] = pipe(engine);
  const { libc } = engine.sockets;
  const put = (message: string) => libc.write(writing, new TextEncoder().encode(message), message.length);
  put("before ");
  const endpoint = engine.adopt(reading);
  assertEquals(text(await read(endpoint)), "before ");
  const pending = read(endpoint);
  await sleep(10);
  put("after");
  assertEquals(text(await pending), "after");
  libc.close(writing);
  assertEquals(text(await read(endpoint)), "end-of-stream");
  endpoint.close();
  await engine.shutdown();
});

testShapes("packets of a pipe that keeps their borders all come", async (_, options) => {
  const engine = epollEngine(options);
  const [reading, writing] = pipe(engine, O_CLOEXEC | O_DIRECT);
  const { libc } = engine.sockets;
  const put = (message: string) => libc.write(writing, new TextEncoder().encode(message), message.length);
  const endpoint = engine.adopt(reading);
  const pending = read(endpoint);
  await sleep(10);
  // One wake-up for all of them.
  for (const packet of ["one", "two", "three"]) put(packet);
  const rest = async () => text(await read(endpoint));
  assertEquals([text(await pending), await rest(), await rest()], ["one", "two", "three"]);
  libc.close(writing);
  endpoint.close();
  await engine.shutdown();
});

testShapes("one end of a socket pair, adopted by number, knows that it has no name", async (_, options) => {
  const engine = epollEngine(options);
  const [ours, theirs] = socketPair(engine);
  const [one, other] = [engine.adopt(ours), engine.adopt(theirs)];
  assertEquals([one.local, one.peer], [{ family: "unix", path: "" }, { family: "unix", path: "" }]);
  const sent = pattern(2_000_000);
  const writing = write(one, sent);
  assertEquals(firstDifference(await readExactly(other, sent.length), sent), -1);
  assertEquals(await writing, undefined);
  one.close();
  assertEquals(text(await read(other)), "end-of-stream");
  other.close();
  assertThrows(() => engine.detach(one), TypeError, "not open");
  await engine.shutdown();
});

testShapes("a TCP socket, adopted by number, knows both addresses", async (_, options) => {
  const engine = epollEngine(options);
  const server = await PlainServer.listen(LOOPBACK);
  const original = await connect(engine, server.address);
  const plain = await server.accept();
  // The descriptor of an endpoint that lives on: a duplicate is a descriptor of its own.
  const [handle] = (engine.table as unknown as { handles: Array<{ fd: number; owner: unknown }> }).handles
    .filter((one) => one?.owner === original);
  const copy = nativeCalls().dup(handle!.fd);
  const adopted = engine.adopt(copy);
  assertEquals([adopted.local, adopted.peer], [original.local, original.peer]);
  original.close();
  await write(adopted, "by number");
  assertEquals(text(await plain.readExactly(9)), "by number");
  adopted.close();
  assertEquals((await plain.readToEnd()).length, 0);
  plain.destroy();
  await server.close();
  await engine.shutdown();
});

testShapes("a child process's stdin and stdout are an endpoint", async (_, options) => {
  const engine = epollEngine(options);
  const [stdin, stdout] = [pipe(engine), pipe(engine)];
  const child = spawn("cat", [], { stdio: [stdin[0], stdout[1], "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  for (const fd of [stdin[0], stdout[1]]) engine.sockets.libc.close(fd);
  const reader = engine.adopt(stdout[0]);
  const writer = engine.adopt(stdin[1]);
  const sent = pattern(1_000_000);
  const all = readAll(reader);
  assertEquals(await write(writer, sent), undefined);
  writer.close();
  assertEquals(firstDifference(await all, sent), -1);
  assertEquals(await ended, 0);
  reader.close();
  await engine.shutdown();
});

testShapes("a child process may end in the middle of a write; no signal comes here", async (_, options) => {
  const engine = epollEngine(options);
  const [reading, writing] = pipe(engine);
  const child = spawn("sh", ["-c", "read -r line; exit 3"], { stdio: [reading, "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  engine.sockets.libc.close(reading);
  const writer = engine.adopt(writing);
  const error = await write(writer, new Uint8Array(5_000_000).fill(10));
  assertEquals([error?.kind, error?.code], ["reset", "EPIPE"]);
  assertEquals(await ended, 3);
  writer.close();
  await engine.shutdown();
});

testShapes("writing to peers that are gone never ends the process by a signal", async (_, options) => {
  const engine = epollEngine(options);
  // Both runtimes ignore SIGPIPE, which writing into a pipe may cause; sockets are told not to.
  const ignored = /SigIgn:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]!;
  assertEquals(BigInt(`0x${ignored}`) >> 12n & 1n, 1n);
  const [ours, theirs] = socketPair(engine);
  const [reading, writing] = pipe(engine);
  for (const fd of [theirs, reading]) engine.sockets.libc.close(fd);
  for (const endpoint of [engine.adopt(ours), engine.adopt(writing)]) {
    for (let i = 0; i < 3; i++) assertEquals((await write(endpoint, "gone"))?.kind, "reset");
    endpoint.close();
  }
  await engine.shutdown();
});

test("a descriptor that cannot be adopted stays as it is, and the error says why", async () => {
  const engine = epollEngine();
  const [ours, theirs] = socketPair(engine);
  const endpoint = engine.adopt(ours);
  const file = openSync(new URL(import.meta.url), "r");
  const folder = openSync(tmpdir(), "r");
  const [reading, writing] = pipe(engine);
  const cases: ReadonlyArray<readonly [descriptors: readonly number[], says: RegExp]> = [
    [[-1], /^Cannot adopt descriptor -1: it is not open \(EBADF\)$/],
    [[999_999], /^Cannot adopt descriptor 999999: it is not open \(EBADF\)$/],
    [[file], /^Cannot adopt descriptor \d+: files cannot be polled.* \(EPERM\)$/],
    [[folder], /^Cannot adopt descriptor \d+: files cannot be polled.* \(EPERM\)$/],
    [[ours], /^Cannot adopt descriptor \d+: this engine has it already \(EEXIST\)$/],
    [[reading, file], /^Cannot adopt descriptors \d+ and \d+: files cannot be polled.* \(EPERM\)$/],
    [[reading, 999_999], /^Cannot adopt descriptor 999999: it is not open \(EBADF\)$/],
  ];
  for (const [[one, two], says] of cases) {
    const error = assertThrows(() => engine.adopt(one!, two), Error);
    assertMatch(error.message, says);
  }
  for (const fd of [file, folder]) {
    assert(fstatSync(fd).ino > 0, "it was closed");
    closeSync(fd);
  }
  // What failed counts as nothing open, and the pipe can be adopted still.
  assertEquals(engine.opened.size, 1);
  const pipes = engine.adopt(reading, writing);
  assertEquals(await write(pipes, "to itself"), undefined);
  assertEquals(text(await read(pipes)), "to itself");
  pipes.close();
  const other = engine.adopt(theirs);
  await write(other, "still there");
  assertEquals(text(await read(endpoint)), "still there");
  endpoint.close();
  other.close();
  await engine.shutdown();
}, { skip });

test(
  "nothing can be opened on an engine that was shut down, whoever has its descriptors by then",
  async () => {
    const engine = epollEngine();
    await engine.shutdown();
    const others = [epollEngine(), epollEngine()];
    const [ours, theirs] = socketPair(others[0]!);
    assertThrows(() => engine.adopt(ours), Error, "the engine was shut down");
    const made = await new Promise((resolve) => engine.connect(LOOPBACK, {}, resolve)) as { ok: boolean };
    assertEquals(made.ok, false);
    for (const fd of [ours, theirs]) engine.sockets.libc.close(fd);
    for (const other of others) await other.shutdown();
  },
  { skip },
);

testShapes("an endpoint is handed on to another engine, with what lies in its socket", async (_, options) => {
  const before = countDescriptors();
  const [giving, taking] = [epollEngine(options), epollEngine(options)];
  const [one, other] = await giving.pair();
  await write(one, "before");
  const taken = taking.adopt(giving.detach(other));
  assertEquals(((await read(other)) as IoError).kind, "closed");
  assertEquals(text(await readExactly(taken, 6)), "before");
  await Promise.all([write(taken, "back"), write(one, "after")]);
  assertEquals(text(await readExactly(one, 4)), "back");
  assertEquals(text(await readExactly(taken, 5)), "after");
  one.close();
  taken.close();
  await Promise.all([giving.shutdown(), taking.shutdown()]);
  await noMoreDescriptors(before);
});

testShapes("what cannot be handed on says why, and goes on", async (_, options) => {
  const [engine, stranger] = [epollEngine(options), epollEngine(options)];
  const [one, other] = await engine.pair();
  const pending = read(one);
  assertThrows(() => engine.detach(one), TypeError, "a read or write is outstanding");
  assertThrows(() => stranger.detach(one), TypeError, "not one of this engine");
  const [there, back] = [pipe(engine), pipe(engine)];
  const pipes = engine.adopt(there[0], back[1]);
  assertThrows(() => engine.detach(pipes), TypeError, "over two pipes");
  await write(other, "still here");
  assertEquals(text(await pending), "still here");
  for (const end of [one, other, pipes, engine.adopt(back[0]), engine.adopt(there[1])]) end.close();
  await Promise.all([engine.shutdown(), stranger.shutdown()]);
});
