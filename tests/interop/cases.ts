// The cases of gRPC's interop tests, each as its description says: what it calls, and what it asserts
// (https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md#client).
import { type CallOptions, type Channel, type Client, createClient, Status, uncompressed } from "pollwire";
import { CaseFailure, expectEqual, expectPayload, expectStatus } from "./expect.ts";
import { Requests } from "./requests.ts";
import {
  ECHO_INITIAL,
  ECHO_TRAILING,
  type InputRequest,
  type OutputRequest,
  type OutputResponse,
  type SimpleRequest,
  TestService,
  UnimplementedService,
} from "./service.ts";
import { channelSoak, rpcSoak, type SoakOptions } from "./soak.ts";

/** What a case is given. */
export interface CaseContext {
  readonly channel: Channel;
  readonly client: Client<typeof TestService>;
  /** Makes another channel to the same server; whoever asks for it closes it. */
  readonly connect: () => Channel;
  readonly soak: SoakOptions;
}

type Case = (context: CaseContext) => Promise<void>;

/** Sizes of the payloads of the streaming cases, as the descriptions have them. */
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;

const STATUS = { code: Status.UNKNOWN, message: "test status message" };
const SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
const INITIAL_VALUE = "test_initial_metadata_value";
const TRAILING_VALUE = new Uint8Array([0xab, 0xab, 0xab]);

const zeros = (size: number) => ({ body: new Uint8Array(size) });

/** One request for one response. */
function exchange(requestSize: number, responseSize: number): OutputRequest {
  return { responseParameters: [{ size: responseSize }], payload: zeros(requestSize) };
}

function largeRequest(): SimpleRequest {
  return { responseSize: LARGE_RESPONSE, payload: zeros(LARGE_REQUEST) };
}

/** The sizes of all `responses`; their bytes are checked to be zero. */
async function sizesOf(responses: AsyncIterable<OutputResponse>): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { payload } of responses) {
    const size = payload?.body?.length ?? 0;
    sizes.push(size);
    expectPayload(`response ${sizes.length}`, payload, size);
  }
  return sizes;
}

async function customMetadata(call: (options: CallOptions) => Promise<void>, what: string): Promise<void> {
  const seen = { initial: [] as unknown[], trailing: [] as unknown[] };
  await call({
    metadata: { [ECHO_INITIAL]: INITIAL_VALUE, [ECHO_TRAILING]: TRAILING_VALUE },
    onHeaders: (metadata) => seen.initial = metadata.getAll(ECHO_INITIAL),
    onTrailers: (metadata) => seen.trailing = metadata.getAll(ECHO_TRAILING),
  });
  expectEqual(`initial metadata ${ECHO_INITIAL} of ${what}`, seen.initial.join(), INITIAL_VALUE);
  expectEqual(`trailing metadata ${ECHO_TRAILING} of ${what}`, seen.trailing.join(), TRAILING_VALUE.join());
}

/** Every case by its name, in the order of the descriptions. */
export const CASES: Readonly<Record<string, Case>> = {
  async empty_unary({ client }) {
    const response = await client.emptyCall({});
    if (response === null || response === undefined) throw new CaseFailure("EmptyCall gave no response");
  },

  async large_unary({ client }) {
    const { payload } = await client.unaryCall(largeRequest());
    expectPayload("the response", payload, LARGE_RESPONSE);
  },

  async client_streaming({ client }) {
    const requests = REQUEST_SIZES.map((size): InputRequest => ({ payload: zeros(size) }));
    const { aggregatedPayloadSize } = await client.streamingInputCall(requests);
    expectEqual("aggregated_payload_size", aggregatedPayloadSize, 74922);
  },

  async server_streaming({ client }) {
    const responseParameters = RESPONSE_SIZES.map((size) => ({ size }));
    const sizes = await sizesOf(client.streamingOutputCall({ responseParameters }));
    expectEqual("the sizes of the responses", sizes.join(", "), RESPONSE_SIZES.join(", "));
  },

  async ping_pong({ client }) {
    const requests = new Requests<OutputRequest>();
    const responses = client.fullDuplexCall(requests);
    for (const [i, size] of RESPONSE_SIZES.entries()) {
      requests.push(exchange(REQUEST_SIZES[i]!, size));
      const { value, done } = await responses.next();
      if (done) {
        throw new CaseFailure(`the call ended after ${i} responses, expected ${RESPONSE_SIZES.length}`);
      }
      expectPayload(`response ${i + 1}`, value.payload, size);
    }
    requests.end();
    expectEqual("responses after half-close", (await sizesOf(responses)).length, 0);
  },

  async empty_stream({ client }) {
    expectEqual("the number of responses", (await sizesOf(client.fullDuplexCall([]))).length, 0);
  },

  async custom_metadata({ client }) {
    await customMetadata(async (options) => {
      const { payload } = await client.unaryCall(largeRequest(), options);
      expectPayload("the response of UnaryCall", payload, LARGE_RESPONSE);
    }, "UnaryCall");
    await customMetadata(async (options) => {
      const responses = client.fullDuplexCall([exchange(LARGE_REQUEST, LARGE_RESPONSE)], options);
      expectEqual(
        "the sizes of FullDuplexCall",
        (await sizesOf(responses)).join(", "),
        String(LARGE_RESPONSE),
      );
    }, "FullDuplexCall");
  },

  async status_code_and_message({ client }) {
    const { code, message } = STATUS;
    await expectStatus("UnaryCall", client.unaryCall({ responseStatus: STATUS }), code, message);
    const responses = client.fullDuplexCall([{ responseStatus: STATUS }]);
    await expectStatus("FullDuplexCall", sizesOf(responses), code, message);
  },

  async special_status_message({ client }) {
    const call = client.unaryCall({ responseStatus: { code: Status.UNKNOWN, message: SPECIAL_MESSAGE } });
    await expectStatus("UnaryCall", call, Status.UNKNOWN, SPECIAL_MESSAGE);
  },

  async unimplemented_method({ client }) {
    await expectStatus("UnimplementedCall", client.unimplementedCall({}), Status.UNIMPLEMENTED);
  },

  async unimplemented_service({ channel }) {
    const call = createClient(UnimplementedService, channel).unimplementedCall({});
    await expectStatus("UnimplementedService", call, Status.UNIMPLEMENTED);
  },

  async cancel_after_begin({ client }) {
    const cancel = new AbortController();
    // Requests are asked for once the stream is open: its metadata has been sent, and no payload.
    // deno-lint-ignore require-yield
    const requests = async function* (): AsyncGenerator<InputRequest> {
      cancel.abort();
    };
    const call = client.streamingInputCall(requests(), { signal: cancel.signal });
    await expectStatus("StreamingInputCall", call, Status.CANCELLED);
  },

  async cancel_after_first_response({ client }) {
    const cancel = new AbortController();
    const requests = new Requests<OutputRequest>(exchange(REQUEST_SIZES[0]!, RESPONSE_SIZES[0]!));
    const responses = client.fullDuplexCall(requests, { signal: cancel.signal });
    const { value } = await responses.next();
    expectPayload("the first response", value?.payload, RESPONSE_SIZES[0]!);
    cancel.abort();
    await expectStatus("FullDuplexCall", sizesOf(responses), Status.CANCELLED);
    requests.end();
  },

  async timeout_on_sleeping_server({ client }) {
    const requests = new Requests<OutputRequest>({ payload: zeros(REQUEST_SIZES[0]!) });
    const responses = client.fullDuplexCall(requests, { deadlineMs: 1 });
    await expectStatus("FullDuplexCall", sizesOf(responses), Status.DEADLINE_EXCEEDED);
    requests.end();
  },

  rpc_soak: ({ soak, connect }) => rpcSoak(soak, connect),
  channel_soak: ({ soak, connect }) => channelSoak(soak, connect),
};

/** How the messages came that `run` received: whether each was compressed. */
async function compressionOf(channel: Channel, run: () => Promise<void>): Promise<boolean[]> {
  const seen: boolean[] = [];
  const unwatch = channel.observe({
    onMessageReceived: (_call, bytes, wireBytes) => void seen.push(bytes !== wireBytes),
  });
  await run();
  unwatch();
  return seen;
}

const GZIP: CallOptions = { compression: "gzip" };
const [TRUE, FALSE] = [{ value: true }, { value: false }];

/** The cases that want messages compressed, or not, and a server that looks. */
const COMPRESSED: Readonly<Record<string, Case>> = {
  async client_compressed_unary({ client }) {
    const probe = client.unaryCall(uncompressed({ ...largeRequest(), expectCompressed: TRUE }), GZIP);
    await expectStatus("the probe", probe, Status.INVALID_ARGUMENT);
    const compressed = await client.unaryCall({ ...largeRequest(), expectCompressed: TRUE }, GZIP);
    expectPayload("the response to the compressed request", compressed.payload, LARGE_RESPONSE);
    const plain = await client.unaryCall({ ...largeRequest(), expectCompressed: FALSE });
    expectPayload("the response to the uncompressed request", plain.payload, LARGE_RESPONSE);
  },

  async server_compressed_unary({ client, channel }) {
    for (const responseCompressed of [TRUE, FALSE]) {
      const seen = await compressionOf(channel, async () => {
        const { payload } = await client.unaryCall({ ...largeRequest(), responseCompressed });
        expectPayload("the response", payload, LARGE_RESPONSE);
      });
      expectEqual("whether the response is compressed", seen.join(), String(responseCompressed.value));
    }
  },

  async client_compressed_streaming({ client }) {
    const probe = uncompressed({ expectCompressed: TRUE, payload: zeros(REQUEST_SIZES[0]!) });
    await expectStatus("the probe", client.streamingInputCall([probe], GZIP), Status.INVALID_ARGUMENT);
    const { aggregatedPayloadSize } = await client.streamingInputCall([
      { expectCompressed: TRUE, payload: zeros(27182) },
      uncompressed({ expectCompressed: FALSE, payload: zeros(45904) }),
    ], GZIP);
    expectEqual("aggregated_payload_size", aggregatedPayloadSize, 73086);
  },

  async server_compressed_streaming({ client, channel }) {
    const responseParameters = [{ compressed: TRUE, size: 31415 }, { compressed: FALSE, size: 92653 }];
    const seen = await compressionOf(channel, async () => {
      const sizes = await sizesOf(client.streamingOutputCall({ responseParameters }));
      expectEqual("the sizes of the responses", sizes.join(", "), "31415, 92653");
    });
    expectEqual("whether each response is compressed", seen.join(), "true,false");
  },
};

/** All cases, those too that few servers have. */
export const ALL_CASES: Readonly<Record<string, Case>> = { ...CASES, ...COMPRESSED };

/** The names of the cases of compression. */
export const COMPRESSED_NAMES: readonly string[] = Object.keys(COMPRESSED);

/** How one case ended. */
export interface Outcome {
  readonly name: string;
  readonly ms: number;
  /** Why it failed. */
  readonly failure?: string;
}

/** How cases are run. */
export interface RunOptions {
  readonly soak: SoakOptions;
  /** Milliseconds after which a case has failed. */
  readonly limitMs: number;
}

/** Runs one case on a channel of its own. */
export async function runCase(
  name: string,
  connect: () => Channel,
  { soak, limitMs }: RunOptions,
): Promise<Outcome> {
  const startedAt = performance.now();
  const channel = connect();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CaseFailure(`still running after ${limitMs} ms`)), limitMs);
  });
  const context = { channel, client: createClient(TestService, channel), connect, soak };
  try {
    await Promise.race([connected(channel).then(() => ALL_CASES[name]!(context)), limit]);
    return { name, ms: performance.now() - startedAt };
  } catch (error) {
    return { name, ms: performance.now() - startedAt, failure: (error as Error).message };
  } finally {
    clearTimeout(timer);
    await channel[Symbol.asyncDispose]();
  }
}

/** Resolves when `channel` has tried to connect, so that a case's time is that of its calls; they say why it failed. */
async function connected(channel: Channel): Promise<void> {
  channel.connect();
  while (channel.state === "CONNECTING") await channel.stateChange("CONNECTING");
}
