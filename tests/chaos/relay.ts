// The network before a server: packets are lost on it, which a connection sees as silence until they are sent again, or as
// its end.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** See the head of this file. */
export class Relay {
  private server: Server | undefined = undefined;
  private readonly sockets = new Set<Socket>();
  private losing = false;

  /** Where it listens; 0 where it does not. */
  get port(): number {
    return (this.server?.address() as AddressInfo | undefined)?.port ?? 0;
  }

  /** Listens at another port than before, for a server that listens at `to()`. */
  async open(to: () => number): Promise<void> {
    this.close();
    const server = this.server = createServer(
      { allowHalfOpen: true, noDelay: true },
      (client) => this.pass(client, to()),
    );
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
  }

  /** Nothing arrives for `ms` milliseconds. Then it is sent again, or the connections have ended. */
  async lose(ms: number, ends: boolean): Promise<void> {
    this.losing = true;
    for (const socket of this.sockets) socket.pause();
    await sleep(ms);
    this.losing = false;
    for (const socket of this.sockets) {
      if (ends) socket.destroy();
      else socket.resume();
    }
  }

  /** Takes no more connections. */
  close(): void {
    this.server?.close();
    this.server = undefined;
  }

  private pass(client: Socket, port: number): void {
    const server = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [[client, server], [server, client]] as const) {
      this.sockets.add(from);
      if (this.losing) from.pause();
      from.on("data", (bytes) => {
        if (to.write(bytes)) return;
        from.pause();
        to.once("drain", () => {
          if (!this.losing) from.resume();
        });
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
