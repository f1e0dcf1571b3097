// The Echo service on @grpc/grpc-js, on Node, Bun or Deno: prints `listening PORT`.
import grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import process from "node:process";
import { FIVE } from "../../headers.mjs";
import { afterImmediate, afterTimer } from "../macrotasks.mjs";
import { Echo } from "./service.mjs";

let served = 0;

const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
server.addService(Echo.service, {
  unary: (call, callback) => callback(null, call.request),
  traced(call, callback) {
    const [token, trace, id] = ["authorization", "traceparent", "x-request-id"].map((name) =>
      call.metadata.get(name)[0]
    );
    if (!token?.startsWith("Bearer ") || trace === undefined) return callback(new Error("not signed in"));
    const headers = new grpc.Metadata();
    headers.set("x-served-by", "bench-1");
    headers.set("x-request-id", id);
    call.sendMetadata(headers);
    const trailers = new grpc.Metadata();
    trailers.set("x-region", "eu-central-1");
    trailers.set("x-served", String(++served));
    callback(null, call.request, trailers);
  },
  tagged(call, callback) {
    const headers = new grpc.Metadata();
    for (const name of FIVE) headers.set(name, call.metadata.get(name)[0]);
    call.sendMetadata(headers);
    callback(null, call.request);
  },
  afterImmediate: (call, callback) => void afterImmediate().then(() => callback(null, call.request)),
  afterTimer: (call, callback) => void afterTimer().then(() => callback(null, call.request)),
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
