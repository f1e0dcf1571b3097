// The Echo service on @connectrpc/connect-node, on Node, Bun or Deno: prints `listening PORT`.
import { connectNodeAdapter } from "@connectrpc/connect-node";
import http2 from "node:http2";
import process from "node:process";
import { FIVE } from "../../headers.mjs";
import { afterImmediate, afterTimer } from "../macrotasks.mjs";
import { Echo } from "./service.mjs";

let served = 0;

const handler = connectNodeAdapter({
  routes: (router) =>
    router.service(Echo, {
      unary: (payload) => ({ body: payload.body }),
      traced(payload, { requestHeader, responseHeader, responseTrailer }) {
        const token = requestHeader.get("authorization");
        if (!token?.startsWith("Bearer ") || !requestHeader.has("traceparent")) {
          throw new Error("not signed in");
        }
        responseHeader.set("x-served-by", "bench-1");
        responseHeader.set("x-request-id", requestHeader.get("x-request-id"));
        responseTrailer.set("x-region", "eu-central-1");
        responseTrailer.set("x-served", String(++served));
        return { body: payload.body };
      },
      tagged(payload, { requestHeader, responseHeader }) {
        for (const name of FIVE) responseHeader.set(name, requestHeader.get(name));
        return { body: payload.body };
      },
      afterImmediate: async ({ body }) => (await afterImmediate(), { body }),
      afterTimer: async ({ body }) => (await afterTimer(), { body }),
      async *download({ count, size }) {
        const message = { body: new Uint8Array(size).fill(120) };
        for (let i = 0; i < count; i++) yield message;
      },
      async upload(messages) {
        const receipt = { count: 0, bytes: 0 };
        for await (const { body } of messages) {
          receipt.count++;
          receipt.bytes += body.length;
        }
        return receipt;
      },
      async *chat(messages) {
        for await (const { body } of messages) yield { body };
      },
    }),
});
const server = http2.createServer(handler);
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
