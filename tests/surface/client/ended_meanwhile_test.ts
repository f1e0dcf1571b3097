// Calls that the application ends while it is asked something on their behalf: nothing is left of them, and nothing is sent.
import { assertEquals } from "@std/assert";
import {
  type BalancingPolicy,
  callCredentials,
  Channel,
  type ChannelOptions,
  type ChildPolicy,
  ClientUnaryReactor,
  createClient,
  createReactorClient,
  type DoneStatus,
  followPick,
  insecure,
  type JsonServiceConfig,
  RpcError,
  Server,
  statusName,
} from "pollwire";
import { balancer } from "pollwire/features";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { callContext } from "../../../surface/channel/channel.ts";
import type { ChannelRoute } from "../../../surface/channel/channel_route.ts";
import { test } from "../../harness.ts";
import { takenForSecure } from "../credentials/secured_channel.ts";
import { type Note, Trial } from "../serving.ts";

const FAILURES = ["UNAVAILABLE", "UNAUTHENTICATED"] as const;
const CONFIGS: ReadonlyArray<readonly [string, JsonServiceConfig]> = [
  ["without a policy", {}],
  ["with a retry policy", {
    methodConfig: [{
      name: [{}],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.1s",
        maxBackoff: "0.1s",
        backoffMultiplier: 1,
        retryableStatusCodes: [...FAILURES],
      },
    }],
  }],
  ["with a hedging policy", {
    methodConfig: [{
      name: [{}],
      hedgingPolicy: { maxAttempts: 2, hedgingDelay: "1s", nonFatalStatusCodes: [...FAILURES] },
    }],
  }],
];

/** Who is asked, and ends the call. */
const ASKED = [
  "credentials",
  "credentials that wait",
  "credentials that throw",
  "picker",
  "picker, as it begins to wait",
  "picker, when it has waited",
  "follower",
  "codec",
] as const;
type Asked = typeof ASKED[number];

/** A server, and a call that `asked` ends. */
class World {
  readonly simulation = new Simulation();
  private end: () => void = () => {};
  /** Calls of followers that began, and have not ended. */
  followed = 0;
  served = 0;
  readonly reported: unknown[] = [];

  constructor(
    private readonly asked: Asked,
    private readonly how: "signal" | "reactor",
    private readonly serviceConfig: JsonServiceConfig,
  ) {}

  /** How the call ended, and what is left of it. */
  async run(): Promise<unknown[]> {
    const { simulation } = this;
    const [there, here] = [simulation.host(), simulation.host()];
    const server = new Server({ poller: there, credentials: insecure });
    server.addService(Trial, { one: (note) => (this.served++, note) });
    await server.listen("0.0.0.0:80");
    const channel = takenForSecure(
      new Channel(`${there.hostAddress}:80`, {
        poller: here,
        credentials: insecure,
        serviceConfig: this.serviceConfig,
        onError: (error) => void this.reported.push(error),
        ...this.options,
      }),
    );
    channel.connect();
    if (!this.asked.startsWith("picker,")) await simulation.run({ until: 200 });
    const call = this.how === "signal" ? this.callAborted(channel) : this.callCancelled(channel);
    await simulation.run({ until: 3_000 });
    const route = callContext("look at a channel", channel).route as ChannelRoute;
    const waiting = ["waiting", "paused"].map((name) => (Reflect.get(route, name) as Set<unknown>).size);
    const streams = route.connections.flatMap(({ transports }) =>
      transports.map(({ activeStreams }) => activeStreams)
    );
    const left = [await call, this.served, this.followed, waiting, streams, this.reported];
    channel.close();
    server.close();
    await simulation.run();
    return left;
  }

  private callAborted(channel: Channel): Promise<string | undefined> {
    const controller = new AbortController();
    this.end = () => controller.abort();
    const { one } = createClient(this.service, channel);
    return one({ text: "a" }, { signal: controller.signal }).then(
      () => "OK",
      (error: RpcError) => error.message.split(":")[0],
    );
  }

  private callCancelled(channel: Channel): Promise<string> {
    const { one } = createReactorClient(this.service, channel);
    return new Promise((resolve) => {
      class Reactor extends ClientUnaryReactor<Note> {
        override onDone({ code }: DoneStatus): void {
          resolve(statusName(code));
        }
      }
      const reactor = one({ text: "a" }, new Reactor());
      this.end = () => reactor.tryCancel();
      reactor.startCall();
    });
  }

  private endAt(asked: Asked): void {
    if (asked === this.asked) this.end();
  }

  private get options(): ChannelOptions {
    const { asked } = this;
    if (!asked.startsWith("credentials")) {
      return { features: [balancer(this.policy)], loadBalancing: this.policy.name };
    }
    return {
      callCredentials: callCredentials.from(() => {
        this.endAt(asked);
        if (asked === "credentials that throw") throw new RpcError("UNAVAILABLE", "no");
        return asked === "credentials" ? {} : Promise.resolve({});
      }),
    };
  }

  private get service(): typeof Trial {
    const { one } = Trial.methods;
    const requestCodec: typeof one.requestCodec = {
      ...one.requestCodec,
      encodeInto: (message, writer) => {
        this.endAt("codec");
        one.requestCodec.encodeInto(message, writer);
      },
    };
    return { ...Trial, methods: { ...Trial.methods, one: { ...one, requestCodec } } };
  }

  private get policy(): BalancingPolicy<ChildPolicy> {
    const follower = {
      callStarted: () => {
        this.followed++;
        this.endAt("follower");
      },
      callEnded: () => void this.followed--,
      callLeft: () => void this.followed--,
    };
    return {
      name: "ends_calls",
      readConfig: (_json, readChild) => readChild([{ pick_first: {} }], "childPolicy"),
      make: (helper) =>
        helper.makeChild((state, picker) =>
          helper.updateState(state, {
            pick: (call) => {
              this.endAt(state === "READY" ? "picker, when it has waited" : "picker, as it begins to wait");
              this.endAt("picker");
              return followPick(picker.pick(call), follower);
            },
          })
        ),
    };
  }
}

for (const [how, serviceConfig] of CONFIGS) {
  for (const asked of ASKED) {
    test(`ended meanwhile: a call ${how} is ended by its ${asked}`, async () => {
      for (const end of ["signal", "reactor"] as const) {
        const left = await new World(asked, end, serviceConfig).run();
        assertEquals(left, ["CANCELLED", 0, 0, [0, 0], [0], []], end);
      }
    });
  }
}
