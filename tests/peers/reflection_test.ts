// Reflection as others have it: npm's clients read our server, and our client a server of grpc-js.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Channel, Health, loadProto, Reflection, ReflectionClient, Server } from "pollwire";
import { test } from "../harness.ts";
import { Peer, peerHandlers } from "./peer_service.ts";
import { findPython, run } from "../../.ci/grpc_toolchains.mjs";
import { recordProcess } from "../process_record.ts";
import { TEXTS } from "../surface/proto/descriptor/described_files.ts";
import { nodeMissing, runGrpcJsClient, startGrpcJsServer } from "./processes.ts";
import { peersAreRemote } from "./remote.ts";

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

const remote = peersAreRemote ? "only scripts of Node are started from Wine" : undefined;
const grpcurl = remote ?? (run("grpcurl", ["-version"]) === undefined ? "no grpcurl on PATH" : undefined);
const python = remote === undefined
  ? findPython("grpc", "grpc_reflection.v1alpha.proto_reflection_descriptor_database")
  : undefined;

/** What `command` prints, in which PORT is that of a server with Shop, health and reflection. */
async function printed(...command: string[]): Promise<string> {
  const { Shop } = await loadProto({ files: { ...TEXTS }, entry: "a.proto" });
  const server = new Server();
  server.addService(Shop!, {});
  new Health(server);
  new Reflection(server);
  const port = String(await server.listen("127.0.0.1:0"));
  try {
    const [program, ...args] = command.map((word) => word.replace("PORT", port));
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
    recordProcess(command.join(" "), child);
    let output = "";
    child.stdout.on("data", (chunk) => output += String(chunk));
    await new Promise((resolve) => child.on("close", resolve));
    return output;
  } finally {
    await server.shutdown({ graceMs: 2000 });
  }
}

test("[C103] grpcurl lists and describes the services of our server", async () => {
  const listed = await printed("grpcurl", "-plaintext", "127.0.0.1:PORT", "list");
  assertEquals(listed.trim().split("\n"), [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "shop.v1.Shop",
  ]);
  const described = await printed("grpcurl", "-plaintext", "127.0.0.1:PORT", "describe", "shop.v1.Shop");
  assertStringIncludes(described, "rpc Get ( .shop.v1.Item ) returns ( .shop.v1.sub.B )");
}, { ...options, skip: grpcurl });

test("[C103] grpcio-reflection reads services, messages and extensions of our server", async () => {
  const script = fileURLToPath(new URL("./reflection_client.py", import.meta.url));
  const seen = JSON.parse(await printed(python!, "-B", script, "PORT", "shop.v1.Shop", "shop.v1.Item"));
  assertEquals(seen.services.at(-1), "shop.v1.Shop");
  assertEquals(seen.methods, [
    ["Get", "shop.v1.Item", "shop.v1.sub.B"],
    ["List", "shop.v1.Item", "shop.v1.Item"],
    ["Up", "shop.v1.Item", "shop.v1.Item"],
  ]);
  assertEquals(seen.fields.slice(0, 3), ["name", "count", "big"]);
  assertEquals(seen.extensions, [31, 32, 33]);
  assertEquals(seen.unknown, "gone.Service");
}, { ...options, skip: python === undefined ? remote ?? "no Python with grpcio-reflection" : undefined });
