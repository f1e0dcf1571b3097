// Holds all decoded messages for a while, then few, and prints how many octets of them V8 keeps until it looks at all
// objects.

import { getHeapSpaceStatistics } from "node:v8";
import { parseProto } from "../../../../surface/proto/parse.ts";

const codec = parseProto(`syntax = "proto3"; message M { bytes body = 1; }`).messages["M"]!;
const encoded = codec.encode({ body: new Uint8Array(16) });

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")!.space_used_size;
}

class Ballast {
  constructor(readonly number: number) {}
}

/** Makes so many objects, of which 300,000 are held at a time: that lets V8 have its largest space for young objects. */
function churn(objects: number): void {
  const ring: unknown[] = new Array(300_000);
  for (let i = 0; i < objects; i++) ring[i % ring.length] = new Ballast(i);
}

// V8 counts for each place in code that is not optimized yet how many of its objects outlive a collection: all of these do.
const held: unknown[] = [];
churn(4_000_000);
for (let round = 0; round < 12; round++) {
  for (let i = 0; i < 150; i++) held.push(codec.decode(encoded));
  churn(1_200_000);
}
held.length = 0;

const kept: number[] = [];
for (let round = 0; round < 9; round++) {
  const before = oldBytes();
  for (let i = 0; i < 100_000; i++) held[i % 10] = codec.decode(encoded);
  kept.push(oldBytes() - before);
}
console.log(kept.sort((a, b) => a - b)[4]);
