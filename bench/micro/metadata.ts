// Metadata: built, turned into headers, read from headers; and the percent coding of grpc-message.
import type { Bench } from "tinybench";
import { Metadata } from "../../surface/call/metadata.ts";
import { decodePercent, encodePercent } from "../../transport/grpc/percent.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";

const BATCH = 50;
const RAW = pattern(16);
const INIT = { "x-one": "1", "x-two": ["2", "3"], "x-raw-bin": RAW };
const MESSAGE = "the café at the corner is closed, 100%";

/** Adds the measurements. */
export function add(bench: Bench): void {
  const built = new Metadata(INIT);
  const headers = built.toHeaders()!;
  expect("metadata, headers", headers.length, 4);
  const back = Metadata.fromHeaders(headers);
  expect("metadata, values", back.getAll("x-two").join(), "2,3");
  expectBytes("metadata, binary value", back.get("x-raw-bin") as Uint8Array, RAW);
  expect("grpc-message", decodePercent(encodePercent(MESSAGE)), MESSAGE);

  addBatch(bench, "metadata: built, 4 values, one binary", BATCH, () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += new Metadata(INIT).size;
    return sum;
  });
  addBatch(bench, "metadata: to headers", BATCH, () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += built.toHeaders()!.fields[7]!.length;
    return sum;
  });
  addBatch(bench, "metadata: from headers, one value read", BATCH, () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += Metadata.fromHeaders(headers).getAll("x-two").length;
    return sum;
  });
  addBatch(bench, "metadata: grpc-message coded and decoded", BATCH, () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += decodePercent(encodePercent(MESSAGE)).length;
    return sum;
  });
}
