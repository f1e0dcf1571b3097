// Serves Peer with @grpc/grpc-js, and reflection with @grpc/reflection, on Node: `node reflection_server.mjs PORT`.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
const definition = loadSync(fileURLToPath(new URL("./peer.proto", import.meta.url)));
const server = new grpc.Server();
new ReflectionService(definition).addToServer(server);
server.bindAsync(`127.0.0.1:${process.argv[2]}`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening ${port}`);
});
