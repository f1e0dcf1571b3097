// A server on a real socket that is made of frames: a test says what it answers to each.
import { createServer, type Socket } from "node:net";
import { concat } from "../bytes.ts";
import { parse, PREFACE, setting, SETTINGS_ACK, type WireFrame } from "../transport/http2/wire.ts";

/** What a raw server does beside answering. */
export interface RawServer {
  readonly port: number;
  close(): void;
}

/** Listens on a free port, sends SETTINGS of `settings` and their ACK, and gives each whole frame to `onFrame`. */
export async function rawServer(
  onFrame: (frame: WireFrame, send: (...frames: Uint8Array[]) => void) => void,
  settings: Array<[id: number, value: number]> = [],
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const send = (...frames: Uint8Array[]) => void socket.write(concat(...frames));
    send(setting(...settings), SETTINGS_ACK);
    let rest: Uint8Array = new Uint8Array(0);
    let expectPreface = true;
    socket.on("data", (bytes) => {
      rest = concat(rest, bytes);
      if (expectPreface && rest.length < PREFACE.length) return;
      if (expectPreface) rest = rest.subarray(PREFACE.length);
      expectPreface = false;
      while (rest.length >= 9) {
        const end = 9 + (rest[0]! << 16 | rest[1]! << 8 | rest[2]!);
        if (rest.length < end) return;
        for (const frame of parse(rest.slice(0, end))) onFrame(frame, send);
        rest = rest.slice(end);
      }
    });
  });
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port, close };
}
