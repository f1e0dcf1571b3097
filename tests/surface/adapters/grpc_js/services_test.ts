// What grpc-node's examples of health checks, retries, waiting and compression do, by options of channels.
import { assert, assertEquals } from "@std/assert";
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from "pollwire/grpc-js";
import * as grpc from "pollwire/grpc-js";
import { Channel, Channelz, channelzService, createClient, Health, healthService, Server } from "pollwire";
import { test } from "../../../harness.ts";
import { app, bound, type Handlers, type Library, load, type Note, outcome } from "./sides.ts";

const HEALTH = `
  syntax = "proto3";
  package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse {
    enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
    ServingStatus status = 1;
  }
  service Health {
    rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
    rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
  }
`;

interface HealthPackage {
  grpc: { health: { v1: { Health: grpc.ServiceClientConstructor } } };
}

const { Health: HealthClient } =
  (grpc.loadPackageDefinition(load(HEALTH) as grpc.PackageDefinition) as unknown as HealthPackage).grpc.health
    .v1;

test("grpc-js: an app's client asks a server of this library for its health", async () => {
  const server = new Server();
  new Health(server).set("shop", "NOT_SERVING");
  const port = await server.listen("127.0.0.1:0");
  const client = new HealthClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const answer = await new Promise<{ status: number }>((resolve, reject) =>
    client["check"](
      { service: "shop" },
      (error: Error | null, value: { status: number }) => error === null ? resolve(value) : reject(error),
    )
  );
  assertEquals(answer.status, 2);
  client.close();
  await server[Symbol.asyncDispose]();
});

test("grpc-js: a client of this library asks an app's server for its health", async () => {
  const server = new grpc.Server();
  server.addService(HealthClient.service, {
    check: (_call: unknown, callback: sendUnaryData<{ status: number }>) => callback(null, { status: 1 }),
    watch(call: ServerWritableStream<object, { status: number }>) {
      call.write({ status: 1 });
      call.end();
    },
  });
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  const channel = new Channel(`127.0.0.1:${port}`);
  const health = createClient(healthService(), channel);
  assertEquals((await health.check({ service: "" })).status, "SERVING");
  for await (const { status } of health.watch({ service: "" })) assertEquals(status, "SERVING");
  channel.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});

test("grpc-js: channelz knows the status that the caller of a method with one response gets", async () => {
  const counting = new Server();
  new Channelz(counting);
  const channel = new Channel(`127.0.0.1:${await counting.listen("127.0.0.1:0")}`);
  const channelz = createClient(channelzService(), channel);

  const path = "/texts.Texts/Give";
  const octets = { serialize: (text: string) => Buffer.from(text), deserialize: String };
  const server = new grpc.Server();
  server.register(
    path,
    (call: ServerWritableStream<string, string>) => {
      for (const letter of call.request) call.write(letter);
      call.end(); // all of it and the status are one write
    },
    octets.serialize,
    octets.deserialize,
    "serverStream",
  );
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const decode = (given: Buffer): string => {
    if (String(given) === "!") throw new Error("not that");
    return String(given);
  };
  const { serialize } = octets;
  const give = (text: string) =>
    new Promise<unknown[]>((resolve) => {
      let got: string | number | undefined;
      client.makeUnaryRequest(path, serialize, decode, text, (error, value) => got = error?.code ?? value)
        .on("status", ({ code }) => resolve([got, code]));
    });
  const { INTERNAL, OK, UNIMPLEMENTED } = grpc.status;
  assertEquals(await give("a"), ["a", OK]);
  assertEquals(await give("!"), [INTERNAL, INTERNAL]);
  assertEquals(await give("ab"), [UNIMPLEMENTED, UNIMPLEMENTED]);
  assertEquals(await give(""), [UNIMPLEMENTED, UNIMPLEMENTED]);

  const { channel: all } = await channelz.getTopChannels({});
  const counted = all.find(({ data }) => data?.target.endsWith(`:${port}`))!.data!;
  assertEquals([counted.callsStarted, counted.callsSucceeded, counted.callsFailed], [4n, 1n, 3n]);
  client.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  channel.close();
  await counting.shutdown();
});

/** Succeeds at the third attempt of each call. */
const flaky = ({ status }: Library): Handlers => ({
  one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
    const attempts = Number(call.metadata.get("grpc-previous-rpc-attempts")[0] ?? 0);
    if (attempts < 2) return callback({ code: status.UNAVAILABLE, details: "not yet" });
    callback(null, { number: attempts });
  },
});

const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: "0.01s",
  maxBackoff: "0.02s",
  backoffMultiplier: 1.5,
  retryableStatusCodes: ["UNAVAILABLE"],
};

app("a service config has calls made again", flaky, async ({ client }) => {
  const { value } = await outcome((done) => client["one"]({}, done));
  assertEquals(value?.number, 2);
}, {
  client: {
    "grpc.service_config": JSON.stringify({
      loadBalancingConfig: [],
      methodConfig: [{ name: [{ service: "guide.Guide" }], retryPolicy }],
    }),
  },
});

/** What is sent back is what was sent. */
const echo = (): Handlers => ({
  one: (call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => callback(null, call.request),
});

app("messages are compressed as an option says, and limited as others say", echo, async ({ client }) => {
  const small = await outcome((done) => client["one"]({ text: "a".repeat(1_000) }, done));
  assertEquals(small.value?.text?.length, 1_000);
  const large = await outcome((done) => client["one"]({ body: new Uint8Array(5_000) }, done));
  assertEquals(large.error?.code, grpc.status.RESOURCE_EXHAUSTED);
}, {
  client: {
    "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    "grpc.max_receive_message_length": 4_000,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 1_000,
  },
});

test("grpc-js: a channel says whether it is connected", async () => {
  const server = new grpc.Server();
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  const channel = new grpc.Channel(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {});
  assertEquals(channel.getTarget(), `dns:127.0.0.1:${port}`);
  assertEquals(channel.getConnectivityState(true), grpc.connectivityState.IDLE); // as it was before
  assertEquals(channel.getConnectivityState(false), grpc.connectivityState.CONNECTING);
  const changed = (): Promise<Error | undefined> =>
    new Promise((resolve) =>
      channel.watchConnectivityState(channel.getConnectivityState(false), Date.now() + 10_000, resolve)
    );
  while (channel.getConnectivityState(false) !== grpc.connectivityState.READY) {
    assertEquals(await changed(), undefined);
  }
  const late = await new Promise<Error | undefined>((resolve) =>
    channel.watchConnectivityState(grpc.connectivityState.READY, Date.now() + 10, resolve)
  );
  assert(late instanceof Error);
  channel.close();
  assertEquals(channel.getConnectivityState(false), grpc.connectivityState.SHUTDOWN);
  server.forceShutdown();
});
