// An HTTP proxy of the tests' own: connects to where the test says, and notes what it was asked.
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A proxy that runs. */
export interface ConnectProxy {
  readonly port: number;
  /** The first line of each request, and the value of its proxy-authorization. */
  readonly asked: Array<readonly [line: string, authorization: string | undefined]>;
  end(): Promise<void>;
}

/**
 * Starts one on 127.0.0.1. `answer` says of each request to which local port it goes, or with what else it is answered.
 */
export async function startProxy(
  answer: (authority: string, authorization: string | undefined) => number | string,
): Promise<ConnectProxy> {
  const asked: ConnectProxy["asked"] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    let head = "";
    const onData = (bytes: Uint8Array): void => {
      head += new TextDecoder("latin1").decode(bytes);
      if (!head.includes("\r\n\r\n")) return;
      client.off("data", onData);
      const line = head.slice(0, head.indexOf("\r\n"));
      const authorization = /^proxy-authorization: (.*)$/mi.exec(head)?.[1]?.trim();
      asked.push([line, authorization]);
      const to = answer(line.split(" ")[1]!, authorization);
      if (typeof to === "string") return void client.end(to);
      const upstream = connect(to, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(upstream).pipe(client);
      });
      keep(upstream);
    };
    client.on("data", onData);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
