// Servers by node:tls alone, without a line of the library: what they keep of handshakes is the runtime's.
//
// "bare": over the runtime's sockets. "bare-duplex": over a stream that is no socket's, as the library has it.
import { createServer as createTcpServer } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import { createServer, type TLSSocket } from "node:tls";
import { Authority } from "../../examples/tls/authority.ts";
import { answerResources } from "./collected.ts";

/** A SETTINGS frame without settings. */
const SETTINGS = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);

const kind = process.argv[3];
const identity = new Authority().issue({ name: "server", dns: ["localhost"] });

function tlsServer() {
  const server = createServer({ ...identity, ALPNProtocols: ["h2"] }, (socket: TLSSocket) => {
    socket.on("error", () => {});
    socket.on("data", () => {});
    socket.on("end", () => socket.end());
    socket.write(SETTINGS);
  });
  server.on("tlsClientError", () => {});
  return server;
}

const listening = kind === "bare" ? tlsServer() : createTcpServer((socket) => {
  const duplex = new Duplex({
    read() {},
    write: (bytes, _encoding, written) => void socket.write(bytes, () => written()),
    final(finished) {
      socket.end();
      finished();
    },
  });
  duplex.on("error", () => {});
  socket.on("error", () => {});
  socket.on("data", (bytes) => duplex.push(bytes));
  socket.on("end", () => duplex.push(null));
  socket.on("close", () => duplex.destroy());
  tlsServer().emit("connection", duplex);
});
listening.listen(0, "127.0.0.1", () => console.log((listening.address() as { port: number }).port));
answerResources();
