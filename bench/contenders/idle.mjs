// Holds idle connections to a server: `idle.mjs PORT COUNT [http2]`. Prints "idle" once all are there; ends with its input.
import net from "node:net";
import { Buffer } from "node:buffer";
import process from "node:process";

const [, , port, count, http2] = process.argv;
/** Connections that are made at a time. */
const AT_ONCE = 100;
/** What a client of HTTP/2 has to say: the preface, its settings, and that it has seen the server's. */
const GREETING = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]),
]);

const kept = [];
for (let begun = 0; begun < Number(count);) {
  const some = Math.min(AT_ONCE, Number(count) - begun);
  kept.push(...await Promise.all(Array.from({ length: some }, connect)));
  begun += some;
}
console.log("idle");
process.stdin.on("end", () => process.exit(0)).resume();

function connect() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), "127.0.0.1", () => {
      if (http2 === "http2") socket.write(GREETING);
      resolve(socket);
    });
    socket.on("data", () => {});
    socket.on("error", reject);
  });
}
