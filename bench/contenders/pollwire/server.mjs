// The Echo service on pollwire, on Deno, Bun or Node: prints `listening PORT`.
import { loadProto, Server } from "pollwire";
import process from "node:process";
import { readArguments } from "../../arguments.mjs";

const options = readArguments({ poller: "native", port: 0 });
const { Echo } = await loadProto(new URL("../../echo.proto", import.meta.url));
const server = new Server({ poller: options.poller });
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
console.log(`listening ${await server.listen(`127.0.0.1:${options.port}`)}`);
process.stdin.on("end", () => process.exit(0)).resume();
