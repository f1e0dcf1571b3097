// The Echo service on @grpc/grpc-js, on Node, Bun or Deno: prints `listening PORT`.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";
import process from "node:process";

const definition = protoLoader.loadSync(fileURLToPath(new URL("../echo.proto", import.meta.url)));
const { Echo } = grpc.loadPackageDefinition(definition).bench;
const server = new grpc.Server();
server.addService(Echo.service, { unary: (call, callback) => callback(null, call.request) });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening ${port}`);
});
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
