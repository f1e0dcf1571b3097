// The deadlines of a connection: which is the earliest, and that each comes once.
import { assertEquals } from "@std/assert";
import { Timer, Timers } from "../../../transport/http2/timers.ts";
import { test } from "../../harness.ts";

test("timers: the earliest deadline is the connection's, whichever was set, moved or stopped last", () => {
  const timers = new Timers();
  assertEquals([timers.earliest, timers.isSet(Timer.DRAIN_PING)], [Infinity, false]);
  timers.set(Timer.SETTINGS_ACK, 20);
  timers.set(Timer.DRAIN_PING, 10);
  assertEquals([timers.earliest, timers.isSet(Timer.DRAIN_PING)], [10, true]);
  timers.set(Timer.DRAIN_PING, 30);
  assertEquals(timers.earliest, 20);
  timers.stop(Timer.SETTINGS_ACK);
  assertEquals([timers.earliest, timers.isSet(Timer.SETTINGS_ACK)], [30, false]);
  timers.stop(Timer.DRAIN_PING);
  assertEquals(timers.earliest, Infinity);
});

test("timers: each deadline that has come expires once, and none before its time", () => {
  const timers = new Timers();
  timers.set(Timer.DRAIN_PING, 10);
  timers.set(Timer.SETTINGS_ACK, 10);
  assertEquals(timers.expire(9.5), undefined);
  assertEquals([timers.expire(10), timers.expire(10), timers.expire(10)], [
    Timer.SETTINGS_ACK,
    Timer.DRAIN_PING,
    undefined,
  ]);
  timers.set(Timer.SETTINGS_ACK, 11);
  timers.set(Timer.DRAIN_PING, 12);
  assertEquals([timers.expire(11), timers.expire(11), timers.earliest], [Timer.SETTINGS_ACK, undefined, 12]);
});
