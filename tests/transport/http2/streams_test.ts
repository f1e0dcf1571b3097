// Streams found by number, whatever numbers live at the same time, and which closed ones a server remembers.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { REMEMBERED_RESETS } from "../../../transport/http2/limits.ts";
import { Stream, StreamState } from "../../../transport/http2/stream.ts";
import { PeerStreams } from "../../../transport/http2/peer_streams.ts";
import { Streams } from "../../../transport/http2/streams.ts";
import { test } from "../../harness.ts";

const stream = (id: number) => new Stream(id, 0, 0);

test("streams: each is found by its number and no other, however far the numbers lie apart", () => {
  for (const [seed, spread] of [[1, 40], [2, 4_000], [3, 1_000_000]] as const) {
    const random = new SeededRandom(seed);
    const streams = new Streams(new PeerStreams(100));
    const open = new Map<number, Stream>();
    for (let step = 0; step < 20_000; step++) {
      const id = 2 * random.below(spread) + 1;
      const there = open.get(id);
      if (there !== undefined) {
        streams.remove(there);
        open.delete(id);
      } else if (random.chance(0.7)) {
        const added = stream(id);
        streams.add(added);
        open.set(id, added);
      }
      if (streams.get(id) !== open.get(id) || streams.size !== open.size) {
        throw new Error(`Stream ${id} is lost or found too often, after ${step} steps with seed ${seed}`);
      }
    }
    assertEquals(streams.all().map(({ id }) => id), [...open.keys()].sort((a, b) => a - b));
    for (const one of streams.all()) streams.remove(one);
    assertEquals([streams.size, streams.all()], [0, []]);
  }
});

test("streams: of more resets than are remembered every older stream may have been one, and no newer one", () => {
  const ofPeer = new PeerStreams(100);
  const streams = new Streams(ofPeer);
  ofPeer.use(1_000_001);
  const isClosedByUs = (id: number) => streams.stateOf(id) === StreamState.CLOSED_BY_US;
  const reset = (count: number, from: number) => {
    for (let i = 0; i < count; i++) streams.closeByUs(from + 4 * i);
  };
  reset(REMEMBERED_RESETS, 101); // every second stream
  assertEquals([1, 101, 103, 105].map((id) => isClosedByUs(id)), [false, true, false, true]);
  streams.closeByUs(100_001);
  assertEquals([1, 101, 103, 105, 107].map((id) => isClosedByUs(id)), [
    true,
    true,
    false,
    true,
    false,
  ]);
  reset(2 * REMEMBERED_RESETS, 200_001);
  assertEquals(isClosedByUs(101), true);
  assertEquals(isClosedByUs(200_003 + 8 * REMEMBERED_RESETS), false);
  assertEquals((ofPeer as unknown as { closedByUs: Set<number> }).closedByUs.size, REMEMBERED_RESETS);
});

test("streams: a ring goes back step by step where few streams are open at once, and not where many are", () => {
  const streams = new Streams(new PeerStreams(1_000));
  const { length: least } = ring(streams);
  const burst = (count: number) => {
    const open = Array.from({ length: count }, (_, i) => stream(2 * (streams.opened + i) + 1));
    for (const one of open) streams.add(one), assertEquals(streams.get(one.id), one);
    for (const one of open) streams.remove(one);
    return ring(streams).length;
  };
  const grown = burst(200);
  assert(grown >= 200);
  assertEquals([1, 2, 3].map(() => burst(200)), [grown, grown, grown]);
  for (let i = 0; i < 8; i++) burst(1);
  assertEquals(ring(streams).length, least);
});

function ring(streams: Streams): unknown[] {
  return (streams as unknown as { ring: unknown[] }).ring;
}
