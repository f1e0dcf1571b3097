// What a policy that follows calls learns of each attempt: that it starts, and then one end.
import { assertEquals, assertMatch } from "@std/assert";
import {
  callCredentials,
  Channel,
  createClient,
  type ErrorHandler,
  type JsonServiceConfig,
  RpcError,
  Server,
  Status,
  type StatusCode,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { BothTrackers, type CallTracker } from "../../../surface/channel/call_tracker.ts";
import { ChannelRoute } from "../../../surface/channel/channel_route.ts";
import { tracked } from "../../../surface/channel/picker.ts";
import { ErrorCode, HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway, parse, PREFACE, rst, setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { takenForSecure } from "../credentials/secured_channel.ts";
import { failure, type Note, Trial, type TrialClient } from "../serving.ts";

const MAX_CONCURRENT_STREAMS = 3;

/** Writes down what it is told. */
class Log implements CallTracker {
  readonly lines: string[] = [];

  constructor(private readonly throws = false) {}

  callStarted(): void {
    this.lines.push("started");
  }
  callEnded(code: StatusCode, trailers: HeaderList): void {
    this.lines.push(`ended ${code} ${trailers.get("load") ?? ""}`.trimEnd());
    if (this.throws) throw new Error("of a policy");
  }
  callLeft(): void {
    this.lines.push("left");
  }
}

/** A client whose pick_first gives connections that `log` follows, as a policy does that is its parent. */
async function followed(
  log: CallTracker,
  check: (client: TrialClient, world: World) => Promise<void>,
  serviceConfig?: JsonServiceConfig,
): Promise<void> {
  const { pickOf } = ChannelRoute.prototype;
  ChannelRoute.prototype.pickOf = (subchannel) => tracked(subchannel, log);
  const world = new World();
  const channel = new Channel(`${world.at.hostAddress}:80`, {
    poller: world.simulation.host(),
    onError: world.onError,
    ...(serviceConfig === undefined ? {} : { serviceConfig }),
  });
  takenForSecure(channel);
  try {
    await check(createClient(Trial, channel), world);
  } finally {
    ChannelRoute.prototype.pickOf = pickOf;
    channel.close();
    world.server.close();
  }
}

class World {
  readonly simulation = new Simulation();
  readonly at = this.simulation.host();
  readonly server = new Server({ poller: this.at });
  readonly reported: string[] = [];
  private failures = 0;
  readonly onError: ErrorHandler = (error, { where, method }) =>
    void this.reported.push(`${where} ${method}: ${(error as Error).message}`);

  constructor() {
    this.server.addService(Trial, {
      one: ({ text }, call) => {
        call.trailers.set("load", text!);
        if (text === "fails first" && ++this.failures === 1) {
          throw new RpcError("UNAVAILABLE", "the first time");
        }
        return text === "wait" ? new Promise<Note>(() => {}) : { text: text! };
      },
    });
  }

  /** Has a server listen; its first connection does `first` with the request, where that is given. */
  serve(settings: Array<[number, number]> = [], first?: (peer: RawPeer, id: number) => void) {
    let connections = 0;
    return listenAt(this.at, (endpoint) => {
      if (++connections > 1 || first === undefined) return this.server.serveEndpoint(endpoint);
      let seen = 0;
      const peer = new RawPeer(endpoint, () => {
        const ids = parse(peer.received.subarray(PREFACE.length)).filter(({ type }) => type === "HEADERS");
        if (ids.length > seen) first(peer, ids[seen++]!.id);
      });
      peer.send(setting(...settings), SETTINGS_ACK);
    });
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }
}

test("[C41] an attempt starts and ends with the server's status and trailers, before the application has them", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    await world.serve();
    const call = client.one({ text: "busy" }).then(() => log.lines.push("answered"));
    await world.pass(100);
    await call;
    assertEquals(log.lines, ["started", "ended 0 busy", "answered"]);
  });
});

test("[C41] cancelled calls, and those whose deadline is over, end once, with that status", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    await world.serve();
    const late = failure(client.one({ text: "wait" }, { deadlineMs: 50 }));
    await world.pass(100);
    assertEquals((await late).code, Status.DEADLINE_EXCEEDED);
    const ended = ["started", `ended ${Status.DEADLINE_EXCEEDED}`];
    assertEquals(log.lines, ended);
    const abort = new AbortController();
    const cancelled = failure(client.one({ text: "wait" }, { signal: abort.signal }));
    await world.pass(100);
    abort.abort();
    await cancelled;
    await world.pass(1_000);
    assertEquals(log.lines, [...ended, "started", `ended ${Status.CANCELLED}`]);
  });
});

test("[C54] a call that is made again starts again, and the attempt before ends with what it failed of", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    await world.serve(
      [],
      (peer, id) => peer.send(goAway(2 ** 31 - 1, ErrorCode.NO_ERROR), rst(id, ErrorCode.REFUSED_STREAM)),
    );
    const call = client.one({ text: "again" });
    await world.pass(100);
    await call;
    assertEquals(log.lines, ["started", `ended ${Status.UNAVAILABLE}`, "started", "ended 0 again"]);
  });
});

test("[C41] a call that waits for a stream has started; it leaves where the connection goes, and where it is over", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    let first: RawPeer | undefined;
    await world.serve([[MAX_CONCURRENT_STREAMS, 1]], (peer) => first = peer);
    const has = failure(client.one({ text: "has the stream" }, { deadlineMs: 5_000 }));
    await world.pass(100);
    const waits = client.one({ text: "waits" });
    const tires = failure(client.one({ text: "tires" }, { deadlineMs: 50 }));
    assertEquals(log.lines.splice(0), ["started", "started", "started"]);
    await world.pass(100);
    await tires;
    assertEquals(log.lines.splice(0), ["left"]);
    first!.send(goAway(1, ErrorCode.NO_ERROR));
    await world.pass(100);
    await waits;
    assertEquals(log.lines.splice(0), ["left", "started", "ended 0 waits"]);
    await world.pass(5_000);
    await has;
    assertEquals(log.lines, [`ended ${Status.DEADLINE_EXCEEDED}`]);
  });
});

test("[C41] a call leaves while it waits for its credentials, and picks again with them", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    await world.serve();
    let show!: (token: string) => void;
    const shown = callCredentials.bearer(() => new Promise((resolve) => show = resolve));
    const call = client.one({ text: "shown" }, { callCredentials: shown });
    await world.pass(100);
    assertEquals(log.lines, ["started", "left"]);
    show("token");
    await world.pass(100);
    await call;
    assertEquals(log.lines.slice(2), ["started", "ended 0 shown"]);
  });
});

test("[C41] what a policy throws of a call's end is reported, and the call has its answer", async () => {
  const log = new Log(true);
  await followed(log, async (client, world) => {
    await world.serve();
    const call = client.one({ text: "thrown" });
    await world.pass(100);
    assertEquals([(await call).text, log.lines], ["thrown", ["started", "ended 0 thrown"]]);
    assertMatch(world.reported.join(), /^balancing .trial.Trial.One: of a policy$/);
  });
});

test("[C41] a call that left and finds no connection any more has nobody to tell its end", async () => {
  const log = new Log();
  await followed(log, async (client, world) => {
    let first: RawPeer | undefined;
    const { listener } = await world.serve([[MAX_CONCURRENT_STREAMS, 1]], (peer) => first = peer);
    const has = failure(client.one({ text: "has the stream" }, { deadlineMs: 5_000 }));
    await world.pass(100);
    const waits = failure(client.one({ text: "waits" }, { deadlineMs: 500, waitForReady: true }));
    listener.shutdown();
    first!.send(goAway(1, ErrorCode.NO_ERROR));
    await world.pass(2_000);
    assertEquals((await waits).code, Status.DEADLINE_EXCEEDED);
    assertEquals(log.lines, ["started", "started", "left"]);
    await world.pass(5_000);
    await has;
  });
});

test("[C41] the trackers of two policies are told the same", () => {
  const [first, second] = [new Log(), new Log()];
  const both = new BothTrackers(first, second);
  both.callStarted();
  both.callLeft();
  both.callStarted();
  both.callEnded(Status.OK, HeaderList.of([["load", "heavy"]]));
  assertEquals(first.lines, ["started", "left", "started", "ended 0 heavy"]);
  assertEquals(second.lines, first.lines);
});

test("[C58] each attempt of a call with a retry policy starts and ends by itself", async () => {
  const log = new Log();
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: "0.1s",
    maxBackoff: "1s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  } as const;
  await followed(log, async (client, world) => {
    await world.serve();
    const call = client.one({ text: "fails first" });
    await world.pass(1_000);
    await call;
    const failed = `ended ${Status.UNAVAILABLE} fails first`;
    assertEquals(log.lines, ["started", failed, "started", "ended 0 fails first"]);
  }, { methodConfig: [{ name: [{}], retryPolicy }] });
});

test("[C62] attempts that are made beside each other each start, and those that are not needed end", async () => {
  const log = new Log();
  const hedgingPolicy = { maxAttempts: 3, hedgingDelay: "0s", nonFatalStatusCodes: ["UNAVAILABLE"] } as const;
  await followed(log, async (client, world) => {
    await world.serve();
    const call = client.one({ text: "hedged" });
    await world.pass(1_000);
    await call;
    const lines = log.lines.toSorted();
    const started = lines.filter((line) => line === "started");
    assertEquals(lines.length, 2 * started.length);
    assertEquals([started.length, lines.filter((line) => line.startsWith("ended 0")).length], [3, 1]);
  }, { methodConfig: [{ name: [{}], hedgingPolicy }] });
});
