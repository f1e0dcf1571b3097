// Whole calls between two HTTP/2 connections: all that a unary call costs below gRPC, but the socket.
import type { Bench } from "tinybench";
import { addBatch, expect, pattern } from "./batch.ts";
import { Wire } from "./wire.ts";

const BODY = pattern(23);

/** Adds the measurements. */
export function add(bench: Bench): void {
  addCalls(bench, "one at a time", 1, 20);
  addCalls(bench, "100 at a time", 100, 1);
}

function addCalls(bench: Bench, name: string, together: number, turns: number): void {
  const wire = new Wire(BODY);
  const run = () => {
    wire.answered = 0;
    wire.received = 0;
    for (let turn = 0; turn < turns; turn++) {
      for (let i = 0; i < together; i++) wire.client.sendData(wire.open(), BODY, true);
      wire.carry();
    }
    return wire.answered + wire.received;
  };
  expect(`calls, ${name}`, run(), together * turns * (1 + BODY.length));
  expect(`calls, ${name}, answered`, wire.answered, together * turns);
  addBatch(bench, `calls: both sides, ${name}, each`, together * turns, run);
}
