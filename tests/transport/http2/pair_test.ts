// Calls of all four shapes between two connections, however the bytes are split.
import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";
import { bytewise, Pair, randomly, type Split, whole } from "../pair.ts";
import { REQUEST_LIST, RESPONSE_LIST, TRAILERS_LIST } from "./wire.ts";

const splits: Array<[string, Split]> = [
  ["in one piece", whole],
  ["one byte at a time", bytewise],
  ["in random pieces, seed 7", randomly(new SeededRandom(7), 40)],
];

for (const [name, split] of splits) {
  test(`HTTP/2: a call each way, bytes ${name}`, () => {
    const pair = new Pair({ start: false });
    pair.split = split;
    pair.client.start(pair.now);
    pair.server.start(pair.now);
    pair.serverSink.on = (event, stream, endStream) => {
      if (stream === undefined || !endStream || event.startsWith("closed")) return;
      pair.server.sendHeaders(stream, RESPONSE_LIST, undefined, false);
      pair.server.sendData(stream, Uint8Array.of(9, 8, 7), false);
      pair.server.sendHeaders(stream, TRAILERS_LIST, undefined, true);
    };
    for (let call = 0; call < 3; call++) {
      const stream = pair.client.open(REQUEST_LIST, undefined, false, pair.clientSink);
      assertEquals(pair.client.sendData(stream, Uint8Array.of(1, 2, 3, 4, 5), true), true);
      pair.run(200_000);
    }
    for (const id of [1, 3, 5]) {
      assertEquals(pair.serverSink.bodies.get(id), [1, 2, 3, 4, 5]);
      assertEquals([...pair.serverSink.headers.get(id)!], [...REQUEST_LIST]);
      assertEquals(pair.clientSink.bodies.get(id), [9, 8, 7]);
      assertEquals([...pair.clientSink.headers.get(id)!], [...RESPONSE_LIST]);
      assertEquals([...pair.clientSink.trailers.get(id)!], [...TRAILERS_LIST]);
      assertEquals(pair.clientSink.streamErrors.get(id), undefined);
    }
    const closes = (events: string[]) => events.filter((event) => event.startsWith("closed"));
    assertEquals(closes(pair.clientSink.take()), ["closed 1 ok", "closed 3 ok", "closed 5 ok"]);
    assertEquals(closes(pair.serverSink.take()), ["closed 1 ok", "closed 3 ok", "closed 5 ok"]);
    assertEquals(pair.client.activeStreams + pair.server.activeStreams, 0);
  });
}

test("HTTP/2: the usual call goes out in the order of the calls, in one transmit", () => {
  const pair = new Pair();
  const stream = pair.client.open(REQUEST_LIST, undefined, false, pair.clientSink);
  pair.client.sendData(stream, new Uint8Array(0), true);
  pair.carry(pair.client, pair.server);
  assertEquals(pair.serverSink.take(), ["headers 1", "data 1 0 end"]);
});

test("HTTP/2: a list that is sent again and again has what is sent with it, and is itself whatever the table became", () => {
  const pair = new Pair();
  for (let call = 0; call < 12; call++) {
    const extra = call % 3 === 2 ? HeaderList.of([["x-extra", String(call)]]) : undefined;
    const more = call % 4 === 3 ? HeaderList.of([["x-more", String(call)]]) : undefined;
    const { id } = pair.client.open(REQUEST_LIST, extra, true, pair.clientSink, more);
    pair.run();
    assertEquals([...pair.serverSink.headers.get(id)!], [...REQUEST_LIST, ...extra ?? [], ...more ?? []]);
  }
});
