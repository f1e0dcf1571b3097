// The Echo service on pollwire: a service module, so that reactor workers can load it too.
import { loadProto } from "pollwire";
import { FIVE } from "../../headers.mjs";
import { afterImmediate, afterTimer } from "../macrotasks.mjs";

const { Echo } = await loadProto(new URL("../../echo.proto", import.meta.url));

let served = 0;

/** Adds it to a server. */
export default function setUp(server) {
  server.addService(Echo, {
    unary: (payload) => payload,
    traced(payload, call) {
      const { metadata, trailers } = call;
      const token = metadata.get("authorization");
      if (!token?.startsWith("Bearer ") || !metadata.has("traceparent")) throw new Error("not signed in");
      call.sendMetadata({ "x-served-by": "bench-1", "x-request-id": metadata.get("x-request-id") });
      trailers.set("x-region", "eu-central-1");
      trailers.set("x-served", String(++served));
      return payload;
    },
    tagged(payload, call) {
      const { metadata } = call;
      call.sendMetadata(FIVE.map((name) => [name, metadata.get(name)]));
      return payload;
    },
    afterImmediate: async (payload) => (await afterImmediate(), payload),
    afterTimer: async (payload) => (await afterTimer(), payload),
    *download({ count, size }) {
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
    chat: (messages) => messages,
  });
}
