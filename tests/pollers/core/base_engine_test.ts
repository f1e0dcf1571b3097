// What every engine on real sockets does alike: operations one at a time, how things close, and in which order closures run.
import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { IoError } from "../../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { BaseEndpoint } from "../../../pollers/core/base_endpoint.ts";
import { BaseEngine, type ConnectAttempt, type Loop } from "../../../pollers/core/base_engine.ts";
import type {
  DnsResolver,
  Endpoint,
  EngineOptions,
  IoResult,
  Listener,
  SocketAddress,
} from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";

const HERE: SocketAddress = { family: "ipv4", host: "127.0.0.1", port: 1_000 };
const THERE: SocketAddress = { family: "ipv6", host: "::ffff:127.0.0.1", port: 80 };

/** A loop that does what is due when the test says so. */
class TestLoop implements Loop {
  time = 0;
  readonly due: Array<() => void> = [];
  armed: (() => void) | undefined;
  held = false;

  now(): number {
    return this.time;
  }
  soon(closure: () => void): void {
    this.due.push(closure);
  }
  arm(_delayMs: number, fire: () => void): unknown {
    return this.armed = fire;
  }
  disarm(): void {
    this.armed = undefined;
  }
  anchor() {
    return { ref: () => this.held = true, unref: () => this.held = false, remove: () => this.held = false };
  }

  iterate(): void {
    for (const closure of this.due.splice(0)) closure();
  }
}

class TestEndpoint extends BaseEndpoint {
  /** What is there to be read at once. */
  readonly there: Uint8Array[] = [];
  writesAtOnce = false;
  released = 0;

  protected readNow(into: SliceBuffer): boolean {
    const bytes = this.there.shift();
    if (bytes !== undefined) into.append(bytes);
    return bytes !== undefined;
  }
  protected override startRead(): void {}
  protected startWrite(data: SliceBuffer): boolean {
    if (this.writesAtOnce) data.clear();
    return this.writesAtOnce;
  }
  protected release(): void {
    this.released++;
  }

  /** Bytes came, or an error. */
  arrive(bytes: Uint8Array, error?: IoError): void {
    this.readInto?.append(bytes);
    this.finishRead(error);
  }
  written(error?: IoError): void {
    this.finishWrite(error);
  }
  get isReading(): boolean {
    return this.reading;
  }
}

class TestEngine extends BaseEngine {
  readonly attempts: ConnectAttempt[] = [];
  readonly test: TestLoop;

  constructor(options: EngineOptions = {}) {
    const loop = new TestLoop();
    super("test", options, loop);
    this.test = loop;
  }

  pair(): Promise<[Endpoint, Endpoint]> {
    throw new Error("not here");
  }
  resolver(): DnsResolver {
    throw new Error("not here");
  }
  listen(): Listener {
    throw new Error("not here");
  }
  protected startConnect(_to: SocketAddress, _options: unknown, attempt: ConnectAttempt): void {
    this.attempts.push(attempt);
  }

  endpoint(): TestEndpoint {
    return new TestEndpoint(this, HERE, THERE);
  }

  /** Connects, and gives what is reported. */
  try(to: SocketAddress = HERE) {
    const results: string[] = [];
    const handle = this.connect(to, {}, (result: IoResult<Endpoint>) => {
      results.push(result.ok ? "connected" : result.error.kind);
      if (result.ok) result.value.close();
    });
    return { handle, results, attempt: this.attempts.at(-1)! };
  }
}

function buffer(bytes = 0): SliceBuffer {
  const data = new SliceBuffer();
  data.append(new Uint8Array(bytes));
  return data;
}

/** A callback that writes down what it gets. */
function note(kinds: string[], name: string): (error?: IoError) => void {
  return (error) => void kinds.push(`${name} ${error?.kind ?? "ok"}`);
}

test("endpoint: one read at a time, at once where bytes are there, else by its callback", () => {
  const engine = new TestEngine();
  const endpoint = engine.endpoint();
  const heard: string[] = [];
  endpoint.there.push(new Uint8Array(3));
  const into = buffer();
  for (let round = 1; round <= 2; round++) {
    if (round === 1) assertEquals([endpoint.read(into, note(heard, "read")), into.byteLength], [true, 3]);
    assertEquals([endpoint.read(into, note(heard, "read")), endpoint.isReading], [false, true]);
    assertThrows(() => endpoint.read(into, note(heard, "other")), TypeError, "outstanding");
    endpoint.arrive(new Uint8Array(5));
    assertEquals([heard.splice(0), into.byteLength, endpoint.isReading], [["read ok"], 3 + 5 * round, false]);
  }
  endpoint.arrive(new Uint8Array(5)); // nobody reads
  assertEquals([heard, into.byteLength], [[], 13]);
  endpoint.read(into, note(heard, "read"));
  endpoint.arrive(new Uint8Array(0), new IoError("reset", "read"));
  assertEquals(heard, ["read reset"]);
});

test("endpoint: one write at a time, and nothing to write is done at once", () => {
  const engine = new TestEngine();
  const endpoint = engine.endpoint();
  const heard: string[] = [];
  for (let round = 0; round < 2; round++) {
    assertEquals(endpoint.write(buffer(), note(heard, "nothing")), true);
    assertEquals(endpoint.write(buffer(9), note(heard, "write")), false);
    assertThrows(() => endpoint.write(buffer(9), note(heard, "other")), TypeError, "outstanding");
    endpoint.written();
    assertEquals(heard.splice(0), ["write ok"]);
    endpoint.written(); // once is enough
    endpoint.writesAtOnce = true;
    assertEquals([endpoint.write(buffer(9), note(heard, "at once")), heard], [true, []]);
    endpoint.writesAtOnce = false;
  }
});

test("endpoint: close fails what is pending, later, with its reason, and everything after it; once", () => {
  for (const reason of [undefined, new IoError("cancelled", "read")]) {
    const engine = new TestEngine();
    const endpoint = engine.endpoint();
    const kind = reason?.kind ?? "closed";
    assertEquals([engine.opened.has(endpoint), endpoint.describe()], [
      true,
      "endpoint 127.0.0.1:1000 to 127.0.0.1:80", // as an IPv4 peer is called
    ]);
    const heard: string[] = [];
    endpoint.read(buffer(), note(heard, "read"));
    endpoint.write(buffer(9), note(heard, "write"));
    endpoint.close(reason);
    endpoint.close(new IoError("other", "read"));
    assertEquals([heard, engine.opened.has(endpoint), endpoint.released], [[], false, 1]);
    endpoint.arrive(new Uint8Array(1));
    endpoint.written();
    engine.test.iterate();
    assertEquals(heard.splice(0), [`read ${kind}`, `write ${kind}`]);
    endpoint.there.push(new Uint8Array(1));
    assertFalse(endpoint.read(buffer(), note(heard, "read")));
    assertFalse(endpoint.write(buffer(9), note(heard, "write")));
    assertEquals(heard, [], "on the caller's stack");
    engine.test.iterate();
    assertEquals(heard, [`read ${kind}`, `write ${kind}`]);
  }
  const idle = new TestEngine();
  idle.endpoint().close();
  assertEquals(idle.test.due.length, 0);
});

test("connect: reported once, and a connection that nobody wants any more is closed", () => {
  const engine = new TestEngine();
  const made = engine.try();
  assertEquals(engine.opened.size, 1);
  const endpoint = engine.endpoint();
  made.attempt.succeed(endpoint);
  made.attempt.fail(new IoError("reset", "connect"));
  assertEquals([made.results, engine.cancelConnect(made.handle), endpoint.released], [
    ["connected"],
    false,
    1,
  ]);
  const failed = engine.try();
  failed.attempt.fail(new IoError("refused", "connect"));
  const late = engine.endpoint();
  failed.attempt.succeed(late);
  assertEquals([failed.results, late.released, engine.opened.size], [["refused"], 1, 0]);
});

test("connect: a cancelled attempt says nothing and gives its socket back, once", () => {
  const engine = new TestEngine();
  const { handle, results, attempt } = engine.try();
  let aborted = 0;
  attempt.abort = () => aborted++;
  assertEquals([engine.cancelConnect(handle), engine.cancelConnect(handle), aborted], [true, false, 1]);
  attempt.fail(new IoError("reset", "connect"));
  const closed = engine.try();
  closed.attempt.abort = () => aborted++;
  closed.attempt.close();
  const ended = engine.try();
  ended.attempt.abort = () => aborted++;
  ended.attempt.close(new IoError("cancelled", "connect"));
  assertEquals([results, closed.results, ended.results, aborted], [[], [], ["cancelled"], 3]);
  assertEquals(engine.opened.size, 0);
});

test("connect: an address that no socket can have fails, not on the caller's stack, and is not tried", () => {
  const engine = new TestEngine();
  const { results } = engine.try({ family: "unix", path: "x".repeat(200) });
  assertEquals([results, engine.attempts.length], [[], 0]);
  engine.test.iterate();
  assertEquals([results.length, engine.opened.size], [1, 0]);
});

test("a path is served where somebody answers, or where a backlog is full", async () => {
  const engine = new TestEngine();
  const ask = async (answer: (attempt: ConnectAttempt) => void): Promise<boolean> => {
    const served = engine.isServed("/tmp/path");
    answer(engine.attempts.at(-1)!);
    const found = await served;
    assertEquals([engine.opened.size, engine["timers"].size], [0, 0]);
    return found;
  };
  let endpoint: TestEndpoint | undefined;
  assert(await ask((attempt) => attempt.succeed(endpoint = engine.endpoint())));
  assertEquals(endpoint!.released, 1);
  for (const [kind, served] of [["refused", false], ["not-found", false], ["permission", true]] as const) {
    assertEquals(await ask((attempt) => attempt.fail(new IoError(kind, "connect"))), served, kind);
  }
  assert(
    await ask(() => {
      engine.test.time += 201;
      engine.test.armed!();
    }),
  );
});

test("run: closures run in their order after what is ready, what they add in the next batch, and a throw stops none", () => {
  const engine = new TestEngine();
  const ran: string[] = [];
  const thrown: unknown[] = [];
  engine.execCtx.isolate = (closure) => {
    try {
      closure();
    } catch (error) {
      thrown.push(error);
    }
  };
  engine.run(() => {
    ran.push("one");
    engine.run(() => ran.push("added"));
  });
  engine.run(() => {
    throw "from the second";
  });
  engine.run(() => ran.push("three"));
  assertEquals([ran, engine.test.due.length], [[], 1]);
  engine.test.iterate();
  assertEquals([ran, thrown, engine.test.due.length], [["one", "three"], ["from the second"], 1]);
  engine.test.iterate();
  assertEquals(ran, ["one", "three", "added"]);
});

test("a receive buffer has a whole number of bytes", () => {
  for (const readBufferBytes of [5_000.7, NaN, 0, -1, Infinity, 2 ** 28 + 1, "8192" as unknown as number]) {
    assertThrows(
      () => new TestEngine({ readBufferBytes }),
      RangeError,
      `readBufferBytes is ${readBufferBytes}`,
    );
  }
  assertEquals(new TestEngine({ readBufferBytes: 1 }).readBufferBytes, 1);
});

test("shutdown closes and names what is open, forgets timers, and lets the process go", async () => {
  const engine = new TestEngine({ readBufferBytes: 1_234 });
  assertEquals([engine.readBufferBytes, new TestEngine().readBufferBytes], [1_234, 65_536]);
  const endpoint = engine.endpoint();
  const { results } = engine.try();
  engine.hold();
  assert(engine.test.held);
  engine.runAt(50, () => results.push("timer"));
  let idle = 0;
  engine.onceIdle(() => idle++);
  await assertRejects(
    () => engine.shutdown(),
    Error,
    'Engine "test" was shut down with 2 open: endpoint 127.0.0.1:1000 to 127.0.0.1:80, connect to 127.0.0.1:1000',
  );
  assertEquals([endpoint.released, engine.opened.size, engine.test.held, engine.test.armed], [
    1,
    0,
    false,
    undefined,
  ]);
  engine.test.iterate();
  assertEquals([results, idle], [[], 1]);
  await engine.shutdown(); // nothing is open any more
});
