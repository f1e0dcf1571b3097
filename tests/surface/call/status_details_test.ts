// Details of a status: packed into trailing metadata, and typed again, from each style of server to each style of client.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Channel,
  type Codec,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  createReactorClient,
  EncodeError,
  errorDetails,
  Executor,
  genericClient,
  Metadata,
  onExecutor,
  PolledMethods,
  reactor,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  RpcError,
  selectPoller,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  ServerAsyncResponseWriter,
  type ServerInterceptor,
  startReactorWorkers,
  type StatusDetail,
  statusDetail,
} from "pollwire";
import { test } from "../../harness.ts";
import { one, queueServing } from "../queue/server_calls.ts";
import { collect, echo, failure, type Handlers, type Note, serving, Trial } from "../serving.ts";
import { whyNot } from "../workers/sharing.ts";
import { detailed, failing, Stock, stockTypes } from "./detailed_service.ts";

const HEADER = "grpc-status-details-bin";

/** What every one of the clients below finds in what every one of the servers below sends. */
function assertDetailed(error: RpcError | undefined): void {
  assert(error !== undefined);
  assertEquals([error.code, error.details], [9, "sold out"]);
  assertEquals(error.detail(errorDetails.ErrorInfo), {
    reason: "STOCKOUT",
    domain: "shop.example",
    metadata: { zone: "a" },
  });
  assertEquals(error.detail(Stock), { item: "pear", left: 0 });
  assertEquals(error.detail(errorDetails.Help), undefined);
  assertEquals(error.statusDetails.map(({ typeUrl }) => typeUrl), [
    "type.googleapis.com/google.rpc.ErrorInfo",
    "type.googleapis.com/google.rpc.BadRequest",
    "type.googleapis.com/shop.Stock",
  ]);
  assertEquals(error.metadata.get("x-other"), "kept");
}

/** A status made by hand: what protoc's Python makes of code 5, "no" and an ErrorInfo with reason "R". */
const BY_HAND = Uint8Array.from([
  [0x08, 5, 0x12, 2, 0x6e, 0x6f, 0x1a, 47, 0x0a, 40],
  [..."type.googleapis.com/google.rpc.ErrorInfo"].map((letter) => letter.charCodeAt(0)),
  [0x12, 3, 0x0a, 1, 0x52],
].flat());

test("status details: the octets are those of google.rpc.Status, both ways", () => {
  const error = new RpcError("NOT_FOUND", "no", {
    statusDetails: [statusDetail(errorDetails.ErrorInfo, { reason: "R" })],
  });
  assertEquals(error.metadata.get(HEADER), BY_HAND);
  const came = new RpcError(5, "no", { metadata: { [HEADER]: BY_HAND } });
  assertEquals(came.detail(errorDetails.ErrorInfo), { reason: "R", domain: "", metadata: {} });
  assertStrictEquals(came.statusDetails, came.statusDetails);
  const long = "x".repeat(40_000); // what is too large for a header is the transport's to refuse
  const details = [{ typeUrl: "", value: new Uint8Array(0) }, { typeUrl: long, value: new Uint8Array(300) }];
  assertEquals(new RpcError(5, long, { statusDetails: details }).statusDetails, details);
  const unknown = Uint8Array.of(8, 5, 0x7a, 1, 9, 26, 3, 0x7a, 1, 9); // fields that it does not have
  assertEquals(new RpcError(5, "", { metadata: { [HEADER]: unknown } }).statusDetails, [details[0]!]);
});

test("status details: the standard types are typed by name, an application's by its codec; others stay as they came", () => {
  const unknown = { typeUrl: "types.example/x/shop.Later", value: Uint8Array.of(8, 1) };
  const other = {
    ...statusDetail(errorDetails.RequestInfo, { requestId: "r" }),
    typeUrl: "a.example/b/google.rpc.RequestInfo",
  };
  const broken = { typeUrl: "type.googleapis.com/google.rpc.Help", value: Uint8Array.of(10, 200) };
  const error = new RpcError("INVALID_ARGUMENT", "", {
    statusDetails: [
      statusDetail(errorDetails.BadRequest, { fieldViolations: [{ field: "name", description: "empty" }] }),
      statusDetail(Stock, { item: "pear" }),
      unknown,
      broken,
      other,
    ],
  });
  assertEquals(error.detail(errorDetails.RequestInfo)?.requestId, "r");
  assertEquals(error.typedDetails(errorDetails).pop()!.type, "RequestInfo");
  const [first, stock, ...rest] = error.typedDetails(errorDetails);
  assert(first!.type === "BadRequest");
  assertEquals(first.message.fieldViolations[0]!.field, "name");
  assertEquals([stock!.type, stock!.message, stock!.typeUrl], [
    undefined,
    undefined,
    "type.googleapis.com/shop.Stock",
  ]);
  assertEquals(
    rest.slice(0, -1),
    [unknown, broken].map((one) => ({ ...one, type: undefined, message: undefined })),
  );
  const typed = error.typedDetails({ ...errorDetails, Stock })[1]!;
  assert(typed.type === "Stock");
  assertEquals(typed.message.item, "pear");
  assertEquals(error.detail(stockTypes["shop.Stock"] as Codec<{ item: string }>)?.item, "pear");
});

test("status details: every standard type goes there and back", () => {
  const details: StatusDetail[] = [
    statusDetail(errorDetails.RetryInfo, { retryDelay: { seconds: 3n, nanos: 5 } }),
    statusDetail(errorDetails.DebugInfo, { stackEntries: ["at a"], detail: "d" }),
    statusDetail(errorDetails.QuotaFailure, { violations: [{ subject: "s", quotaValue: 2n }] }),
    statusDetail(errorDetails.PreconditionFailure, { violations: [{ type: "TOS" }] }),
    statusDetail(errorDetails.RequestInfo, { requestId: "r" }),
    statusDetail(errorDetails.ResourceInfo, { resourceName: "n" }),
    statusDetail(errorDetails.Help, { links: [{ url: "https://a.example" }] }),
    statusDetail(errorDetails.LocalizedMessage, { locale: "de-CH", message: "Nein" }),
  ];
  const error = new RpcError("UNAVAILABLE", "later", { statusDetails: details });
  assertEquals(error.typedDetails(errorDetails).map(({ type }) => type), [
    "RetryInfo",
    "DebugInfo",
    "QuotaFailure",
    "PreconditionFailure",
    "RequestInfo",
    "ResourceInfo",
    "Help",
    "LocalizedMessage",
  ]);
  assertEquals(error.detail(errorDetails.RetryInfo)?.retryDelay, { seconds: 3n, nanos: 5 });
  assertEquals(error.detail(errorDetails.QuotaFailure)?.violations[0]?.quotaValue, 2n);
});

test("status details: what is given is checked, and metadata that is given stays its giver's", () => {
  const metadata = new Metadata({ a: "1" });
  const error = new RpcError("ABORTED", "", { metadata, statusDetails: [] });
  assertEquals([metadata.get(HEADER), error.metadata.get("a")], [undefined, "1"]);
  assertEquals(error.statusDetails, []);
  assertThrows(() => statusDetail(errorDetails.Help, { link: [] } as never), EncodeError, "google.rpc.Help");
  assertThrows(() => new RpcError(1, "", { statusDetails: [{} as never, 3 as never] }), EncodeError, "Any");
});

test("status details: a header that is malformed, doubled or of another code is no error: there are no details", async () => {
  const right = new RpcError("ABORTED", "stop", { statusDetails: [statusDetail(Stock, {})] }).metadata.get(
    HEADER,
  )!;
  const garbled: Array<[string, Metadata]> = [
    ["no message", new Metadata({ [HEADER]: Uint8Array.of(255, 255) })],
    ["another code", new Metadata({ [HEADER]: BY_HAND })],
    ["two of them", new Metadata([[HEADER, right], [HEADER, right]])],
    ["empty", new Metadata({ [HEADER]: new Uint8Array() })],
    ["a detail beyond its end", new Metadata({ [HEADER]: Uint8Array.of(8, 10, 26, 2, 10, 3, 97, 97, 97) })],
    ["a tag of no field", new Metadata({ [HEADER]: Uint8Array.of(8, 10, 0, 1) })],
  ];
  const handlers: Handlers = {
    one({ number = 0 }) {
      throw new RpcError("ABORTED", "stop", { metadata: garbled[number]![1] });
    },
  };
  await serving(handlers, async ({ client }) => {
    for (const [number, [what]] of garbled.entries()) {
      const error = await failure(client.one({ number }));
      assertEquals([what, error.code, error.details, error.statusDetails], [what, 10, "stop", []]);
      assertEquals(error.typedDetails(errorDetails), []);
      assert(error.metadata.has(HEADER), what);
    }
  });
});

/** How the error of a unary call is had in each style of client. */
const CLIENTS: Record<string, (channel: Channel) => Promise<RpcError | undefined>> = {
  promise: (channel) => failure(createClient(Trial, channel).one({})),
  intercepted: (channel) =>
    failure(createClient(Trial, channel, { interceptors: [(next) => (call) => next(call)] }).one({})),
  generic: (channel) => failure(genericClient(channel).unary("/trial.Trial/One", new Uint8Array())),
  reactor: (channel) =>
    new Promise((resolve) => createReactorClient(Trial, channel).one({}, (status) => resolve(status.error))),
  async queue(channel) {
    const queue = new CompletionQueue<string>();
    const call = createQueueClient(Trial, channel, queue).asyncOne({});
    call.finish("done");
    await queue.next();
    queue.shutdown();
    return call.status!.error;
  },
  async batch(channel) {
    const queue = new CompletionQueue<string>();
    const call = createCall(channel, "/trial.Trial/One", { queue });
    const status = receiveStatusOnClient();
    call.startBatch([
      sendInitialMetadata(),
      sendMessage(new Uint8Array()),
      sendCloseFromClient(),
      receiveInitialMetadata(),
      receiveMessage(),
      status,
    ], "done");
    await queue.next();
    queue.shutdown();
    return status.status!.error;
  },
};

for (const [style, call] of Object.entries(CLIENTS)) {
  test(`status details: a client of the ${style} style has them`, async () => {
    const handlers: Handlers = {
      one() {
        throw detailed();
      },
    };
    await serving(handlers, async ({ channel }) => assertDetailed(await call(channel)));
  });
}

/** Handlers that end so in each style of server that is one of `serving`. */
const HANDLERS: Record<string, () => Handlers> = {
  "promise style": () => ({ one: () => Promise.reject(detailed()) }),
  "reactor that finishes": () => ({
    one: reactor((context) => {
      const made = context.defaultReactor();
      made.finish(detailed());
      return made;
    }),
  }),
  "reactor that throws": () => ({
    one: reactor(() => {
      throw detailed();
    }),
  }),
};

for (const [style, handlers] of Object.entries(HANDLERS)) {
  test(`status details: a server's ${style} sends them`, async () => {
    await serving(handlers(), async ({ client }) => assertDetailed(await failure(client.one({}))));
  });
}

test("status details: a stream that ends so has sent its messages, and an interceptor may end a call so", async () => {
  const handlers: Handlers = {
    async *down() {
      yield { number: 1 };
      await Promise.resolve();
      throw detailed();
    },
  };
  await serving(handlers, async ({ client }) => {
    const got: Note[] = [];
    const reading = async () => {
      for await (const note of client.down({})) got.push(note);
    };
    assertDetailed(await failure(reading()));
    assertEquals(got.length, 1);
  });
  const refusing: ServerInterceptor = () => () => Promise.reject(detailed());
  await serving(echo, async ({ client }) => {
    assertDetailed(await failure(client.one({})));
    assertDetailed(await failure(collect(client.down({}))));
  }, { server: { interceptors: [refusing] } });
});

test("status details: a call over a completion queue finishes with them", async () => {
  await queueServing(async ({ calls, queue, client }) => {
    const responder = new ServerAsyncResponseWriter<Note, Note>();
    calls.request(one, responder, { queue }, "there");
    const answer = failure(client.one({}));
    await queue.next();
    responder.finishWithError(detailed(), "sent");
    await queue.next();
    assertDetailed(await answer);
  });
});

test("status details: a polled method throws them", async () => {
  const server = new Server();
  const polled = new PolledMethods(server, { minPollers: 1, maxPollers: 1 });
  server.addService(Trial, { one: polled.method(failing) });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  try {
    assertDetailed(await failure(createClient(Trial, channel).one({})));
  } finally {
    channel.close();
    await server.shutdown();
  }
});

test("status details: a method on an executor throws them on its thread", async () => {
  const executor = new Executor({ maxThreads: 1 });
  const module = new URL("./detailed_service.ts", import.meta.url);
  try {
    await serving(
      { one: onExecutor(module, "failing", { executor }) },
      async ({ client }) => assertDetailed(await failure(client.one({}))),
    );
  } finally {
    await executor.shutdown();
  }
});

const poller = selectPoller().name;
const noWorkers = whyNot("reuse-port", poller) && whyNot("boss", poller);

test("status details: a reactor worker sends them", async () => {
  const module = new URL("./detailed_service.ts", import.meta.url);
  const workers = await startReactorWorkers({ module, address: "127.0.0.1:0", threads: 1, poller });
  try {
    const channel = new Channel(`127.0.0.1:${workers.port}`);
    assertDetailed(await failure(createClient(Trial, channel).one({})));
    await channel[Symbol.asyncDispose]();
  } finally {
    await workers.shutdown({ graceMs: 500 });
  }
}, { skip: noWorkers, timeoutMs: 120_000 });
