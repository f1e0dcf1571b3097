// Reflection as others have it: npm's clients read our server, and our client a server of grpc-js.

import { assertEquals } from "@std/assert";
import { Channel, Health, Reflection, ReflectionClient, Server } from "pollwire";
import { test } from "../harness.ts";
import { Peer, peerHandlers } from "./peer_service.ts";
import { nodeMissing, runGrpcJsClient, startGrpcJsServer } from "./processes.ts";

const options = { skip: nodeMissing, timeoutMs: 60_000 };

test("[C103] grpc-reflection-js reads services, methods and fields of our server", async () => {
  const server = new Server();
  server.addService(Peer, peerHandlers({ cancelled: 0 }));
  new Health(server);
  new Reflection(server);
  const port = await server.listen("127.0.0.1:0");
  try {
    const seen = await runGrpcJsClient(port, "grpc.health.v1.Health", "peers/reflection_client.mjs");
    assertEquals(
      seen["services"],
      [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        Peer.fullName,
      ].sort(),
    );
    const check = {
      request: ".grpc.health.v1.HealthCheckRequest",
      fields: [{ id: 1, name: "service", type: "string" }],
    };
    assertEquals(seen["methods"], [
      { name: "Check", ...check, streams: [false, false] },
      { name: "Watch", ...check, streams: [false, true] },
      { name: "List", request: ".grpc.health.v1.HealthListRequest", fields: [], streams: [false, false] },
    ]);
    assertEquals(seen["refused"], true);
  } finally {
    await server.shutdown({ graceMs: 2000 });
  }
}, options);

test("[C103] our client reads a server of grpc-js with @grpc/reflection", async () => {
  const peer = await startGrpcJsServer(0, "peers/reflection_server.mjs");
  const channel = new Channel(`127.0.0.1:${peer.port}`);
  try {
    const client = new ReflectionClient(channel, { deadlineMs: 20_000 });
    const services = await client.services();
    assertEquals(services.includes(Peer.fullName), true, services.join());
    const loaded = await client.load(Peer.fullName);
    const shape = ({ methods }: typeof loaded[string]) =>
      Object.values(methods).map(({ path, kind, requestCodec }) => [path, kind, requestCodec.typeName]);
    assertEquals(shape(loaded[Peer.fullName]!), shape(Peer as unknown as typeof loaded[string]));
  } finally {
    channel.close();
    await peer.kill();
  }
}, options);
