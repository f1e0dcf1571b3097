// An application's iterable on its way out: in order, no faster than the peer reads, and ended whatever happens.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals } from "@std/assert";
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import { isSource, Producer, type ProducerSink, type Source } from "../../../surface/promise/producer.ts";
import { test } from "../../harness.ts";

/** Nothing outside of a turn: each is over when what it is for has returned. */
const turns = new ExecCtx(() => {});

/** A sink that a test may block, and that writes down what it gets. */
class Sink implements ProducerSink<number> {
  writeBlocked = false;
  readonly sent: number[] = [];
  readonly ends: unknown[] = [];
  readonly late: unknown[] = [];
  overs = 0;
  onSend: (message: number) => void = () => {};

  send(message: number): void {
    this.onSend(message);
    this.sent.push(message);
  }

  onProduced(error?: unknown): void {
    this.ends.push(error);
  }

  onLate(error: unknown): void {
    this.late.push(error);
  }

  onOver(): void {
    this.overs++;
  }
}

function produce(source: Source<number>, sink = new Sink()): { sink: Sink; producer: Producer<number> } {
  const producer = new Producer(source, sink, turns);
  turns.enter(() => producer.start(), undefined);
  return { sink, producer };
}

/** Lets every continuation that is due run. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** What a counting generator has done. */
interface Count {
  yielded: number;
  finished: boolean;
}

function* counting(count: Count): Generator<number> {
  try {
    for (;;) yield ++count.yielded;
  } finally {
    count.finished = true;
  }
}

async function* countingLater(count: Count): AsyncGenerator<number> {
  try {
    for (;;) {
      await Promise.resolve();
      yield ++count.yielded;
    }
  } finally {
    count.finished = true;
  }
}

/** An async iterable of which a test decides what `next` gives. */
function steered(next: () => Promise<IteratorResult<number>>): AsyncIterable<number> & { returns: number } {
  return {
    returns: 0,
    [Symbol.asyncIterator]() {
      return {
        next,
        return: () => {
          this.returns++;
          return Promise.resolve({ value: undefined, done: true });
        },
      };
    },
  };
}

test("producer: every kind of iterable is sent in its order, then ends once", async () => {
  async function* later() {
    for (const one of [1, 2, 3]) yield await Promise.resolve(one);
  }
  for (const source of [[1, 2, 3], new Set([1, 2, 3]), [1, 2, 3].values(), later()]) {
    const { sink } = produce(source);
    await settled();
    assertEquals([sink.sent, sink.ends], [[1, 2, 3], [undefined]]);
  }
});

test("producer: an iterable without messages ends at once", () => {
  const { sink } = produce([]);
  assertEquals([sink.sent, sink.ends], [[], [undefined]]);
});

test("producer: nothing is read before start", async () => {
  const count = { yielded: 0, finished: false };
  const producer = new Producer(counting(count), new Sink(), turns);
  turns.enter(() => producer.resume(), undefined);
  await settled();
  assertEquals(count.yielded, 0);
});

for (const [kind, source] of [["sync", counting], ["async", countingLater]] as const) {
  test(`producer, ${kind}: an iterable waits while the peer does not read, and goes on where it stopped`, async () => {
    const count = { yielded: 0, finished: false };
    const sink = new Sink();
    sink.onSend = (message) => sink.writeBlocked = message % 3 === 0;
    const { producer } = produce(source(count), sink);
    for (const sent of [3, 6, 9]) {
      await settled();
      assertEquals([sink.sent.length, count.yielded], [sent, sent], "it read ahead of the peer");
      sink.writeBlocked = false;
      turns.enter(() => producer.resume(), undefined);
    }
    await settled();
    producer.stop();
    await settled();
    assertEquals([sink.sent, count.finished], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], true]);
    assertEquals(sink.ends, [], "who stops a producer need not be told that it ended");
  });

  test(`producer, ${kind}: a sink that is blocked from the start gets nothing`, async () => {
    const count = { yielded: 0, finished: false };
    const sink = new Sink();
    sink.writeBlocked = true;
    const { producer } = produce(source(count), sink);
    turns.enter(() => producer.resume(), undefined); // for nothing: the sink is still blocked
    await settled();
    assertEquals([sink.sent, count.yielded], [[], 0]);
    producer.stop();
  });
}

test("producer: a message is asked for only after the last one came, however often it is resumed", async () => {
  let asked = 0;
  let give!: (result: IteratorResult<number>) => void;
  const { sink, producer } = produce(steered(() => {
    asked++;
    return new Promise((resolve) => give = resolve);
  }));
  for (let i = 0; i < 3; i++) turns.enter(() => producer.resume(), undefined);
  assertEquals(asked, 1);
  give({ value: 1, done: false });
  await settled();
  assertEquals([asked, sink.sent], [2, [1]]);
});

test("producer: what an iterable throws ends it, after the messages before", async () => {
  const oops = new Error("oops");
  function* now() {
    yield 1;
    throw oops;
  }
  async function* later() {
    yield await Promise.resolve(1);
    throw oops;
  }
  for (const source of [now(), later()]) {
    const { sink, producer } = produce(source);
    await settled();
    assertEquals([sink.sent, sink.ends.length], [[1], 1]);
    assertStrictEquals(sink.ends[0], oops);
    producer.stop();
    turns.enter(() => producer.resume(), undefined);
    assertEquals(sink.ends.length, 1);
  }
});

test("producer: an iterable that throws nothing has failed all the same", async () => {
  for (const nothing of [undefined, null, 0, ""]) {
    const throwing: Iterator<number> = {
      next: () => {
        throw nothing;
      },
    };
    const rejecting = steered(() => Promise.reject(nothing));
    for (const source of [{ [Symbol.iterator]: () => throwing }, rejecting]) {
      const { sink } = produce(source);
      await settled();
      assertEquals(sink.ends.length, 1);
      assert(sink.ends[0] !== undefined, `throwing ${nothing} was taken for a regular end`);
    }
  }
});

test("producer: what cannot be sent ends the iterable, whose finally runs, and is told once", async () => {
  for (const source of [counting, countingLater]) {
    const count = { yielded: 0, finished: false };
    const sink = new Sink();
    const refusal = new TypeError("number expected");
    sink.onSend = (message) => {
      if (message === 3) throw refusal;
    };
    produce(source(count), sink);
    await settled();
    assertEquals([sink.sent, sink.ends.length, count], [[1, 2], 1, { yielded: 3, finished: true }]);
    assertStrictEquals(sink.ends[0], refusal);
  }
});

test("producer: no iterable at all, or one that cannot begin, is told as an error", () => {
  for (const wrong of [5, "text", undefined, null, {}, Promise.resolve([1]), () => [1]]) {
    const { sink } = produce(wrong as unknown as Source<number>);
    assertInstanceOf(sink.ends[0], TypeError);
    assertMatch(sink.ends[0].message, /iterable/);
    assertEquals(sink.ends.length, 1);
  }
  const { sink } = produce({
    [Symbol.iterator]: () => {
      throw new Error("cannot begin");
    },
  });
  assertEquals(sink.ends.map(String), ["Error: cannot begin"]);
  for (const none of [undefined, null, 5, "text"]) {
    for (const symbol of [Symbol.iterator, Symbol.asyncIterator]) {
      const { sink } = produce({ [symbol]: () => none } as unknown as Source<number>);
      assertEquals(sink.ends.length, 1);
      assertMatch(String(sink.ends[0]), /TypeError: .*as its iterator/);
    }
  }
});

test("producer: an iterator whose results are no objects is an error of its own call", async () => {
  for (const result of [undefined, null]) {
    const { sink } = produce(steered(() => Promise.resolve(result as unknown as IteratorResult<number>)));
    await settled();
    assertEquals(sink.ends.length, 1);
    assertInstanceOf(sink.ends[0], TypeError);
  }
});

test("producer: an iterator that was not read is left where it is the producer's own; no iterable is begun for that", async () => {
  for (const isOwn of [false, true]) {
    const seen: string[] = [];
    const source = {
      next: () => Promise.resolve({ value: 1, done: false }),
      return: () => {
        seen.push("left");
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() {
        seen.push("begun");
        return this;
      },
    } as unknown as Source<number>;
    const sink = new Sink();
    const producer = new Producer(source, sink, turns, isOwn);
    producer.stop();
    producer.stop();
    await settled();
    assertEquals([seen, sink.overs, sink.late], [isOwn ? ["left"] : [], 1, []]);
  }
});

test("producer: stopping while a message is awaited sends nothing more", async () => {
  let give!: (result: IteratorResult<number>) => void;
  const source = steered(() => new Promise((resolve) => give = resolve));
  const { sink, producer } = produce(source);
  producer.stop();
  producer.stop();
  give({ value: 1, done: false });
  await settled();
  assertEquals([sink.sent, sink.ends, source.returns], [[], [], 1]);
});

test("producer: what is thrown while it stops, or after that, is late and ends nothing", async () => {
  const throws = (what: string) => () => {
    throw new Error(what);
  };
  const rejects = (what: string) => () => Promise.reject(new Error(what));
  let giveUp!: (error: unknown) => void;
  const pending = () => new Promise<never>((_, reject) => giveUp = reject);
  const one = () => ({ value: 1, done: false });
  const none = { value: undefined, done: true } as const;
  const cases: Array<[iterator: object, late: string[]]> = [
    [{ next: one, return: throws("return") }, ["Error: return"]],
    [{ next: one, return: rejects("return") }, ["Error: return"]],
    [{ next: pending, return: throws("return") }, ["Error: return"]],
    [{ next: pending, return: rejects("return") }, ["Error: return"]],
    [{ next: pending, return: () => Promise.resolve(none) }, ["Error: next"]],
    [{ next: pending }, ["Error: next"]],
    [{ next: pending, return: () => Promise.reject(undefined) }, ["Error: iterable threw undefined"]],
  ];
  for (const [iterator, late] of cases) {
    const sink = new Sink();
    const isAsync = (iterator as { next: unknown }).next === pending;
    sink.writeBlocked = !isAsync;
    const source = { [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => iterator };
    produce(source as unknown as Source<number>, sink).producer.stop();
    if (late[0] === "Error: next") giveUp(new Error("next"));
    await settled();
    assertEquals([sink.ends, sink.late.map(String), sink.overs], [[], late, 1]);
  }
});

test("producer: it is over when nothing of the iterable runs any more, once", async () => {
  const done = { value: undefined, done: true } as const;
  const unstarted = new Sink();
  new Producer([1], unstarted, turns).stop();
  const whole = produce([1]).sink;
  const unfit = produce(5 as unknown as Source<number>).sink;
  await settled();
  assertEquals([unstarted, whole, unfit].map(({ overs }) => overs), [1, 1, 1]);

  let settle!: (result: IteratorResult<number>) => void;
  const next = () => new Promise<IteratorResult<number>>((resolve) => settle = resolve);
  async function* waiting(): AsyncGenerator<number> {
    await next();
    yield 1;
  }
  const bare = { [Symbol.asyncIterator]: () => ({ next }) };
  let finish!: () => void;
  const slow = {
    [Symbol.asyncIterator]: () => ({
      next,
      return: () => new Promise<IteratorResult<number>>((resolve) => finish = () => resolve(done)),
    }),
  };
  for (const source of [waiting(), bare, slow]) {
    const { sink, producer } = produce(source);
    producer.stop();
    await settled();
    assertEquals(sink.overs, 0, "it still waits for something of its own");
    if (source === slow) finish();
    else settle(done);
    await settled();
    assertEquals([sink.overs, sink.sent], [1, []]);
  }
});

test("producer: a sync iterable that ends its own call while it runs is ended as well", () => {
  let finished = false;
  function* source(): Generator<number> {
    try {
      yield 1;
      running.stop(); // as when it aborts the signal of its call
      yield 2;
    } finally {
      finished = true;
    }
  }
  const sink = new Sink();
  const running: Producer<number> = new Producer(source(), sink, turns);
  turns.enter(() => running.start(), undefined);
  assertEquals([sink.sent, sink.ends, finished], [[1], [], true]);
});

test("isSource: what for-of or for-await could read", () => {
  const sources = [[], new Map(), counting({ yielded: 0, finished: false }), steered(() => Promise.reject())];
  for (const source of sources) assert(isSource(source));
  for (const other of [undefined, null, 5, {}, Promise.resolve([]), () => []]) assert(!isSource(other));
});
