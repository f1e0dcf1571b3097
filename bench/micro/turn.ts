// The turn: what it costs to enter one, to touch connections in it, and to defer closures to its end.
import type { Bench } from "tinybench";
import { ExecCtx } from "../../pollers/contract/exec_ctx.ts";
import { addBatch, expect } from "./batch.ts";

const TURNS = 100;
const CONNECTIONS = 10;

/** Adds the measurements. */
export function add(bench: Bench): void {
  const context = new ExecCtx(() => {});
  let flushed = 0;
  let called = 0;
  const connections = Array.from(
    { length: CONNECTIONS },
    () => ({ flushScheduled: false, flushedIn: -1, flush: () => void flushed++ }),
  );
  const callback = () => void called++;
  const touchTwice = () => {
    for (let time = 0; time < 2; time++) for (const one of connections) context.touch(one);
  };
  const callBack = () => {
    context.defer(callback);
    context.defer(callback);
  };
  context.enter(touchTwice, undefined);
  expect("turn, flushes", flushed, CONNECTIONS);
  context.enter(callBack, undefined);
  expect("turn, deferred", called, 2);

  addBatch(bench, "turn: 10 connections touched twice, flushed once", TURNS, () => {
    flushed = 0;
    for (let i = 0; i < TURNS; i++) context.enter(touchTwice, undefined);
    return flushed;
  });
  addBatch(bench, "turn: two closures deferred", TURNS, () => {
    called = 0;
    for (let i = 0; i < TURNS; i++) context.enter(callBack, undefined);
    return called;
  });
}
