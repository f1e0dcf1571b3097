// The other side of contract tests: plain sockets of `node:net`, as promises.
import { connect, createServer, type Server, type Socket } from "node:net";
import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import { concat } from "../bytes.ts";

function toNode(address: SocketAddress): { host: string; port: number } | { path: string } {
  if (address.family === "unix") return { path: address.path };
  if (address.family === "unix-abstract") return { path: `\0${address.name}` };
  if (address.family === "npipe") return { path: `\\\\.\\pipe\\${address.name}` };
  if (!("port" in address)) throw new TypeError(`No plain peer is at ${formatAddress(address)}`);
  return { host: address.host, port: address.port };
}

function inet(host: string, port: number): SocketAddress {
  return { family: host.includes(":") ? "ipv6" : "ipv4", host, port };
}

/** A listening plain socket. Accepted sockets are paused until they are read. */
export class PlainServer {
  private readonly waiting: Socket[] = [];
  private readonly wanted: Array<(socket: Socket) => void> = [];

  private constructor(private readonly server: Server, readonly address: SocketAddress) {
    server.on("connection", (socket) => {
      socket.on("error", () => {}); // resets are what some tests are about
      const take = this.wanted.shift();
      if (take !== undefined) take(socket);
      else this.waiting.push(socket);
    });
  }

  /** Listens on `at`; port 0 gives a free one. */
  static listen(at: SocketAddress = { family: "ipv4", host: "127.0.0.1", port: 0 }): Promise<PlainServer> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(toNode(at), () => {
        const bound = server.address();
        const address = "port" in at ? { ...at, port: (bound as { port: number }).port } : at;
        resolve(new PlainServer(server, address));
      });
    });
  }

  /** The next connection. */
  accept(): Promise<PlainSocket> {
    const socket = this.waiting.shift();
    if (socket !== undefined) return Promise.resolve(new PlainSocket(socket));
    return new Promise((resolve) => this.wanted.push((next) => resolve(new PlainSocket(next))));
  }

  /** Stops listening; what comes or came unasked is closed, so this ends by itself. */
  closeNowOrAfterEnds(): Promise<void> {
    this.server.on("connection", (socket) => socket.destroy());
    return this.close();
  }

  /** Stops listening, and ends once every connection is closed. */
  close(): Promise<void> {
    for (const socket of this.waiting) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** One plain connection. */
export class PlainSocket {
  /** Bytes that came so far and were not taken. */
  private received: Uint8Array[] = [];
  private receivedBytes = 0;
  private ended = false;
  private wake: () => void = () => {};
  private listening = false;

  /** Nothing is read until the first call that reads. */
  constructor(private readonly socket: Socket) {
    // Bun tells of the end even where nobody reads.
    socket.on("end", () => this.end());
    socket.on("close", () => this.end());
  }

  /** Connects to `to`. */
  static connect(to: SocketAddress): Promise<PlainSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...toNode(to), allowHalfOpen: true } as never);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.on("error", () => {});
        resolve(new PlainSocket(socket));
      });
    });
  }

  /** This side's address. */
  get local(): SocketAddress {
    return inet(this.socket.localAddress!, this.socket.localPort!);
  }

  /** The other side's address. */
  get remote(): SocketAddress {
    return inet(this.socket.remoteAddress!, this.socket.remotePort!);
  }

  /** Sends all of `bytes`; settles when the system has taken them. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  /** Sends FIN: nothing more will come from this side. */
  endWriting(): void {
    this.socket.end();
  }

  /** Exactly `count` bytes; rejects when the stream ends before. */
  async readExactly(count: number): Promise<Uint8Array> {
    this.listen();
    while (this.receivedBytes < count) {
      if (this.ended) throw new Error(`Stream ended after ${this.receivedBytes} of ${count} bytes`);
      await new Promise<void>((resolve) => this.wake = resolve);
    }
    const all = concat(...this.received);
    this.received = [all.subarray(count)];
    this.receivedBytes -= count;
    return all.subarray(0, count);
  }

  /** Everything until the other side's FIN, or until the connection is gone. */
  async readToEnd(): Promise<Uint8Array> {
    this.listen();
    while (!this.ended) await new Promise<void>((resolve) => this.wake = resolve);
    const all = concat(...this.received);
    this.received = [];
    this.receivedBytes = 0;
    return all;
  }

  /** Closes; what the kernel holds unread makes it send RST instead of FIN. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Closes by RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    this.socket.on("data", (bytes: Uint8Array) => {
      this.received.push(bytes);
      this.receivedBytes += bytes.length;
      this.wake();
    });
    this.socket.resume();
  }

  private end(): void {
    this.ended = true;
    this.wake();
  }
}
