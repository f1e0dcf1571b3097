// A TCP proxy that stops forwarding without saying so: it forgets connections, or holds their bytes back for a while.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What a direction does with what comes: it passes it on, keeps it for later, or throws it away. */
type Passage = "open" | "held" | "lost";

/** One direction of one connection. */
class Direction {
  private readonly held: Uint8Array[] = [];
  private ended = false;

  constructor(private readonly from: Socket, private readonly to: Socket, public passage: Passage) {
    from.on("data", (bytes: Uint8Array) => {
      if (this.passage === "open") to.write(bytes);
      else if (this.passage === "held") this.held.push(bytes.slice());
    });
    from.on("close", () => {
      this.ended = true;
      if (this.passage === "open") to.destroy();
    });
    from.on("error", () => {}); // its close follows
  }

  resume(): void {
    if (this.passage === "lost") return;
    this.passage = "open";
    for (const bytes of this.held.splice(0)) this.to.write(bytes);
    if (this.ended) this.to.end();
  }

  close(): void {
    this.from.destroy();
  }
}

/** Forwards to a port of this machine from another one. */
export class StallingProxy {
  private readonly directions = new Set<Direction>();
  private passage: Passage = "open";
  /** Connections that it has taken. */
  accepted = 0;

  private constructor(private readonly server: Server, private readonly to: number) {
    server.on("connection", (client: Socket) => this.forward(client));
  }

  /** Listens on a free port, and forwards to `port`. */
  static async open(port: number): Promise<StallingProxy> {
    const server = createServer();
    const proxy = new StallingProxy(server, port);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Where it listens. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The connections that there are stay open and are never forwarded again, as behind a NAT that forgot them. */
  forget(): void {
    for (const direction of this.directions) direction.passage = "lost";
  }

  /** From now on connections are taken, and no byte of any is forwarded before {@linkcode resume}. */
  stall(): void {
    this.passage = "held";
    for (const direction of this.directions) if (direction.passage === "open") direction.passage = "held";
  }

  /** Forwards what was held back, and all that follows. */
  resume(): void {
    this.passage = "open";
    for (const direction of this.directions) direction.resume();
  }

  /** Ends every connection and stops listening. */
  close(): void {
    for (const direction of this.directions) direction.close();
    this.server.close();
  }

  private forward(client: Socket): void {
    this.accepted++;
    const server = connect(this.to, "127.0.0.1");
    for (const socket of [client, server]) socket.setNoDelay(true);
    this.directions.add(new Direction(client, server, this.passage));
    this.directions.add(new Direction(server, client, this.passage));
  }
}
