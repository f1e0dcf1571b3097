// The Echo service on @grpc/grpc-js, on Node, Bun or Deno: prints `listening PORT`.
import grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import process from "node:process";
import { Echo } from "./service.mjs";

const server = new grpc.Server();
server.addService(Echo.service, {
  unary: (call, callback) => callback(null, call.request),
  async download(call) {
    const message = { body: Buffer.alloc(call.request.size, 120) };
    for (let i = 0; i < call.request.count; i++) {
      if (!call.write(message)) await once(call, "drain");
    }
    call.end();
  },
  upload(call, callback) {
    const receipt = { count: 0, bytes: 0 };
    call.on("data", ({ body }) => {
      receipt.count++;
      receipt.bytes += body.length;
    });
    call.on("end", () => callback(null, receipt));
  },
  chat(call) {
    call.on("data", (message) => call.write(message));
    call.on("end", () => call.end());
  },
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening ${port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
