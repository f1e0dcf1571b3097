// Peers that do not make a proper TLS connection: raw servers and clients, and a relay that meddles with what passes.
import { connect, createServer, type Socket } from "node:net";
import { concat } from "../../bytes.ts";

/** A listener, with what ends it. */
export interface RawPeer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port; `serve` gets each connection. */
export async function listening(serve: (socket: Socket) => void): Promise<RawPeer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { port, close };
}

/** A server that answers the first octets of each client with `answer`, and ends the connection where `ends`. */
export function answering(answer: Uint8Array, ends = false): Promise<RawPeer> {
  return listening((socket) => {
    socket.once("data", () => {
      socket.write(answer);
      if (ends) socket.end();
    });
  });
}

/** What a client hears that says `octets`, until the server ends the connection. */
export function said(port: number, octets: Uint8Array): Promise<Uint8Array> {
  const heard: Uint8Array[] = [];
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(octets));
    socket.on("data", (bytes: Uint8Array) => heard.push(new Uint8Array(bytes)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(concat(...heard)));
  });
}

/** Passes on what both sides say; `meddle` gets each pair of sockets. */
export function relay(
  port: number,
  meddle: (client: Socket, server: Socket, passed: () => number) => void,
): Promise<RawPeer> {
  return listening((client) => {
    let passed = 0;
    const server = connect(port, "127.0.0.1");
    server.on("error", () => client.destroy());
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
    client.on("data", (bytes) => void (server.destroyed || server.write(bytes)));
    server.on("data", (bytes: Uint8Array) => {
      passed += bytes.length;
      if (!client.destroyed && !client.writableEnded) client.write(bytes);
    });
    meddle(client, server, () => passed);
  });
}
