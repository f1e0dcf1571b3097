// RFC 9113, section 6.7: PING.
import { assertEquals } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { test } from "../../harness.ts";
import { ACK, Bench, frame, uint32 } from "./wire.ts";

test("6.7: PING is answered with its own eight bytes", () => {
  const bench = new Bench("server");
  const payload = Uint8Array.of(1, 2, 3, 4, 250, 251, 252, 253);
  bench.send(frame("PING", 0, 0, payload));
  const [answer] = bench.frames();
  assertEquals([answer!.type, answer!.flags, answer!.payload], ["PING", ACK, payload]);
});

test("6.7: a PING of ours comes back as onPong", () => {
  const bench = new Bench("client");
  bench.connection.ping(0xdeadbeef, bench.now);
  const [ping] = bench.frames();
  bench.send(frame("PING", ACK, 0, ping!.payload));
  assertEquals(bench.sink.take(), ["pong 3735928559"]);
});

test("6.7: an answer to the PING of a drain that is not asked for, or comes twice, drains nothing", () => {
  const pong = frame("PING", ACK, 0, uint32(0, 0x6472_6169));
  const bench = new Bench("server").send(pong);
  assertEquals([bench.sent(), bench.sink.take()], [[], ["pong 1685217641"]]);
  bench.send(bench.headers(1));
  bench.connection.drain("enough", bench.now);
  assertEquals(bench.send(pong, pong).sent(), ["GOAWAY 2147483647 NO_ERROR", "PING", "GOAWAY 1 NO_ERROR"]);
  assertEquals(bench.sink.take().at(-1), "pong 1685217641", "the second answers no PING of ours");
});

test("6.7: no PING follows the GOAWAY that ended the connection", () => {
  const bench = new Bench("client");
  bench.connection.abort(new Http2Error("connection", ErrorCode.INTERNAL_ERROR, "user", "close"));
  bench.connection.ping(1, bench.now);
  assertEquals(bench.sent(), ["GOAWAY 0 INTERNAL_ERROR"]);
});
