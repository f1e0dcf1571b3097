// Random policies against servers that fail, hang, refuse and disappear at random: no call is lost, none executes more often
// than its policy allows, nothing is sent out of order, and nothing is kept afterwards.
import { assert, assertEquals } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  createClient,
  insecure,
  type Logger,
  RpcError,
  Server,
  type ServerCall,
  Status,
  type StatusCode,
} from "pollwire";
import { SeededRandom } from "../../../../pollers/simulated/seeded_random.ts";
import { type SimulatedEngine, Simulation } from "../../../../pollers/simulated/mod.ts";
import { callContext } from "../../../../surface/channel/channel.ts";
import { test } from "../../../harness.ts";
import { collect, type Note, Trial } from "../../serving.ts";

const CALLS = 40;
const RETRYABLE = ["UNAVAILABLE", "ABORTED"] as const;
const FATAL = ["NOT_FOUND", "FAILED_PRECONDITION"] as const;

/** A server says that handlers of calls that have ended keep others waiting: these sleep. */
const SILENT: Logger = { error() {}, warn() {}, info() {}, debug() {} };

/** What a server does with an attempt. */
type Deed = "answer" | "retryable" | "fatal" | "commit and fail" | "slow answer";

/** One execution, as the server's own log has it. */
interface Execution {
  readonly before: number;
  readonly at: number;
  readonly deed: Deed;
  readonly requests: string;
  /** What it says of the next attempt. */
  readonly pushback: string | undefined;
}

/** See the head of this file. */
class Chaos {
  readonly random: SeededRandom;
  readonly simulation: Simulation;
  readonly executions = new Map<string, Execution[]>();
  /** What was reported: nothing of it is the application's. */
  readonly errors: unknown[] = [];
  private readonly servers: Server[] = [];
  private readonly hosts: SimulatedEngine[];
  readonly client: SimulatedEngine;
  readonly hedges: boolean;
  readonly most: number;
  readonly policy: object;
  readonly throttling: object | undefined;
  /** No connection breaks. */
  readonly isCalm: boolean;
  private readonly reliable: number;
  private readonly maxStreams: number;

  constructor(readonly seed: number) {
    const random = this.random = new SeededRandom(seed);
    this.simulation = new Simulation({ seed, traceLines: 0 });
    this.hosts = [1, 2].map(() => this.simulation.host());
    this.client = this.simulation.host();
    this.hedges = random.chance(0.4);
    this.most = random.between(2, 5);
    this.reliable = random.next();
    this.isCalm = random.chance(0.5);
    this.maxStreams = random.pick([2, 3, 100]);
    this.throttling = random.chance(0.5) ? { maxTokens: random.between(1, 50), tokenRatio: 0.1 } : undefined;
    const ms = (least: number, most: number) => `${random.between(least, most) / 1_000}s`;
    this.policy = this.hedges
      ? {
        hedgingPolicy: {
          maxAttempts: this.most,
          hedgingDelay: random.chance(0.3) ? "0s" : ms(1, 100),
          nonFatalStatusCodes: RETRYABLE,
        },
      }
      : {
        retryPolicy: {
          maxAttempts: this.most,
          initialBackoff: ms(1, 50),
          maxBackoff: ms(1, 200),
          backoffMultiplier: 1 + random.next(),
          retryableStatusCodes: RETRYABLE,
        },
      };
  }

  async listen(): Promise<void> {
    for (const host of this.hosts) {
      const settings = { maxConcurrentStreams: this.maxStreams };
      const server = new Server({ poller: host, credentials: insecure, settings, logger: SILENT });
      server.addService(Trial, {
        one: async (request, call) => (await this.execute(request.text!, "1", call), request),
        up: async (requests, call) => {
          const notes = await collect(requests);
          const { text } = notes[0]!;
          await this.execute(text!, notes.map(({ number }) => number).join(), call);
          return { text: text! };
        },
      });
      await server.listen("0.0.0.0:80");
      this.servers.push(server);
    }
  }

  private async execute(id: string, requests: string, call: ServerCall): Promise<void> {
    const { random, simulation } = this;
    const before = Number(call.metadata.get("grpc-previous-rpc-attempts") ?? 0);
    const deeds: Deed[] = ["retryable", "fatal", "commit and fail", "slow answer"];
    const deed = random.chance(this.reliable) ? "answer" : random.pick(deeds);
    const list = this.executions.get(id) ?? [];
    const fails = deed === "retryable" || deed === "commit and fail";
    const pushback = fails && random.chance(0.2) ? random.pick(["0", "20", "-1", "x"]) : undefined;
    this.executions.set(id, [...list, { before, at: simulation.now, deed, requests, pushback }]);
    if (deed === "slow answer") await simulation.sleep(random.between(1, 300));
    if (deed === "commit and fail") call.sendMetadata({});
    if (deed === "fatal") throw new RpcError(random.pick(FATAL), deed);
    if (deed === "answer" || deed === "slow answer") return;
    throw new RpcError(random.pick(RETRYABLE), deed, {
      metadata: pushback === undefined ? {} : { "grpc-retry-pushback-ms": pushback },
    });
  }

  /** Connections break now and then. */
  disturb(): void {
    if (this.isCalm) return;
    for (let i = this.random.below(4); i > 0; i--) {
      this.simulation.schedule(this.random.between(0, 400), () => this.simulation.network.resetSome(0.5));
    }
  }

  channel(): Channel {
    const { random, policy, hosts } = this;
    return new Channel(`ipv4:${hosts.map(({ hostAddress }) => `${hostAddress}:80`).join()}`, {
      poller: this.client,
      credentials: insecure,
      onError: (error) => void this.errors.push(error),
      initialBackoffMs: 20,
      serviceConfig: {
        loadBalancingConfig: [{ [random.pick(["pick_first", "round_robin"])]: {} }],
        methodConfig: [{ name: [{}], ...policy }],
        ...(this.throttling === undefined ? {} : { retryThrottling: this.throttling }),
      },
    } as ChannelOptions);
  }

  close(): void {
    for (const server of this.servers) server.close();
  }
}

/** What became of a call that is judged by the log of its executions. */
function judge(chaos: Chaos, id: string, code: StatusCode, requests: string): void {
  const executions = chaos.executions.get(id) ?? [];
  const what = `seed ${chaos.seed}, ${id}: ${code} after ${JSON.stringify(executions)}, ${
    JSON.stringify(chaos.policy)
  }`;
  // A stream that a lost connection took with it may have been executed, and its attempt is one of the policy's.
  assert(executions.length <= chaos.most, what);
  assert(executions.every((one) => one.requests === requests), what);
  const befores = executions.map(({ before }) => before);
  assertEquals(new Set(befores).size, befores.length, what);
  assert(befores.every((before) => before < chaos.most), what);
  if (code === Status.OK) assert(executions.some(({ deed }) => deed.endsWith("answer")), what);
  const settled = executions.some(({ deed, pushback }) =>
    deed === "commit and fail" || (pushback !== undefined && !/^[0-9]+$/.test(pushback))
  );
  const isRetryable = code === Status.UNAVAILABLE || code === Status.ABORTED;
  if (chaos.isCalm && chaos.throttling === undefined && isRetryable) {
    assert(settled || executions.length === chaos.most, what); // it was made as often as it may be
  }
  if (!chaos.hedges) {
    assertEquals(befores, [...befores].sort((one, other) => one - other), what);
    // Nothing follows an attempt that was answered, or failed for good, unless a lost connection took that with it.
    const last = executions.findIndex(({ deed }) => deed === "fatal" || deed === "commit and fail");
    assert(!chaos.isCalm || last < 0 || last === executions.length - 1, what);
  }
}

async function run(seed: number): Promise<void> {
  const chaos = new Chaos(seed);
  const { random, simulation } = chaos;
  await chaos.listen();
  chaos.disturb();
  const channel = chaos.channel();
  const client = createClient(Trial, channel);
  const { keptRequests } = callContext("test", channel);
  const judged: Array<() => void> = [];
  let ended = 0;
  for (let i = 0; i < CALLS; i++) {
    const id = `call ${i}`;
    const count = random.chance(0.5) ? 1 : random.between(2, 5);
    const options = random.chance(0.2) ? { deadlineMs: random.between(1, 300) } : {};
    simulation.schedule(random.between(0, 300), () => {
      const numbers = Array.from({ length: count }, (_, number) => number + 1);
      const requests = numbers.map((number): Note => ({ text: id, number }));
      const call = count === 1 ? client.one(requests[0]!, options) : client.up(requests, options);
      const end = (code: StatusCode): void => {
        ended++;
        judged.push(() => judge(chaos, id, code, numbers.join()));
      };
      call.then(() => end(Status.OK), ({ code }: RpcError) => end(code));
    });
  }
  await simulation.run({ until: 30_000 });
  assertEquals([seed, ended], [seed, CALLS]);
  assertEquals([seed, chaos.errors], [seed, []]);
  for (const one of judged) one();
  assertEquals([seed, keptRequests!.bytes], [seed, 0]);
  channel.close();
  chaos.close();
  await simulation.run();
  assertEquals([seed, chaos.client.opened.size], [seed, 0]);
}

test("[C54] [C57] [C62] random policies against servers that fail at random, seeds 1 to 60", async () => {
  for (let seed = 1; seed <= 60; seed++) await run(seed);
});
