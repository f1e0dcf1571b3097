// Jobs that tests give to executors.
import process from "node:process";
import { parentPort, threadId } from "node:worker_threads";
import { RpcError, transferring } from "../../../mod.ts";

/** Which thread runs the job. */
export function thread(): number {
  return threadId;
}

export default function add(a: number, b: number): number {
  return a + b;
}

/** How often the module's job was called in this thread. */
let calls = 0;

export function count(): number {
  return ++calls;
}

/** Says in `state` that it runs, and ends when it is told so there. */
export function waitFor(state: Int32Array, at = 0): number {
  Atomics.add(state, at, 1);
  Atomics.notify(state, at);
  Atomics.wait(state, at + 1, 0);
  return threadId;
}

/** The order in which jobs ran, in shared memory: a length, then their numbers. */
export function note(order: Int32Array, number: number): number {
  order[Atomics.add(order, 0, 1) + 1] = number;
  return threadId;
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message, { cause: new Error("because") }), {
    code: 7,
    helpless: () => 0,
  });
}

export function exit(): void {
  process.exit(3);
}

export function crashLater(): Promise<never> {
  setTimeout(() => {
    throw new Error("thrown by nobody's call");
  }, 0);
  return new Promise(() => {});
}

/** Says that it runs, and computes until it is told to end, which may be never. */
export function spin(state: Int32Array): void {
  Atomics.add(state, 0, 1);
  while (Atomics.load(state, 1) === 0);
}

/** Says that it runs, and ends when it is told so, without blocking its thread. */
export async function untilTold(state: Int32Array): Promise<void> {
  Atomics.store(state, 0, 1);
  while (Atomics.load(state, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  Atomics.store(state, 0, 2);
}

/** Never ends, without running. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

export function reverse(bytes: Uint8Array): Uint8Array {
  const reversed = bytes.reverse();
  return transferring(reversed, [reversed.buffer as ArrayBuffer]);
}

export function push(list: number[]): number[] {
  list.push(0);
  return list;
}

export function uncloneable(): () => void {
  return () => {};
}

/** Throws what has an error's prototype, and cannot be read as one. */
export function throwUnreadable(what: string): never {
  if (what === "name") throw Object.assign(new Error("no name"), { name: Object.create(null) });
  if (what === "prototype") throw Object.create(RpcError.prototype);
  throw new Proxy(new Error("no keys"), {
    ownKeys() {
      throw new Error("not to be listed");
    },
  });
}

/** Posts what is not the executor's. */
export function post(): string {
  const ended = { kind: "ended", outcome: { ok: true, value: "not by the job" } };
  for (const message of [null, "text", { kind: "other" }, { kind: "ready" }, { kind: "ended" }, ended]) {
    parentPort!.postMessage(message);
  }
  return "posted";
}

/** Not a function. */
export const constant = 1;

export function failOften(): never {
  throw new AggregateError([new Error("one"), new Error("two")], "both");
}
