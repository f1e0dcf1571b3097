// What stands beside a call, whatever its style: a server's interceptor admits it, and observers of both sides see it.
import "../shared_engines.ts";
import { assertEquals } from "@std/assert";
import {
  Channel,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  createReactorClient,
  type EndedCall,
  Executor,
  genericClient,
  genericReactorClient,
  onExecutor,
  PolledMethods,
  queueMethod,
  QueueServer,
  raw,
  reactor,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  ServerAsyncResponseWriter,
  ServerBidiReactor,
  type ServiceHandlers,
  Status,
} from "pollwire";
import { test } from "../harness.ts";
import { type Note, Trial, until } from "./serving.ts";

type Handler = ServiceHandlers<typeof Trial>["one"];
const { one } = Trial.methods;
const NOTE: Note = { text: "a", body: new Uint8Array(1) };
const OCTETS = one.requestCodec.encode(NOTE);

/** What a test has to end of its server. */
type End = () => unknown;

/** Calls of a queue server whose loop requests the next one and answers this one. */
function queueHandler(server: Server): [Handler, End] {
  const calls = new QueueServer(server);
  const queue = new CompletionQueue<() => void>();
  calls.registerCompletionQueue(queue);
  const request = (): void => {
    const responder = new ServerAsyncResponseWriter<Note, Note, () => void>();
    calls.request(one, responder, { queue }, () => {
      request();
      responder.finish(responder.request, { code: Status.OK }, () => {});
    });
  };
  const run = async (): Promise<void> => {
    for await (const { tag, success } of queue) if (success) tag();
  };
  queueMicrotask(() => {
    request();
    void run();
  });
  return [queueMethod(calls) as Handler, () => queue.shutdown()];
}

class Echo extends ServerBidiReactor<Uint8Array, Uint8Array> {
  override onReadDone(ok: boolean): void {
    if (ok) this.startWrite(this.message);
    else this.finish(Status.OK);
  }
  override onWriteDone(): void {
    this.startRead();
  }
}

/** How a server has `One` echo, by style. */
const SERVERS: Readonly<Record<string, (server: Server) => [Handler | undefined, End?]>> = {
  "a function": () => [(note) => note],
  "octets": () => [raw((octets) => octets)],
  "a reactor": () => [reactor((context, note) => context.defaultReactor().respond(note))],
  "a completion queue": queueHandler,
  "pollers of a queue": (server) => [new PolledMethods(server).method((note: Note) => note) as Handler],
  "an executor": () => {
    const executor = new Executor();
    const module = new URL("./promise/executor_methods.ts", import.meta.url);
    return [onExecutor(module, "default", { executor }) as Handler, () => executor.shutdown()];
  },
  "a generic function": (server) => {
    server.addGenericService((requests) => requests);
    return [undefined];
  },
  "a generic reactor": (server) => {
    server.addGenericService(reactor((context) => {
      const made = new Echo(context);
      made.startRead();
      return made;
    }));
    return [undefined];
  },
};

/** A call of each style; gives its status. */
const CLIENTS: Readonly<
  Record<string, (channel: Channel, metadata: Record<string, string>) => Promise<number>>
> = {
  promise: (channel, metadata) => codeOf(createClient(Trial, channel).one(NOTE, { metadata })),
  generic: (channel, metadata) => codeOf(genericClient(channel).unary(one.path, OCTETS, { metadata })),
  reactor: (channel, metadata) =>
    new Promise((resolve) =>
      createReactorClient(Trial, channel).one(NOTE, ({ code }) => resolve(code), { metadata })
    ),
  "generic reactor": (channel, metadata) =>
    new Promise((resolve) =>
      genericReactorClient(channel).unary(one.path, OCTETS, ({ code }) => resolve(code), { metadata })
    ),
  batch: (channel, metadata) =>
    queued(async (queue) => {
      const status = receiveStatusOnClient();
      createCall(channel, one, { queue }).startBatch([
        sendInitialMetadata(metadata),
        sendMessage(NOTE),
        sendCloseFromClient(),
        receiveInitialMetadata(),
        receiveMessage<Note>(),
        status,
      ], "all");
      await queue.next();
      return status.status!.code;
    }),
  "typed queue": (channel, metadata) =>
    queued(async (queue) => {
      const call = createQueueClient(Trial, channel, queue).asyncOne(NOTE, { metadata });
      call.finish("all");
      await queue.next();
      return call.status!.code;
    }),
};

async function codeOf(call: PromiseLike<unknown>): Promise<number> {
  return await call.then(() => Status.OK, (error: RpcError) => error.code);
}

async function queued(use: (queue: CompletionQueue<string>) => Promise<number>): Promise<number> {
  const queue = new CompletionQueue<string>();
  try {
    return await use(queue);
  } finally {
    queue.shutdown();
    await queue.next();
  }
}

/** Admits calls with the password, after a turn of the loop; `admitted` are those. */
function guarded(admitted: string[]): Server {
  return new Server({
    interceptors: [(next) => async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (call.metadata.get("password") !== "sesame") throw new RpcError("PERMISSION_DENIED", "closed");
      admitted.push(call.path);
      return await next(call);
    }],
  });
}

for (const [style, serve] of Object.entries(SERVERS)) {
  test(`[Q119] ${style}: interceptors admit calls of every style, and observers of both sides see them`, async () => {
    const admitted: string[] = [];
    const server = guarded(admitted);
    const [handler, end] = serve(server);
    if (handler !== undefined) server.addService(Trial, { one: handler });
    const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    const seen = { client: [] as string[], server: [] as string[] };
    const onCallEnd = ({ side, method, status, messagesSent, messagesReceived }: EndedCall): void =>
      void seen[side].push(`${method} ${status} ${messagesSent} ${messagesReceived}`);
    channel.observe({ onCallEnd });
    server.observe({ onCallEnd });
    let calls = 0;
    for (const [name, call] of Object.entries(CLIENTS)) {
      assertEquals(await call(channel, {}), Status.PERMISSION_DENIED, name);
      assertEquals(await call(channel, { password: "sesame" }), Status.OK, name);
      calls++;
    }
    assertEquals(admitted.length, calls);
    await until(() => seen.server.length === 2 * calls);
    const good = `${one.path} OK 1 1`;
    for (const side of [seen.client, seen.server]) {
      assertEquals(side.filter((line) => line === good).length, calls, `${side}`);
      assertEquals(side.filter((line) => line.startsWith(`${one.path} PERMISSION_DENIED`)).length, calls);
    }
    channel.close();
    server.close();
    await server.shutdown();
    await end?.();
  });
}
