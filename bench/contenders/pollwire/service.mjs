// The Echo service on pollwire: a service module, so that reactor workers can load it too.
import { loadProto } from "pollwire";

const { Echo } = await loadProto(new URL("../../echo.proto", import.meta.url));

/** Adds it to a server. */
export default function setUp(server) {
  server.addService(Echo, {
    unary: (payload) => payload,
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
