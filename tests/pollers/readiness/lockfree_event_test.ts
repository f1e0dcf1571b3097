import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  generationOf,
  MAX_GENERATION,
  notifyOn,
  resetEvent,
  setReady,
  setShutdown,
} from "../../../pollers/readiness/lockfree_event.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { CONSUMED, EVENT, PRODUCED, TOLD } from "./event_producer.ts";
import { everyOrder, type Steps, stepwise } from "../epoll/stepwise.ts";

/** The two bits of a word, by the names of the diagram at the head of lockfree_event.ts. */
const STATES = { NOT_READY: 0, READY: 1, WAITING: 2, SHUTDOWN: 3 };
type State = keyof typeof STATES;
const NAMES = Object.keys(STATES) as State[];

function word(state: State, generation: number): Int32Array {
  return Int32Array.of(7, generation << 2 | STATES[state], 7);
}

/** The state of the word, and that nothing else was touched. */
function stateOf(words: Int32Array, generation: number): State {
  assertEquals([words[0], words[1]! >>> 2, words[2]], [7, generation, 7]);
  return NAMES[words[1]! & 3]!;
}

const GENERATIONS = [0, 1, 0x0fff_ffff, 0x1000_0000, MAX_GENERATION];

/** For each state: what the operation gives, and the state afterwards. */
const TRANSITIONS: Record<string, [(words: Int32Array, g: number) => boolean, Record<string, string>]> = {
  notifyOn: [
    (words) => notifyOn(words, 1),
    { NOT_READY: "true WAITING", READY: "false NOT_READY", SHUTDOWN: "false SHUTDOWN" },
  ],
  setReady: [
    (words, generation) => setReady(words, 1, generation),
    {
      NOT_READY: "false READY",
      READY: "false READY",
      WAITING: "true NOT_READY",
      SHUTDOWN: "false SHUTDOWN",
    },
  ],
  "setReady of another generation": [
    (words, generation) => setReady(words, 1, (generation + 1) & MAX_GENERATION),
    {
      NOT_READY: "false NOT_READY",
      READY: "false READY",
      WAITING: "false WAITING",
      SHUTDOWN: "false SHUTDOWN",
    },
  ],
  setShutdown: [
    (words) => setShutdown(words, 1),
    {
      NOT_READY: "false SHUTDOWN",
      READY: "false SHUTDOWN",
      WAITING: "true SHUTDOWN",
      SHUTDOWN: "false SHUTDOWN",
    },
  ],
  resetEvent: [
    (words, generation) => resetEvent(words, 1, generation) === undefined,
    {
      NOT_READY: "true NOT_READY",
      READY: "true NOT_READY",
      WAITING: "true NOT_READY",
      SHUTDOWN: "true NOT_READY",
    },
  ],
};

for (const [name, [operate, transitions]] of Object.entries(TRANSITIONS)) {
  test(`${name} from every state, in every generation`, () => {
    for (const generation of GENERATIONS) {
      for (const [from, expected] of Object.entries(transitions)) {
        const words = word(from as State, generation);
        assertEquals(`${operate(words, generation)} ${stateOf(words, generation)}`, expected, from);
      }
    }
  });
}

test("waiting for what somebody waits for already is misuse, and changes nothing", () => {
  const words = word("WAITING", 5);
  assertThrows(() => notifyOn(words, 1), TypeError, "another wait is pending");
  assertEquals(stateOf(words, 5), "WAITING");
});

const steps = {
  notifyOn: stepwise(notifyOn, STATES),
  setReady: stepwise(setReady, { ...STATES, generationOf }),
  setShutdown: stepwise(setShutdown, STATES),
  resetEvent: stepwise(resetEvent, STATES),
};

/** A reader as FdEndpoint is one, and what the kernel and the poller do meanwhile. */
class Reading {
  readonly words = word("NOT_READY", 3);
  inKernel = 0;
  taken = 0;
  told = 0;
  waits = 0;
  waiting = false;

  /** `trustsShortReads`: after a read that finds less than it asked for it waits at once, as sockets may. */
  constructor(private readonly trustsShortReads: boolean) {}

  /** Reads until nothing is there and somebody will tell of more. */
  *read(drained: boolean): Steps<void> {
    this.waiting = false;
    while (!drained || !(yield* steps.notifyOn(this.words, 1))) {
      yield;
      drained = this.trustsShortReads || this.inKernel === 0;
      this.taken += this.inKernel;
      this.inKernel = 0;
    }
    this.waits++;
    this.waiting = true;
  }

  /** `count` messages come, and each is reported. */
  *produce(count: number): Steps<void> {
    for (let i = 0; i < count; i++) {
      yield;
      this.inKernel++;
      if (yield* steps.setReady(this.words, 1, 3)) this.told++;
    }
  }
}

const CASES = [[1, "read"], [2, "read"], [2, "wait"], [3, "wait"]] as const;
for (const [messages, begins, trusts] of CASES.flatMap((one) => [[...one, true], [...one, false]] as const)) {
  const how = `${messages} messages, the reader begins to ${begins} and ${
    trusts ? "trusts" : "reads past"
  } a short read`;
  test(`in every order of steps no wake-up is lost or doubled: ${how}`, () => {
    let reading!: Reading;
    let toldInSome = 0;
    const orders = everyOrder(() => {
      reading = new Reading(trusts);
      return [reading.read(begins === "wait"), reading.produce(messages)];
    }, (order) => {
      assert(reading.told <= reading.waits, `told ${reading.told} times for ${reading.waits}: ${order}`);
      toldInSome += reading.told;
      // Who is told goes on alone.
      if (reading.told > 0) { for (const _ of reading.read(false)); }
      assertEquals([reading.taken, reading.inKernel, reading.waiting], [messages, 0, true], order);
    });
    assert(orders > 10 && toldInSome > 0 && toldInSome < orders, `${toldInSome} of ${orders}`);
  });
}

test("in every order of steps a waiter is told of the event or of the shutdown, never of both", () => {
  for (const from of ["NOT_READY", "READY", "WAITING"] as const) {
    let words!: Int32Array;
    let told: boolean[] = [];
    const orders = everyOrder(() => {
      words = word(from, 9);
      told = [];
      return [
        function* () {
          told.push(yield* steps.setShutdown(words, 1));
        }(),
        function* () {
          told.push(yield* steps.setReady(words, 1, 9));
        }(),
      ];
    }, (order) => {
      assertEquals(told.filter((was) => was).length, from === "WAITING" ? 1 : 0, `${from} ${order}`);
      assertEquals(stateOf(words, 9), "SHUTDOWN", order);
    });
    assert(orders > 2);
  }
});

test("in every order of steps a late event changes nothing for the slot's next descriptor", () => {
  for (const from of NAMES) {
    let words!: Int32Array;
    let told = 0;
    everyOrder(() => {
      words = word(from, 20);
      told = 0;
      return [
        function* () {
          if (yield* steps.setShutdown(words, 1)) told++;
          yield* steps.resetEvent(words, 1, 21);
          assert(yield* steps.notifyOn(words, 1), "the new descriptor was found ready");
        }(),
        function* () {
          for (let i = 0; i < 2; i++) if (yield* steps.setReady(words, 1, 20)) told++;
        }(),
      ];
    }, (order) => {
      assertEquals(told, from === "WAITING" ? 1 : 0, `${from} ${order}`);
      assertEquals(stateOf(words, 21), "WAITING", order);
    });
  }
});

test("that the search finds a lost wake-up: a notifyOn that looks and then stores", () => {
  const careless = stepwise(function (words: Int32Array, at: number): boolean {
    if ((Atomics.load(words, at) & 3) === 1) return Atomics.store(words, at, 12) < 0;
    return Atomics.store(words, at, 14) > 0;
  }, {});
  let lost = 0;
  let reading!: Reading;
  everyOrder(() => {
    reading = new Reading(true);
    return [careless(reading.words, 1), reading.produce(1)];
  }, () => {
    if (reading.told === 0 && (reading.words[1]! & 3) === STATES.WAITING) lost++;
  });
  assert(lost > 0);
});

test("two threads: 300,000 events, and who waits is always told", async () => {
  const words = new Int32Array(new SharedArrayBuffer(16));
  const count = 300_000;
  resetEvent(words, EVENT, 1);
  const producer = new Thread(new URL("./event_producer.ts", import.meta.url), { words, count });
  let waits = 0;
  for (let consumed = 0; consumed < count;) {
    const produced = Atomics.load(words, PRODUCED);
    if (produced > consumed) {
      consumed = produced;
      Atomics.store(words, CONSUMED, consumed);
      continue;
    }
    const told = Atomics.load(words, TOLD);
    if (!notifyOn(words, EVENT)) continue;
    waits++;
    // A notification may be that of the time before, come late.
    while (Atomics.load(words, TOLD) === told) {
      assert(Atomics.wait(words, TOLD, told, 10_000) !== "timed-out", `lost after ${consumed} events`);
    }
  }
  assertEquals((await producer.ended).error, undefined);
  assert(waits > 0);
  const told = Atomics.load(words, TOLD);
  assert(told === waits || told === waits - 1, `told ${told} times for ${waits}`);
});
