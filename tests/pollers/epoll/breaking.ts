// Ways to break an engine from below.
import type { InetAddress } from "../../../pollers/contract/address.ts";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { LOOPBACK, until } from "../promised.ts";
import { nativeCalls } from "./native_calls.ts";

/** As in handover.ts. */
const TOKEN = 1;
const ENGINE = 0;
const POLLER = 1;
const QUIT = 3;

interface Inside {
  readonly pollset: { readonly shared: { epollFd: number; kickFd: number }; kick(): void };
  readonly waiting: {
    readonly thread?: { terminate(): void; readonly ended: Promise<unknown> };
    readonly handover?: { readonly control: Int32Array };
    quit(): void;
    threadEnded(why: string): void;
  };
  readonly opened: { readonly size: number };
}

function inside(engine: EpollEngine): Inside {
  return engine as unknown as Inside;
}

/** What was broken. */
export interface Broken {
  /** Settles once it is whole again. */
  readonly mended: Promise<unknown>;
  /** Makes it whole at once. */
  mend(): void;
}

/** Waits until the poller thread polls, where there is one. */
export async function parked(engine: EpollEngine): Promise<void> {
  const { waiting } = inside(engine);
  await until(() => {
    const control = waiting.handover?.control;
    return control === undefined || Atomics.load(control, TOKEN) === POLLER;
  }, "the poller thread's turn");
}

/** Waits until there is no poller thread. */
export async function quiet(engine: EpollEngine): Promise<void> {
  await until(() => inside(engine).waiting.thread === undefined, "the end of the poller thread");
}

/** Waits until another poller thread polls than the one that was ended. */
export async function replaced(engine: EpollEngine): Promise<void> {
  await until(() => inside(engine).waiting.thread !== undefined, "another poller thread");
  await parked(engine);
}

/** Ends the poller thread while it waits. */
export async function breakThread(engine: EpollEngine): Promise<Broken> {
  await parked(engine);
  const { pollset, waiting } = inside(engine);
  const { thread, handover } = waiting;
  thread!.terminate();
  // A thread that waits in native code ends only when it comes back, and on Deno only when its turn is over.
  Atomics.store(handover!.control, QUIT, 1);
  pollset.kick();
  return { mended: thread!.ended, mend: () => {} };
}

/** A poller thread that was given up, and waits on as if it did not know. */
export interface GivenUp {
  /** It has found something, and passed it on to nobody. */
  readonly hasFound: boolean;
  /** Blocks this thread until it has, for a second at most. */
  waitForIt(): void;
  /** It ends. */
  end(): void;
}

/** Gives the poller thread up while it waits. */
export async function giveUp(engine: EpollEngine): Promise<GivenUp> {
  await parked(engine);
  const { pollset, waiting } = inside(engine);
  const { control } = waiting.handover!;
  const { quit } = waiting;
  waiting.quit = () => {};
  waiting.threadEnded("it does not answer");
  waiting.quit = quit;
  return {
    get hasFound() {
      return Atomics.load(control, TOKEN) === ENGINE;
    },
    waitForIt: () => void Atomics.wait(control, TOKEN, POLLER, 1_000),
    end() {
      Atomics.store(control, QUIT, 1);
      Atomics.store(control, TOKEN, POLLER);
      Atomics.notify(control, TOKEN);
      pollset.kick();
    },
  };
}

/**
 * Has waiting in the engine's set fail, while the poller thread waits in it, where there is one; until it is mended, or
 * where it `mendsItself` until everything that was open is closed.
 */
export async function breakSet(engine: EpollEngine, mendsItself: boolean): Promise<Broken> {
  await parked(engine);
  const { pollset, opened } = inside(engine);
  const { epollFd, kickFd } = pollset.shared;
  const calls = nativeCalls();
  const kept = calls.dup(epollFd);
  let broken = true;
  const mend = (): void => {
    if (!broken) return;
    broken = false;
    calls.dup2(kept, epollFd);
    calls.close(kept);
  };
  calls.dup2(kickFd, epollFd);
  pollset.kick();
  const mended = mendsItself
    ? until(() => opened.size === 0, "the end of all that was open").finally(mend)
    : Promise.resolve();
  return { mended, mend };
}

/** A listening socket that takes no more connections, so that a connect to it waits. */
export interface DeafListener {
  readonly address: InetAddress;
  /** Closes it. */
  close(): void;
}

/** Makes one with its queue full. */
export function deafListener({ sockets }: EpollEngine): DeafListener {
  const fd = sockets.socket(LOOPBACK);
  sockets.bindAndListen(fd, LOOPBACK, false);
  sockets.libc.listen(fd, 0);
  const address = sockets.localAddress(fd) as InetAddress;
  const filling = [1, 2, 3].map(() => {
    const one = sockets.socket(address);
    sockets.connect(one, address);
    return one;
  });
  return {
    address,
    close() {
      for (const one of [...filling, fd]) sockets.libc.close(one);
    },
  };
}
