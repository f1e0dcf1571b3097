// The turn: core closures, then callbacks, then each flush once; and what happens outside one.
import { assertEquals } from "@std/assert";
import { type ApplicationCallback, ExecCtx, type Flushable } from "../../../pollers/contract/exec_ctx.ts";
import { extensionKey } from "../../../pollers/contract/extension.ts";
import { defaultReporter } from "../../../pollers/log/mod.ts";
import { test } from "../../harness.ts";

/** A context whose iteration ends when the test says so, and what happened in it. */
class Turns {
  readonly order: string[] = [];
  private atEnd: Array<() => void> = [];
  readonly ctx = new ExecCtx(
    (closure) => this.atEnd.push(closure),
    (error) => this.order.push((error as Error).message),
  );

  note(name: string): () => void {
    return () => void this.order.push(name);
  }

  flushable(name: string, onFlush: () => void = () => {}): Flushable {
    return {
      flushScheduled: false,
      flushedIn: -1,
      flush: () => {
        this.order.push(`flush ${name}`);
        onFlush();
      },
    };
  }

  callback(name: string, then: () => void = () => {}): ApplicationCallback {
    return {
      callbackScheduled: false,
      runCallback: () => {
        this.order.push(name);
        then();
      },
    };
  }

  endIteration(): void {
    const closures = this.atEnd;
    this.atEnd = [];
    for (const closure of closures) closure();
  }
}

test("a turn runs deferred closures in their order, and flushes last and once", () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const connection = turns.flushable("connection");
  ctx.enter((name) => {
    order.push(name);
    ctx.defer(() => {
      order.push("deferred");
      ctx.touch(connection);
      ctx.defer(turns.note("deferred by that"));
    });
    ctx.touch(connection);
    ctx.defer(turns.note("deferred second"));
    ctx.enter(turns.note("nested"), undefined);
    order.push("end of the entry");
  }, "entry");
  assertEquals(order, [
    "entry",
    "nested",
    "end of the entry",
    "deferred",
    "deferred second",
    "deferred by that",
    "flush connection",
  ]);
});

test("[Q121] callbacks run outermost: after closures, one after another, and before anything is flushed", () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const connection = turns.flushable("connection");
  const last = turns.callback("caused by a callback");
  const first = turns.callback("callback", () => {
    ctx.schedule(last);
    ctx.defer(turns.note("closure of a callback"));
    ctx.touch(connection);
    order.push("callback returns");
  });
  ctx.enter(() => {
    ctx.schedule(first);
    ctx.schedule(turns.callback("second callback"));
    ctx.schedule(first);
    ctx.defer(turns.note("closure"));
    ctx.enter(turns.note("nested"), undefined);
    order.push("end of the entry");
  }, undefined);
  assertEquals(order, [
    "nested",
    "end of the entry",
    "closure",
    "callback",
    "callback returns",
    "closure of a callback",
    "second callback",
    "caused by a callback",
    "flush connection",
  ]);
});

test("[Q121] outside a turn a callback runs soon, in a turn of its own, and not on the caller's stack", async () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const connection = turns.flushable("connection");
  ctx.touch(connection);
  ctx.schedule(turns.callback("callback", () => ctx.defer(turns.note("closure"))));
  order.push("after");
  await Promise.resolve();
  assertEquals(order, ["after", "callback", "closure", "flush connection"]);
});

test("[Q121] what a flush causes runs in the same turn, and a callback that throws is reported", () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const fails = turns.callback("callback", () => {
    throw new Error("callback threw");
  });
  const connection = turns.flushable("connection", () => {
    ctx.schedule(fails);
    ctx.schedule(turns.callback("another"));
    ctx.defer(turns.note("closure"));
  });
  ctx.enter(() => ctx.touch(connection), undefined);
  assertEquals(order, ["flush connection", "closure", "callback", "callback threw", "another"]);
  ctx.enter(() => ctx.schedule(fails), undefined);
  assertEquals(order.slice(5), ["callback", "callback threw"]);
});

test("outside a turn, what is deferred is a turn of its own", () => {
  const turns = new Turns();
  const connection = turns.flushable("connection");
  turns.ctx.defer(() => turns.ctx.touch(connection));
  turns.order.push("after");
  assertEquals(turns.order, ["flush connection", "after"]);
});

test("what is touched outside a turn is flushed by one microtask", async () => {
  const turns = new Turns();
  const [one, two] = [turns.flushable("one"), turns.flushable("two")];
  turns.ctx.touch(one);
  turns.ctx.touch(two);
  turns.ctx.touch(one);
  assertEquals(turns.order, []);
  await Promise.resolve();
  assertEquals(turns.order, ["flush one", "flush two"]);
});

test("a second time in the same iteration waits for its end; another connection in the next one does not", async () => {
  const turns = new Turns();
  const connections = Array.from({ length: 5 }, (_, i) => turns.flushable(`${i}`));
  for (const connection of connections) {
    turns.ctx.touch(connection);
    await Promise.resolve();
  }
  assertEquals(turns.order, ["flush 0"]);
  turns.endIteration();
  assertEquals(turns.order.length, 5);
  turns.ctx.touch(connections[0]!);
  await Promise.resolve();
  assertEquals(turns.order.length, 6);
});

/** Three sockets have data in one iteration, and what each causes is written to all three connections. */
async function threeSockets(turns: Turns, connections: readonly Flushable[]): Promise<void> {
  for (let i = 0; i < 3; i++) {
    turns.ctx.enter(() => {}, undefined);
    for (const connection of connections) turns.ctx.touch(connection);
    await Promise.resolve();
  }
  turns.endIteration();
}

test("connections that continuations touch again in an iteration are flushed once in each that follows, at its end", async () => {
  const turns = new Turns();
  const connections = ["a", "b", "c"].map((name) => turns.flushable(name));
  await threeSockets(turns, connections);
  assertEquals(turns.order.length, 7); // once at once, one of them between two sockets, and once at its end
  const rounds = 100;
  for (let i = 0; i < rounds; i++) {
    turns.order.length = 0;
    await threeSockets(turns, connections);
    // Now and then it is seen anew whether it is still so.
    assertEquals(turns.order.length, i === 63 ? 7 : 3, `${i}`);
  }
});

test("a connection alone that is touched again, be it another one each time, is flushed as before", async () => {
  const turns = new Turns();
  const connections = ["a", "b", "c"].map((name) => turns.flushable(name));
  for (let i = 0; i < 10; i++) {
    await threeSockets(turns, [connections[i % 3]!]);
    assertEquals(turns.order.splice(0).length, 3);
  }
});

test("where each connection is touched once in an iteration it is flushed without waiting for the end", async () => {
  const turns = new Turns();
  const connections = ["a", "b", "c"].map((name) => turns.flushable(name));
  for (let i = 0; i < 10; i++) {
    for (const connection of connections) {
      turns.ctx.enter(() => turns.ctx.touch(connection), undefined);
      await Promise.resolve();
    }
    for (const connection of connections) turns.ctx.touch(connection);
    await Promise.resolve();
    assertEquals(turns.order.splice(0).join(), "flush a,flush b,flush c,flush a,flush b,flush c");
    turns.endIteration();
  }
});

test("a turn flushes what was touched before it; nothing is flushed twice", async () => {
  const turns = new Turns();
  const connection = turns.flushable("connection");
  turns.ctx.touch(connection);
  turns.ctx.enter(turns.note("turn"), undefined);
  await Promise.resolve();
  turns.endIteration();
  assertEquals(turns.order, ["turn", "flush connection"]);
});

test("a flush may touch others, and itself again", () => {
  const turns = new Turns();
  const other = turns.flushable("other");
  let again = 2;
  const self = turns.flushable("self", () => {
    turns.ctx.touch(other);
    if (again-- > 0) turns.ctx.touch(self);
  });
  turns.ctx.enter(() => turns.ctx.touch(self), undefined);
  assertEquals(turns.order.filter((name) => name === "flush self").length, 3);
  assertEquals(turns.order.at(-1), "flush other");
});

test("what is thrown in a turn is reported once, and everything else of the turn runs", () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const fail = (what: string) => (): never => {
    throw new Error(`${what} threw`);
  };
  ctx.enter(() => {
    ctx.touch(turns.flushable("one", fail("flush")));
    ctx.touch(turns.flushable("two"));
    ctx.defer(fail("closure"));
    ctx.defer(turns.note("second closure"));
    ctx.enter(fail("nested entry"), undefined);
    ctx.isolate(fail("one of several"));
    order.push("still in the entry");
    fail("entry")();
  }, undefined);
  assertEquals(order, [
    "nested entry threw",
    "one of several threw",
    "still in the entry",
    "entry threw",
    "closure threw",
    "second closure",
    "flush one",
    "flush threw",
    "flush two",
  ]);
  order.length = 0;
  ctx.enter(() => ctx.touch(turns.flushable("later")), undefined);
  assertEquals(order, ["flush later"]);
});

test("what is thrown while flushing outside a turn is reported, and the others are flushed", async () => {
  const turns = new Turns();
  turns.ctx.touch(turns.flushable("one", () => {
    throw new Error("flush threw");
  }));
  turns.ctx.touch(turns.flushable("two"));
  await Promise.resolve();
  assertEquals(turns.order, ["flush one", "flush threw", "flush two"]);
});

test("what is thrown is reported by the logger, unless somebody else wants it", () => {
  const reported: unknown[] = [];
  const { report } = defaultReporter;
  defaultReporter.report = (error, context) => void reported.push([error, context]);
  try {
    const error = new Error("from the closure");
    new ExecCtx(() => {}).enter(() => {
      throw error;
    }, undefined);
    assertEquals(reported, [[error, { where: "poller", level: "error" }]]);
  } finally {
    defaultReporter.report = report;
  }
});

test("extension keys carry their name and are equal to themselves alone", () => {
  const key = extensionKey<{ adopt(): void }>("adopt");
  assertEquals([key.name, key === extensionKey("adopt")], ["adopt", false]);
});

test("continuations that are expected: what each touches is flushed at the iteration's end, and not by turns between", async () => {
  const turns = new Turns();
  const { ctx, order } = turns;
  const [ours, other, late] = ["ours", "other", "late"].map((name) => turns.flushable(name));
  ctx.enter(() => ctx.expectContinuations(), undefined);
  for (const name of ["first", "second"]) {
    await Promise.resolve();
    order.push(name);
    ctx.touch(ours!);
    ctx.enter(() => ctx.touch(other!), undefined); // as the end of a write is
  }
  await Promise.resolve();
  assertEquals(order, ["first", "flush other", "second", "flush other"]);
  turns.endIteration();
  assertEquals(order.slice(4), ["flush ours"]);
  ctx.touch(late!); // nothing is expected any more
  await Promise.resolve();
  assertEquals(order.slice(5), ["flush late"]);
});

test("continuations may touch more than a call takes arguments", () => {
  const turns = new Turns();
  turns.ctx.expectContinuations();
  for (let i = 0; i < 1_000_000; i++) turns.ctx.touch(turns.flushable("one"));
  turns.endIteration();
  assertEquals(turns.order.length, 1_000_000);
});
