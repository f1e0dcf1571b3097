// Compression in every API style: what each says of it, and what its peers see on the wire.
import { assertEquals } from "@std/assert";
import {
  type CallObserver,
  Channel,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  Executor,
  onExecutor,
  OpFlags,
  PolledMethods,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  RpcError,
  selectPoller,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  startReactorWorkers,
  uncompressed,
} from "pollwire";
import { test } from "../harness.ts";
import { both, one, queueServing } from "./queue/server_calls.ts";
import { ALL_WAYS, blocking, endSharedServer, startSharedServer } from "./blocking/bench.ts";
import { type Note, serving, Trial } from "./serving.ts";
import { whyNot } from "./workers/sharing.ts";

/** Its octets compress to a few. */
const BODY = new Uint8Array(20_000);

/** How each message came that an observer saw: "zip" or "plain". */
class Seen implements CallObserver {
  private messages: string[] = [];
  onMessageReceived(_call: unknown, bytes: number, wireBytes: number): void {
    this.messages.push(
      wireBytes === bytes ? "plain" : wireBytes < 1_000 && bytes > BODY.length ? "zip" : "odd",
    );
  }
  /** Since the last time. */
  get all(): string {
    return this.messages.splice(0).join(" ");
  }
}

test("[C73] completion queues: of a call on either side, and NO_COMPRESS of a message", async () => {
  await queueServing(async ({ server, channel, accept, batch }) => {
    const [atServer, atClient] = [new Seen(), new Seen()];
    server.observe(atServer);
    channel.observe(atClient);
    const queue = new CompletionQueue<string>();
    for (const flags of [0, OpFlags.NO_COMPRESS]) {
      const call = createCall(channel, one, { queue, compression: "gzip" });
      const response = receiveMessage<Note>();
      call.startBatch([
        sendInitialMetadata(),
        sendMessage({ body: BODY }, flags),
        sendCloseFromClient(),
        receiveInitialMetadata(),
        response,
        receiveStatusOnClient(),
      ], "done");
      const requested = await accept(one);
      assertEquals(requested.call.compression, "identity");
      requested.call.compression = "deflate";
      const answer = [
        sendInitialMetadata(),
        sendMessage({ body: BODY }, flags),
        sendStatusFromServer("OK"),
      ];
      await batch(requested, answer);
      await queue.next();
      assertEquals(response.message?.body?.length, BODY.length);
      const how = flags === 0 ? "zip" : "plain";
      assertEquals([atServer.all, atClient.all], [how, how]);
    }
    queue.shutdown();
  });
});

test("[C73] completion queues: typed calls, write by write", async () => {
  await queueServing(async ({ server, channel, accept, batch }) => {
    const seen = new Seen();
    server.observe(seen);
    const queue = new CompletionQueue<string>();
    const call = createQueueClient(Trial, channel, queue).asyncBoth("start", { compression: "deflate" });
    const requested = await accept(both);
    await queue.next();
    for (const [flags, note] of [[0, { body: BODY }], [OpFlags.NO_COMPRESS, { body: BODY }]] as const) {
      call.write(note, "write", flags);
      await queue.next();
    }
    call.writeLast(uncompressed({ body: BODY }), "last");
    await queue.next();
    const received: number[] = [];
    for (;;) {
      const message = receiveMessage<Note>();
      await batch(requested, [message]);
      if (message.message === undefined) break;
      received.push(message.message.body!.length);
    }
    assertEquals([received, seen.all], [[BODY.length, BODY.length, BODY.length], "zip plain plain"]);
    call.finish("end");
    await batch(requested, [sendInitialMetadata(), sendStatusFromServer("OK")]);
    await queue.next();
    assertEquals(call.status?.code, 0);
    queue.shutdown();
  });
});

test("[C73] polled methods: by their context", async () => {
  await queueServing(async ({ client, channel }) => {
    const seen = new Seen();
    channel.observe(seen);
    assertEquals((await client.one({ body: BODY })).body!.length, BODY.length);
    for await (const _ of client.down({ body: BODY })) { /* two of them */ }
    assertEquals(seen.all, "zip zip plain");
  }, {
    setUp(_calls, server) {
      const polled = new PolledMethods(server);
      server.addService(Trial, {
        one: polled.method((request: Note, context) => {
          context.compression = "gzip";
          return request;
        }),
        down: polled.method(async (request: Note, writer, context) => {
          context.compression = "deflate";
          await writer.write(request);
          await writer.write(uncompressed({ body: BODY }));
        }),
      });
    },
  });
});

await startSharedServer();

blocking(
  ALL_WAYS,
  "[C73] a call that blocks is compressed, and so is what it gets",
  ({ client, channel }) => {
    const seen = new Seen();
    channel.observe(seen);
    const compression = "gzip";
    const wire = (note: Note) => client.one({ ...note, text: "wire" }, { compression }).number!;
    assertEquals(wire({ body: BODY }) < 1_000, true);
    assertEquals(client.one({ body: BODY, text: "wire" }).number! > BODY.length, true);
    assertEquals(
      client.one(uncompressed({ body: BODY, text: "wire" }), { compression }).number! > BODY.length,
      true,
    );
    assertEquals(seen.all, "plain plain plain");
    const metadata = { "x-compress": "deflate" };
    assertEquals(client.one({ body: BODY }, { metadata, compression }).body!.length, BODY.length);
    assertEquals(seen.all, "zip");
    const notes = [
      ...client.both([{ body: BODY }, { body: BODY }, { body: BODY }], { metadata, compression }),
    ];
    assertEquals(notes.map(({ body }) => body!.length), [BODY.length, BODY.length, BODY.length]);
    assertEquals(seen.all, "zip zip zip");
    const stream = client.both(undefined, { compression });
    stream.write(uncompressed({ body: BODY }));
    assertEquals(stream.next().value!.body!.length, BODY.length);
    assertEquals(client.one({ text: "wire before" }).number! > BODY.length, true);
    stream.return();
  },
);

endSharedServer();

test("[C73] attempts of a retry policy are compressed as the call is", async () => {
  let calls = 0;
  const failing = async (notes: AsyncIterable<Note>): Promise<Note> => {
    let last: Note = {};
    for await (const note of notes) last = note;
    if (++calls % 3 !== 0) throw new RpcError("UNAVAILABLE", "not yet");
    return last;
  };
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: "0.01s",
    maxBackoff: "0.01s",
    backoffMultiplier: 1,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  const serviceConfig = { methodConfig: [{ name: [{}], retryPolicy }] };
  await serving({ up: failing }, async ({ client, channel, server }) => {
    const [atServer, atClient] = [new Seen(), new Seen()];
    server.observe(atServer);
    channel.observe(atClient);
    const notes = [{ body: BODY }, uncompressed({ body: BODY })];
    assertEquals((await client.up(notes)).body!.length, BODY.length);
    assertEquals([atServer.all, atClient.all], ["zip plain zip plain zip plain", "zip"]);
  }, { server: { compression: "gzip" }, channel: { compression: "gzip", serviceConfig } });
});

test("[C73] a method on an executor: as its server says", async () => {
  const executor = new Executor({ maxThreads: 1 });
  const module = new URL("./promise/executor_methods.ts", import.meta.url);
  try {
    await serving(
      { one: onExecutor<Note, Note>(module, "default", { executor }) },
      async ({ client, channel }) => {
        const seen = new Seen();
        channel.observe(seen);
        const options = { metadata: { token: "t" }, deadlineMs: 20_000 };
        assertEquals((await client.one({ text: "hi", body: BODY }, options)).body!.length, BODY.length);
        assertEquals(seen.all, "zip");
      },
      { server: { compression: "gzip" }, channel: { compression: "gzip" } },
    );
  } finally {
    await executor.shutdown();
  }
});

test("[C73] reactor workers: as they are started with", async () => {
  const workers = await startReactorWorkers({
    module: new URL("./workers/trial_service.ts", import.meta.url),
    address: "127.0.0.1:0",
    threads: 1,
    poller: selectPoller().name,
    server: { compression: "deflate" },
  });
  const channel = new Channel(`127.0.0.1:${workers.port}`, { compression: "gzip" });
  try {
    const seen = new Seen();
    channel.observe(seen);
    const numbers: number[] = [];
    for await (const { number } of createClient(Trial, channel).both([{ number: 1 }, { number: 2 }])) {
      numbers.push(number!);
    }
    assertEquals([numbers, seen.all], [[2, 4], "zip zip"]);
  } finally {
    await channel[Symbol.asyncDispose]();
    await workers.shutdown({ graceMs: 500 });
  }
}, { timeoutMs: 120_000, skip: whyNot("reuse-port", selectPoller().name) });
