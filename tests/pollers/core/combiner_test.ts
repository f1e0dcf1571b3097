import { assert, assertEquals, assertThrows } from "@std/assert";
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import { Combiner } from "../../../pollers/core/combiner.ts";
import { test } from "../../harness.ts";

/** A combiner, what it handed on, and what was thrown. */
function setUp() {
  const handedOn: Array<() => void> = [];
  const thrown: unknown[] = [];
  const execCtx = new ExecCtx(() => {}, (error) => thrown.push(error));
  const combiner = new Combiner({ execCtx, run: (closure) => void handedOn.push(closure) });
  return { combiner, handedOn, thrown };
}

test("combiner: [Q123] the first to come runs at once and drains what comes meanwhile, in order, one at a time", () => {
  const { combiner } = setUp();
  const ran: string[] = [];
  const work = (name: string, then: () => void = () => {}) => () => {
    ran.push(`${name} begins`);
    then();
    ran.push(`${name} ends`);
  };
  assert(!combiner.isBusy);
  combiner.run(work("a", () => {
    combiner.run(work("b", () => combiner.run(work("d"))));
    combiner.run(work("c"));
    assert(combiner.isBusy);
  }));
  assertEquals(ran, ["a", "b", "c", "d"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  assert(!combiner.isBusy);
});

test("combiner: [Q123] runFinally runs when nothing else waits, and what it starts is followed by others of its kind", () => {
  const { combiner } = setUp();
  const ran: string[] = [];
  combiner.run(() => {
    combiner.runFinally(() => {
      ran.push("write");
      combiner.run(() => ran.push("after"));
    });
    combiner.run(() => {
      ran.push("b");
      combiner.run(() => ran.push("c"));
    });
    ran.push("a");
  });
  assertEquals(ran, ["a", "b", "c", "write", "after"]);
  combiner.runFinally(() => ran.push("at once"));
  assertEquals(ran.at(-1), "at once");
});

test("combiner: [Q123] a long drain is handed on to the engine, and what comes meanwhile waits behind it", () => {
  const { combiner, handedOn } = setUp();
  const ran: number[] = [];
  combiner.run(() => {
    for (let i = 0; i < 200; i++) combiner.run(() => ran.push(i));
  });
  assert(ran.length > 0 && ran.length < 200, `${ran.length}`);
  assertEquals(handedOn.length, 1);
  combiner.run(() => ran.push(200));
  assert(!ran.includes(200), "it overtook");
  while (handedOn.length > 0) handedOn.shift()!();
  assertEquals(ran, Array.from({ length: 201 }, (_, i) => i));
  assert(!combiner.isBusy);
});

test("combiner: what the first throws comes out when the others have run; what they throw is reported", () => {
  const { combiner, thrown } = setUp();
  const ran: string[] = [];
  assertThrows(
    () =>
      combiner.run(() => {
        combiner.run(() => {
          throw new Error("second");
        });
        combiner.run(() => ran.push("third"));
        throw new Error("first");
      }),
    Error,
    "first",
  );
  assertEquals([ran, thrown.map(String)], [["third"], ["Error: second"]]);
  combiner.run(() => ran.push("later"));
  assertEquals(ran, ["third", "later"]);
});
