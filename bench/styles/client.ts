// Unary calls in the style that `--style` names, `--streams` at a time: takes the arguments of `contenders/drive.mjs`, and
// prints the same figures.
import {
  Channel,
  ClientUnaryReactor,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  createReactorClient,
  createSyncClient,
  genericClient,
  receiveInitialMetadata,
  type ReceiveMessage,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
} from "pollwire";
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { Tally } from "../load/tally.ts";
import { Echo, type Payload } from "./echo.ts";

const { unary } = Echo.methods;

/** How each style keeps one call after another going, for ever; `answered` counts a response. */
const STYLES: Record<string, (streams: number) => void> = {
  promise: (streams) => {
    const client = createClient(Echo, channel);
    const loop = async () => {
      for (;;) answered(await client.unary(payload));
    };
    for (let i = 0; i < streams; i++) void loop();
  },
  octets: (streams) => {
    const client = genericClient(channel);
    const octets = unary.requestCodec.encode(payload);
    const loop = async () => {
      for (;;) count((await client.unary(unary.path, octets)).length === octets.length);
    };
    for (let i = 0; i < streams; i++) void loop();
  },
  callback: (streams) => {
    const client = createReactorClient(Echo, channel);
    const next = () =>
      client.unary(payload, (_status, response) => {
        answered(response);
        next();
      });
    for (let i = 0; i < streams; i++) next();
  },
  reactor: (streams) => {
    const client = createReactorClient(Echo, channel);
    class Once extends ClientUnaryReactor<Payload> {
      override onDone(): void {
        answered(this.response);
        next();
      }
    }
    const next = () => client.unary(payload, new Once()).startCall();
    for (let i = 0; i < streams; i++) next();
  },
  batches: (streams) => {
    const queue = new CompletionQueue<ReceiveMessage<Payload>>({ poller });
    for (let i = 0; i < streams; i++) {
      const response = receiveMessage<Payload>();
      startBatch(queue, response, response);
    }
    void drain(queue);
  },
  async: (streams) => {
    const queue = new CompletionQueue<() => void>({ poller });
    const client = createQueueClient(Echo, channel, queue);
    const next = () => {
      const call = client.asyncUnary(payload);
      call.finish(() => {
        answered(call.response);
        next();
      });
    };
    for (let i = 0; i < streams; i++) next();
    void callTags(queue);
  },
  "batches-callback": (streams) => {
    const queue = new CompletionQueue<() => void>({ poller, completionType: "CALLBACK" });
    const next = () => {
      const response = receiveMessage<Payload>();
      startBatch(queue, response, () => {
        answered(response.message);
        next();
      });
    };
    for (let i = 0; i < streams; i++) next();
  },
};

/** Over the three addresses of a server, each as if it were one. */
const POLICIES: Record<string, Record<string, object>> = {
  round_robin: { round_robin: {} },
  least_request: { least_request: {} },
  weighted_round_robin: { weighted_round_robin: {} },
  outlier_detection: { outlier_detection: { successRateEjection: {}, childPolicy: [{ round_robin: {} }] } },
};

const { port, streams, bytes, seconds, poller, style, policy, ...rest } = readArguments(
  "Loads a server of the bench in a style of API; the bench starts it.",
  {
    port: 0,
    kind: "unary",
    connections: 1,
    streams: 1,
    bytes: 16,
    seconds: 1,
    "warm-up": 500,
    poller: "native",
    style: ["promise", "style of the calls", [...Object.keys(STYLES), "blocking", "blocking-spin"]],
    policy: ["none", "what balances over three addresses", ["none", ...Object.keys(POLICIES)]],
  },
);
const channel = policy === "none"
  ? new Channel(`127.0.0.1:${port}`, { poller })
  : new Channel(`ipv4:127.0.0.1:${port},127.0.0.2:${port},127.0.0.3:${port}`, {
    poller,
    serviceConfig: { loadBalancingConfig: [POLICIES[policy]!] },
  });
const payload: Payload = { body: new Uint8Array(bytes).fill(120) };
const tally = new Tally(() => performance.now());

if (style.startsWith("blocking")) {
  const client = createSyncClient(Echo, channel, { spinMs: style === "blocking" ? 0 : 1 });
  await measure((ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end) answered(client.unary(payload));
  });
} else {
  STYLES[style]!(streams);
  await measure((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
}
process.exit(0);

/** Prints what is done while `pass`, which lets so many milliseconds pass, does that. */
async function measure(pass: (ms: number) => Promise<void> | void): Promise<void> {
  await pass(rest["warm-up"]);
  tally.restart();
  console.log("measuring");
  const before = process.cpuUsage();
  await pass(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  const { rss } = process.memoryUsage();
  console.log(JSON.stringify({ ...tally.figures(), cpuMicroseconds: user + system, rssBytes: rss }));
}

function answered(response: Payload | undefined): void {
  count(response?.body.length === bytes);
}

function count(right: boolean): void {
  tally.count++;
  if (!right) tally.wrong++;
}

/** A whole call in one batch. */
function startBatch<Tag>(
  queue: CompletionQueue<Tag>,
  response: ReceiveMessage<Payload>,
  tag: Tag,
): void {
  createCall(channel, unary, { queue }).startBatch([
    sendInitialMetadata(),
    sendMessage(payload),
    sendCloseFromClient(),
    receiveInitialMetadata(),
    response,
    receiveStatusOnClient(),
  ], tag);
}

async function drain(queue: CompletionQueue<ReceiveMessage<Payload>>): Promise<void> {
  for await (const { tag } of queue) {
    answered(tag.message);
    const next = receiveMessage<Payload>();
    startBatch(queue, next, next);
  }
}

async function callTags(queue: CompletionQueue<() => void>): Promise<void> {
  for await (const { tag } of queue) tag();
}
