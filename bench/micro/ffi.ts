// Calls of native functions that do nothing: what FFI costs by what is passed, without the system's part.
import type { Bench } from "tinybench";
import { openLibrary, pointerTo } from "../../pollers/ffi/library.ts";
import { Arena } from "../../pollers/ffi/memory.ts";
import { addBatch, expect } from "./batch.ts";

const CALLS = 1_000;

/** Of the C library; with a length of 0 none of them touches memory. */
const SIGNATURES = {
  abs: { parameters: ["i32"], result: "i32" },
  memchr: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  memccpy: { parameters: ["buffer", "buffer", "i32", "u32"], result: "i32" },
  // The same calls by other types, which is what differs.
  memrchr: { parameters: ["pointer", "i32", "u32"], result: "i32" },
  strnlen: { parameters: ["address", "u32"], result: "i32" },
} as const;

/** Adds the measurements; none where the C library cannot be called. */
export function add(bench: Bench): void {
  const library = openLibrary(["libc.so.6"], SIGNATURES);
  if (!library.ok) return;
  const { abs, memchr, memccpy, memrchr, strnlen } = library.functions;
  const { bytes, address } = new Arena(65_536).allocate(65_536);
  const pointer = pointerTo(address);
  expect("ffi, abs", abs(-1), 1);
  expect("ffi, memchr", memchr(bytes, 0, 0), 0);

  addBatch(bench, "ffi: one number", CALLS, () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) sum += abs(i);
    return sum;
  });
  addBatch(bench, "ffi: a buffer and two numbers", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += memchr(bytes, i, 0);
    return sum;
  });
  addBatch(bench, "ffi: two buffers and two numbers", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += memccpy(bytes, bytes, i, 0);
    return sum;
  });
  addBatch(bench, "ffi: a pointer and two numbers", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += memrchr(pointer, i, 0);
    return sum;
  });
  addBatch(bench, "ffi: an address and a number", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += strnlen(address + (i & 1), 0);
    return sum;
  });
  addBatch(bench, "ffi: a new view and two numbers", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += memchr(bytes.subarray(i, i + 64), i, 0);
    return sum;
  });
  addBatch(bench, "ffi: a new view alone", CALLS, () => {
    let sum = 1;
    for (let i = 0; i < CALLS; i++) sum += bytes.subarray(i, i + 64).length;
    return sum;
  });
}
