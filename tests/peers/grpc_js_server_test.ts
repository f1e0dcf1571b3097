import { assert, assertEquals, assertRejects } from "@std/assert";
import { Channel, type Client, createClient, Metadata, RpcError, Status } from "pollwire";
import { test } from "../harness.ts";
import { Peer, type PeerRequest } from "./peer_service.ts";
import { nodeMissing, type PeerServer, startGrpcJsServer } from "./processes.ts";

const MIB = 1024 * 1024;
const options = { skip: nodeMissing, timeoutMs: 60_000 };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function against(
  check: (client: Client<typeof Peer>, server: PeerServer, channel: Channel) => Promise<void>,
): Promise<void> {
  const server = await startGrpcJsServer();
  const channel = new Channel(`127.0.0.1:${server.port}`, { maxReceiveMessageBytes: 64 * MIB });
  try {
    await check(createClient(Peer, channel), server, channel);
  } finally {
    channel.close();
    await server.kill();
  }
}

test("grpc-js server: unary", () =>
  against(async (client) => {
    const response = await client.unary({ body: new Uint8Array([1, 2, 3]) });
    assertEquals([...response.body!], [1, 2, 3]);
  }), options);

test("grpc-js server: server streaming", () =>
  against(async (client) => {
    let messages = 0;
    let bytes = 0;
    for await (const response of client.serverStream({ count: 500, size: 1000 })) {
      assertEquals(response.body![0], messages & 255);
      messages++;
      bytes += response.body!.length;
    }
    assertEquals([messages, bytes], [500, 500_000]);
  }), options);

test("grpc-js server: client streaming", () =>
  against(async (client) => {
    function* requests(): Generator<PeerRequest> {
      for (let i = 0; i < 500; i++) yield { body: new Uint8Array(1000) };
    }
    const response = await client.clientStream(requests());
    assertEquals([response.messages, response.totalBytes], [500, 500_000n]);
  }), options);

test("grpc-js server: bidirectional streaming", () =>
  against(async (client) => {
    let messages = 0;
    async function* requests(): AsyncGenerator<PeerRequest> {
      for (let i = 0; i < 100; i++) {
        yield { body: new Uint8Array([i]) };
        await Promise.resolve();
      }
    }
    for await (const response of client.bidi(requests())) assertEquals(response.body![0], messages++);
    assertEquals(messages, 100);
  }), options);

test("grpc-js server: 16 MB message both ways", () =>
  against(async (client) => {
    const body = new Uint8Array(16 * MIB).fill(42);
    body[body.length - 1] = 43;
    const response = await client.unary({ body });
    assertEquals(response.body!.length, body.length);
    assert(response.body!.every((byte, i) => byte === body[i]));
  }), options);

test("grpc-js server: 1000 concurrent calls on one connection", () =>
  against(async (client) => {
    const calls = Array.from({ length: 1000 }, async (_, i) => {
      const response = await client.unary({ body: new Uint8Array([i & 255, i >> 8]) });
      return response.body![0]! + (response.body![1]! << 8);
    });
    assertEquals(await Promise.all(calls), Array.from({ length: 1000 }, (_, i) => i));
  }), options);

test("grpc-js server: metadata with -bin values, repeated values, trailers", () =>
  against(async (client) => {
    const metadata = new Metadata();
    metadata.append("x-text", "first");
    metadata.append("x-text", "second");
    metadata.append("x-data-bin", new Uint8Array([0, 1, 254, 255]));
    let headers: Metadata | undefined;
    let trailers: Metadata | undefined;
    await client.unary({ body: new Uint8Array(1) }, {
      metadata,
      onHeaders: (received) => headers = received,
      onTrailers: (received) => trailers = received,
    });
    // node:http2 joins repeated values before grpc-js sees them.
    assertEquals(headers!.getAll("x-text"), ["first, second"]);
    assertEquals(headers!.getAll("x-data-bin").map((value) => [...value as Uint8Array]), [[0, 1, 254, 255]]);
    assertEquals(trailers!.getAll("t-text"), ["first, second"]);
    assertEquals(trailers!.getAll("t-data-bin").map((value) => [...value as Uint8Array]), [[0, 1, 254, 255]]);
  }), options);

test("grpc-js server: error with UTF-8 details", () =>
  against(async (client) => {
    const details = "nicht möglich: 不可能 100% \n ✗";
    const error = await assertRejects(async () => {
      await client.unary({ status: Status.FAILED_PRECONDITION, details });
    }, RpcError);
    assertEquals([error.code, error.details], [Status.FAILED_PRECONDITION, details]);
  }), options);

test("grpc-js server: deadline", () =>
  against(async (client) => {
    const error = await assertRejects(
      async () => void await client.unary({ delayMs: 5000 }, { deadlineMs: 300 }),
      RpcError,
    );
    assertEquals(error.code, Status.DEADLINE_EXCEEDED);
  }), options);

test("grpc-js server: cancellation by an AbortSignal", () =>
  against(async (client) => {
    const controller = new AbortController();
    let messages = 0;
    const error = await assertRejects(async () => {
      const stream = client.serverStream({ count: 1_000_000, size: 100, delayMs: 1 }, {
        signal: controller.signal,
      });
      for await (const _ of stream) if (++messages === 3) controller.abort();
    }, RpcError);
    assertEquals(error.code, Status.CANCELLED);
  }), options);

test(
  "grpc-js server: killed in the middle, restarted, the channel reconnects",
  () =>
    against(async (client, server) => {
      await client.unary({ body: new Uint8Array(1) });
      const broken = assertRejects(
        async () => void await client.unary({ delayMs: 30_000 }, { deadlineMs: 20_000 }),
        RpcError,
      );
      await sleep(100);
      await server.kill();
      assertEquals((await broken).code, Status.UNAVAILABLE);
      const restarted = await startGrpcJsServer(server.port);
      try {
        const response = await client.unary({ body: new Uint8Array([9]) }, {
          waitForReady: true,
          deadlineMs: 20_000,
        });
        assertEquals(response.body![0], 9);
      } finally {
        await restarted.kill();
      }
    }),
  options,
);

test("grpc-js server: 100 KB of headers are refused cleanly", () =>
  against(async (client) => {
    const error = await assertRejects(
      async () =>
        void await client.unary({}, { metadata: new Metadata({ "x-huge": "h".repeat(100 * 1024) }) }),
      RpcError,
    );
    assert(error.code >= 1, `${error}`);
    assertEquals((await client.unary({ body: new Uint8Array([5]) })).body![0], 5);
  }), options);
