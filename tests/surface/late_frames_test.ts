// A server that answers at the deadline, and again when its handler ends (gRPC's C++ server): the calls beside it go on.
import { assertEquals } from "@std/assert";
import { Channel, createClient, Status } from "pollwire";
import { test } from "../harness.ts";
import { Bench, data, END_STREAM } from "../transport/http2/wire.ts";
import { rawServer } from "./raw_server.ts";
import { collect, failure, numbersOf, Trial } from "./serving.ts";

const HEAD: Array<[string, string]> = [[":status", "200"], ["content-type", "application/grpc"]];
const OK: Array<[string, string]> = [["grpc-status", "0"]];
const CALLS = 50;

/** A Note of `number`, with its gRPC prefix. */
const note = (number: number) => Uint8Array.of(0, 0, 0, 0, 2, 0x10, number);

test("calls that expire and are answered twice cost no other call of their connection", async () => {
  const frames = new Bench("server"); // of which only the encoder is used
  const answeredTwice = new Set<number>();
  const server = await rawServer(({ type, flags, id }, send) => {
    const again = () => {
      if (answeredTwice.has(id)) return;
      send(frames.headers(id, HEAD), data(id, note(1)), frames.headers(id, OK, true));
      answeredTwice.add(id);
      if (answeredTwice.size === CALLS) send(data(1, note(7)), frames.headers(1, OK, true));
    };
    if (type === "HEADERS" && id === 1) send(frames.headers(1, HEAD), data(1, note(5)));
    // Every other call is answered before its deadline, and then once more; the others once they were given up.
    if (type === "DATA" && flags & END_STREAM && id % 4 === 1 && id > 1) {
      send(frames.headers(id, [...HEAD, ["grpc-status", String(Status.DEADLINE_EXCEEDED)]], true));
      again();
    }
    if (type === "RST_STREAM") again();
  });
  const channel = new Channel(`127.0.0.1:${server.port}`);
  const client = createClient(Trial, channel);
  try {
    const beside = client.down({});
    assertEquals((await beside.next()).value?.number, 5); // and the channel is connected
    const calls = Array.from({ length: CALLS }, () => failure(client.one({}, { deadlineMs: 60 })));
    for (const { code } of await Promise.all(calls)) assertEquals(code, Status.DEADLINE_EXCEEDED);
    assertEquals(numbersOf(await collect(beside)), [7]);
    assertEquals(answeredTwice.size, CALLS);
  } finally {
    channel.close();
    server.close();
  }
});
