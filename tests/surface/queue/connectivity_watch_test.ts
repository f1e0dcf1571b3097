// Watches of connectivity, by the numbers of their rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, CompletionQueue, deadlineIn, watchConnectivityState } from "pollwire";
import { useEngine } from "../../../surface/full/engines.ts";
import { counted } from "../../counted_engine.ts";
import { test } from "../../harness.ts";
import { echo, nothingLeft, serving } from "../serving.ts";
import { say } from "./queues.ts";

test("[C6] watch: [Q58] true as soon as the state is another one, at once where it is, false at the deadline; one shot", async () => {
  await serving(echo, async ({ channel }) => {
    using queue = new CompletionQueue();
    watchConnectivityState(channel, "READY", deadlineIn(60_000), queue, "is not READY");
    assertEquals(say(queue.tryNext()), ["is not READY", true]);
    const deadline = deadlineIn(5);
    watchConnectivityState(channel, "IDLE", deadline, queue, "deadline");
    assertEquals(say(await queue.next()), ["deadline", false]);
    assert(deadlineIn(0) >= deadline);
    watchConnectivityState(channel, "IDLE", -1, queue, "past");
    assertEquals(say(queue.tryNext()), ["past", false]);
    watchConnectivityState(channel, "IDLE", deadlineIn(60_000), queue, "changed");
    watchConnectivityState(channel, "IDLE", Infinity, queue, "changed too");
    channel.connect();
    assertEquals([say(await queue.next()), say(await queue.next())], [["changed", true], [
      "changed too",
      true,
    ]]);
    while (channel.state !== "READY") {
      watchConnectivityState(channel, channel.state, deadlineIn(60_000), queue, "on the way");
      assertEquals(say(await queue.next()), ["on the way", true]);
    }
    assertEquals(say(await queue.next(-1)), ["QUEUE_TIMEOUT"]); // each came once
  });
});

test("[C6] watch: [Q59] a watch alone does not connect", async () => {
  await serving(echo, async ({ channel }) => {
    using queue = new CompletionQueue();
    watchConnectivityState(channel, "IDLE", deadlineIn(20), queue, 1);
    assertEquals(say(await queue.next()), [1, false]);
    assertEquals(channel.state, "IDLE");
  });
});

test("watch: [Q60] closing the channel ends a watch, with true", async () => {
  const channel = new Channel("127.0.0.1:1");
  using queue = new CompletionQueue();
  watchConnectivityState(channel, "IDLE", deadlineIn(60_000), queue, 1);
  channel.close();
  assertEquals(say(queue.tryNext()), [1, true]);
  assertEquals(channel.state, "SHUTDOWN");
  watchConnectivityState(channel, "SHUTDOWN", deadlineIn(5), queue, 2);
  assertEquals(say(await queue.next()), [2, false]);
});

test("watch: [Q60] a target that cannot be parsed is an error where the channel is made, and not a channel without hope", () => {
  for (const target of ["", "127.0.0.1:99999", "[::1", "ipv4:999.1.1.1:1"]) {
    assertThrows(() => new Channel(target), Error, "Cannot parse");
  }
});

test("watch: one that has ended leaves nothing with the engine; what is wrong throws", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const channel = new Channel("127.0.0.1:1", { poller: accounts.engine });
  const queue = new CompletionQueue({ poller: accounts.engine });
  watchConnectivityState(channel, "IDLE", deadlineIn(60_000), queue, "shut down");
  assert(queue.describePending().includes("watch of the channel to 127.0.0.1:1 for another state than IDLE"));
  for (let tag = 0; tag < 3; tag++) watchConnectivityState(channel, "IDLE", deadlineIn(2), queue, tag);
  for (let tag = 0; tag < 3; tag++) assertEquals(say(await queue.next()), [tag, false]);
  channel.close();
  assertEquals(say(queue.tryNext()), ["shut down", true]);
  await nothingLeft(accounts);
  queue.destroy();
  assertThrows(
    () => watchConnectivityState({} as never, "IDLE", 0, queue, 1),
    TypeError,
    "expected a Channel",
  );
  assertThrows(
    () => watchConnectivityState(channel, "IDLE", 0, {} as never, 1),
    TypeError,
    "give a CompletionQueue",
  );
  assertThrows(() => watchConnectivityState(channel, "IDLE", NaN, queue, 1), TypeError, "deadlineIn");
  for (const last of ["ready", undefined, 2] as never[]) {
    const says = "give one of IDLE, CONNECTING, READY, TRANSIENT_FAILURE, SHUTDOWN";
    assertThrows(() => watchConnectivityState(channel, last, 0, queue, 1), TypeError, says);
    assertThrows(() => channel.stateChange(last), TypeError, says);
  }
  await use.end();
});
