import { assert, assertEquals, assertThrows } from "@std/assert";
import { pollerModule } from "../../../pollers/epoll/engine.ts";
import { FdTable, slotMemory } from "../../../pollers/readiness/fd_table.ts";
import { createPollset } from "../../../pollers/epoll/pollset.ts";
import { Sockets } from "../../../pollers/readiness/sockets.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import * as handover from "../../../pollers/threads/handover.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";
import { until } from "../promised.ts";
import { noEpoll } from "./setup.ts";
import { everyOrder, type Steps, stepwise } from "./stepwise.ts";

const { COUNT, ENGINE, POLLER, QUIT, RECLAIM, SIGNAL, TOKEN } = handover;

/** A poller thread, and an engine's thread that hands over and takes back as thread_waiting.ts does. */
class Threads {
  readonly control = new Int32Array(8);
  /** Events that the system has for whoever polls. */
  events: number;
  kicked = false;
  polling = "";
  taken = 0;
  ended = false;
  private notified: number[] = [];

  constructor(events: number, token: number) {
    this.events = events;
    this.control[TOKEN] = token;
  }

  /** Atomics as the functions see them; `wait` blocks until somebody notifies, as a futex does. */
  private readonly atomics = {
    load: (words: Int32Array, at: number): number => words[at]!,
    store: (words: Int32Array, at: number, value: number): number => words[at] = value,
    notify: (_: Int32Array, at: number): void => void this.notified.push(at),
    wait: (words: Int32Array, at: number, value: number): Steps<void> => this.futex(words, at, value),
  };

  private *futex(words: Int32Array, at: number, value: number): Steps<void> {
    if (words[at] !== value) return;
    const before = this.notified.length;
    yield () => this.notified.slice(before).includes(at);
  }

  private readonly source = {
    loss: "",
    kick: () => this.kicked = true,
    wait: (): number => 0,
  };

  /** Waits for events or a kick; it is this thread's turn alone. */
  private *wait(who: string): Steps<number> {
    assertEquals(this.polling, "", "two threads poll");
    this.polling = who;
    yield () => this.kicked || this.events > 0;
    this.polling = "";
    this.kicked = false;
    return this.events > 0 ? this.events-- && 2 : 0;
  }

  /** The library's own function. */
  *poller(): Steps<void> {
    const names = { ...handover, Atomics: this.atomics };
    const run = stepwise(handover.pollUntilQuit, names, ["(yield, Atomics).wait", "source.wait"]);
    const source = { ...this.source, wait: () => this.wait("poller") } as never;
    yield* run({ control: this.control, due: new Int32Array(8), source: undefined }, source);
    this.ended = true;
  }

  /** Parks, and takes what is found, as often as that. */
  *takeEvents(times: number): Steps<void> {
    for (let i = 0; i < times; i++) {
      yield;
      this.control[SIGNAL] = 0;
      const before = this.notified.length;
      yield;
      this.control[TOKEN] = POLLER;
      yield;
      this.notified.push(TOKEN);
      yield () => this.notified.slice(before).includes(SIGNAL);
      assertEquals([this.control[TOKEN], this.control[COUNT]], [ENGINE, 2]);
      this.taken++;
    }
  }

  /** Parks, takes the token back at once, and parks again until an event comes or came: as a thread that blocks. */
  *takeBack(): Steps<void> {
    yield* this.blockAndPark();
    this.control[QUIT] = 1;
    this.control[TOKEN] = POLLER;
    this.notified.push(TOKEN);
    this.source.kick();
  }

  private *blockAndPark(): Steps<void> {
    yield* this.park();
    this.control[RECLAIM] = 1;
    yield;
    this.source.kick();
    yield* this.futex(this.control, TOKEN, POLLER);
    assertEquals(this.control[TOKEN], ENGINE);
    this.control[RECLAIM] = 0;
    if (this.control[COUNT]! > 0) this.taken++;
    if (this.taken > 0) return;
    let before = yield* this.park();
    this.events = 1;
    for (;;) { // a signal that came late is none
      const come = (): boolean => this.control[SIGNAL] === 1 && this.control[TOKEN] === ENGINE;
      yield () => come() || this.notified.slice(before).includes(SIGNAL);
      if (this.control[TOKEN] === ENGINE) break;
      before = this.notified.length;
    }
    this.taken++;
  }

  /** Gives the number of notifications before it. */
  private *park(): Generator<(() => boolean) | void, number, void> {
    yield;
    this.control[SIGNAL] = 0;
    const before = this.notified.length;
    this.control[TOKEN] = POLLER;
    this.notified.push(TOKEN);
    return before;
  }

  /** Tells the poller thread to end. */
  *quit(): Steps<void> {
    yield;
    this.control[QUIT] = 1;
    yield;
    this.control[TOKEN] = POLLER;
    yield;
    this.notified.push(TOKEN);
    yield;
    this.source.kick();
  }
}

for (const [events, token] of [[0, ENGINE], [0, POLLER], [1, POLLER], [2, POLLER]] as const) {
  const polls = token === POLLER ? "polls" : "sleeps";
  test(`in every order of steps a poller thread that ${polls} ends when told to, with ${events} events`, () => {
    let threads!: Threads;
    const orders = everyOrder(() => {
      threads = new Threads(events, token);
      return [threads.poller(), threads.quit()];
    }, (order) => assert(threads.ended, order));
    assert(orders > 5, `${orders}`);
  });
}

test("in every order of steps an event wakes the engine's thread once, one thread polls, and both end", () => {
  let threads!: Threads;
  const orders = everyOrder(() => {
    threads = new Threads(1, ENGINE);
    const engine = function* (): Steps<void> {
      yield* threads.takeEvents(1);
      yield* threads.quit();
    };
    return [threads.poller(), engine()];
  }, (order) => assertEquals([threads.taken, threads.events, threads.ended], [1, 0, true], order));
  assert(orders > 50, `${orders}`);
});

for (const events of [0, 1]) {
  test(`[Q128] in every order of steps the token comes back, with ${events} events, and no event is lost`, () => {
    let threads!: Threads;
    const orders = everyOrder(() => {
      threads = new Threads(events, ENGINE);
      return [threads.poller(), threads.takeBack()];
    }, (order) => assertEquals([threads.taken, threads.ended], [1, true], order));
    assert(orders > 50, `${orders}`);
  });
}

test("a poller thread that ends passes on the kick that it may have taken from another one", () => {
  const shared = handover.createHandover(8, undefined);
  let kicks = 0;
  const wait = (): number => { // it is given up meanwhile, and what was to wake another one wakes it
    Atomics.store(shared.control, QUIT, 1);
    return 0;
  };
  Atomics.store(shared.control, TOKEN, POLLER);
  handover.pollUntilQuit(shared, { loss: "", wait, kick: () => kicks++ });
  assertEquals(kicks, 1);
});

test("that the search finds a thread that waits for ever: nobody kicks it", () => {
  assertThrows(
    () =>
      everyOrder(() => {
        const threads = new Threads(0, POLLER);
        threads.quit = function* () {
          yield;
          this.control[QUIT] = 1;
        };
        return [threads.poller(), threads.quit()];
      }, () => {}),
    Error,
    "Both wait for ever",
  );
});

test("a poller thread that finds something just when it is told to end does end", async () => {
  const pollset = createPollset(libc());
  const table = new FdTable(libc(), pollset, slotMemory(8));
  const [one, other] = new Sockets(libc()).pair() as [number, number];
  const handle = table.add(one, { onReadable() {}, onWritable() {} });
  assert(typeof handle !== "number" && handle.waitReadable());
  const source = { words: table.words, pollset: pollset.shared };
  const shared = handover.createHandover(64, source);
  const { control } = shared;
  const thread = new Thread(pollerModule(), shared);
  await until(() => Atomics.load(control, handover.ONLINE) === 1, "the thread");
  Atomics.store(control, TOKEN, POLLER);
  Atomics.notify(control, TOKEN);
  // It is told by the word alone, and what wakes it is an event that somebody waits for.
  Atomics.store(control, QUIT, 1);
  libc().write(other, new Uint8Array(4096), 1);
  assertEquals((await thread.ended).error, undefined);
  for (const fd of [one, other]) libc().close(fd);
  pollset.close();
}, { skip: noEpoll });
