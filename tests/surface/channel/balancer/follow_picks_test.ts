// A policy of an application that follows the calls for which it picks, as applications write it.
import { assertEquals } from "@std/assert";
import {
  type CallFollower,
  Channel,
  type ChildPolicy,
  createClient,
  type ErrorHandler,
  followPick,
  pickFailure,
  pickLater,
  registerBalancer,
  RpcError,
  Server,
  Status,
} from "pollwire";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { test } from "../../../harness.ts";
import { failure, Trial } from "../../serving.ts";

const log: string[] = [];
let follower: CallFollower = {};

registerBalancer<ChildPolicy>({
  name: "followed",
  readConfig: (_json, readChild) => readChild([{ round_robin: {} }], "childPolicy"),
  make(helper) {
    const child = helper.makeChild((state, picker) =>
      helper.updateState(state, { pick: (call) => followPick(picker.pick(call), follower) })
    );
    return {
      update: (endpoints, policy) => child.update(endpoints, policy),
      exitIdle: () => child.exitIdle(),
      resetBackoff: () => child.resetBackoff(),
      close: () => child.close(),
    };
  },
});

/** Calls "answered", "refused" and one whose deadline passes while it waits, over a channel of the policy. */
async function calls(onError: ErrorHandler = () => {}): Promise<void> {
  const simulation = new Simulation();
  const at = simulation.host();
  const server = new Server({ poller: at, settings: { maxConcurrentStreams: 1 } });
  server.addService(Trial, {
    one: async ({ text }, call) => {
      call.trailers.set("said", text!);
      if (text === "refused") throw new RpcError("NOT_FOUND", "");
      if (text === "slow") await new Promise((resolve) => at.runAt(at.now() + 500, () => resolve(undefined)));
      return {};
    },
  });
  await server.listen("0.0.0.0:80");
  const channel = new Channel(`${at.hostAddress}:80`, {
    poller: simulation.host(),
    loadBalancing: "followed",
    onError,
  });
  const client = createClient(Trial, channel);
  const ended = [client.one({ text: "answered" })];
  await simulation.run({ until: 100 });
  const refused = failure(client.one({ text: "refused" }));
  await simulation.run({ until: 200 });
  ended.push(client.one({ text: "slow" }));
  const late = failure(client.one({ text: "late" }, { deadlineMs: 100 }));
  await simulation.run({ until: 2_000 });
  await Promise.all(ended);
  assertEquals([(await refused).code, (await late).code], [Status.NOT_FOUND, Status.DEADLINE_EXCEEDED]);
  channel.close();
  server.close();
  await simulation.run();
}

test("a policy of an application is told of each attempt that it starts, and that it ends or leaves", async () => {
  log.length = 0;
  follower = {
    callStarted: () => log.push("started"),
    callEnded: (code, trailers) => log.push(`ended ${code} ${trailers.get("said")}`),
    callLeft: () => log.push("left"),
  };
  await calls();
  assertEquals(log, [
    "started",
    "ended 0 answered",
    "started",
    `ended ${Status.NOT_FOUND} refused`,
    "started",
    "started",
    "left",
    "ended 0 slow",
  ]);
});

test("a follower hears what it wants to hear, and what takes no connection is not followed", async () => {
  log.length = 0;
  follower = { callEnded: (code) => log.push(`ended ${code}`) };
  await calls();
  assertEquals(log, ["ended 0", `ended ${Status.NOT_FOUND}`, "ended 0"]);
  assertEquals(followPick(pickLater, follower), pickLater);
  const failed = pickFailure("no");
  assertEquals(followPick(failed, follower) === failed, true);
});

test("calls go on, one that waited for its connection too, where their follower throws or rejects, which is reported", async () => {
  const reported: string[] = [];
  follower = {
    callStarted: () => {
      throw new Error("started");
    },
    callEnded: () => Promise.reject(new Error("ended")) as never,
    callLeft: () => {
      throw new Error("left");
    },
  };
  await calls((error, { where }) => void reported.push(`${where}: ${(error as Error).message}`));
  assertEquals(reported.filter((line) => line === "balancing: started").length, 4);
  assertEquals(reported.filter((line) => line === "balancing: ended").length, 3);
  assertEquals(reported.filter((line) => line === "balancing: left").length, 1);
});
