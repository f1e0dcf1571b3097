// What listens by node:net.

import type { Server } from "node:net";
import type { SocketAddress, UnixAddress } from "../contract/address.ts";
import type { Endpoint, IoResult, ListenOptions } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import { BaseListener } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { hostProcess } from "./builtin.ts";
import { runtime } from "./detect.ts";
import { inet } from "./endpoint.ts";
import type { NativeEngine } from "./engine.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { net } from "./net.ts";
import { CODES, NodeEndpoint, toNode } from "./node.ts";
import { fileIdentity, putAside, putAsideUnless, removeFile } from "./socket_file.ts";
import type { Spares } from "./spares.ts";
import { type ListeningSocket, Starvation } from "./starvation.ts";

interface DenoPermissions {
  readonly permissions: { requestSync(what: object): { readonly state: string } };
}

/** Asks Deno beforehand: when node:net may not listen on a TCP port, it throws where that cannot be caught. */
function denoRefusal(at: SocketAddress): IoError | undefined {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoPermissions };
  if (deno === undefined || !("port" in at)) return undefined;
  const host = `${at.family === "ipv6" ? `[${at.host}]` : at.host}:${at.port}`;
  if (deno.permissions.requestSync({ name: "net", host }).state === "granted") return undefined;
  const detail = `Deno has no net access to "${host}", run it with --allow-net`;
  return new IoError("permission", "bind", at, undefined, detail);
}

const NOT_ASIDE = (): void => {};

/** A bound server. */
class Bound implements ListeningSocket {
  /** That of a unix socket. */
  private file: string | undefined;
  private rests = false;
  /** The server has bound the path, and removes the file at it, whosever it is by then, when it closes. */
  private removesFile: boolean;

  /** `make` makes another server like `server`. */
  constructor(
    private server: Server,
    private readonly at: SocketAddress,
    private readonly make: () => Server,
  ) {
    this.file = this.identity();
    this.removesFile = at.family === "unix";
  }

  get descriptor(): number {
    const { _handle } = this.server as Server & { readonly _handle?: { readonly fd?: number } };
    return this.rests ? -1 : _handle?.fd ?? -1;
  }

  rest(): void {
    const putBack = this.removesFile ? putAside((this.at as UnixAddress).path) : NOT_ASIDE;
    this.server.close();
    putBack();
    this.rests = true;
    this.removesFile = false;
  }

  goOn(fd: number): void {
    this.server = this.make().listen({ fd });
    this.rests = false;
  }

  /** Binds the address anew. */
  renew(): void {
    this.server.close();
    this.server = this.make().listen(toNode(this.at), () => this.file = this.identity());
  }

  close(): void {
    const { at, file } = this;
    const putBack = at.family === "unix" && this.removesFile ? putAsideUnless(file, at.path) : NOT_ASIDE;
    if (at.family === "unix" && !this.removesFile) removeFile(at.path, file);
    if (!this.rests) this.server.close();
    putBack();
  }

  private identity(): string | undefined {
    return this.at.family === "unix" ? fileIdentity(this.at.path) : undefined;
  }
}

/** A listener of node:net. */
export class NodeNativeListener extends BaseListener {
  private readonly sockets: Bound[] = [];
  private readonly early: Endpoint[] = [];
  private accepting = false;
  private readonly starvation: Starvation;

  /** See `EventEngine.listen`. */
  constructor(
    engine: NativeEngine,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
    spares: Spares,
  ) {
    super(engine, options, onAccept, onShutdown);
    this.starvation = new Starvation(
      engine,
      spares,
      this.sockets,
      (code) => this.starved(code),
      () => this.fed(),
    );
  }

  protected override bindNow(at: SocketAddress): Promise<IoResult<SocketAddress>> {
    const denied = denoRefusal(at);
    if (denied !== undefined) return Promise.resolve({ ok: false, error: denied });
    if (this.options.reusePort && !sharesPortsHere) {
      const error = new IoError("unsupported", "bind", at, undefined, REUSE_PORT_REFUSED);
      return Promise.resolve({ ok: false, error });
    }
    return new Promise((resolve) => {
      const server = this.serverOf(at);
      const onError = (error: Error): void => resolve({ ok: false, error: toOpenError(error, "bind", at) });
      server.on("error", onError);
      const onBound = (): void => {
        server.removeListener("error", onError);
        const address = server.address();
        const local = address !== null && typeof address === "object"
          ? inet(address.address, address.port)
          : at;
        this.sockets.push(
          new Bound(this.hearing(server, at), local, () => this.hearing(this.serverOf(at), at)),
        );
        this.starvation.begin();
        resolve({ ok: true, value: local });
      };
      try {
        server.listen({ ...toNode(at), ...(this.options.reusePort ? { reusePort: true } : {}) }, onBound);
      } catch (error) { // Deno, without permission
        onError(error as Error);
      }
    });
  }

  protected override startAccepting(): void {
    this.accepting = true;
    const early = this.early.splice(0);
    if (early.length > 0) this.engine.run(() => early.forEach((endpoint) => this.accepted(endpoint)));
  }

  protected override release(): undefined {
    for (const endpoint of this.early.splice(0)) endpoint.close();
    for (const socket of this.sockets.splice(0)) socket.close();
    this.starvation.end();
  }

  private serverOf(at: SocketAddress): Server {
    return net().createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const inetPeer = socket.remoteAddress !== undefined;
      const local = inetPeer ? inet(socket.localAddress!, socket.localPort!) : at;
      const peer = inetPeer ? inet(socket.remoteAddress!, socket.remotePort!) : UNNAMED;
      const endpoint = new NodeEndpoint(this.engine, socket, this.options, local, peer);
      if (this.accepting || this.stopped) this.accepted(endpoint);
      else this.early.push(endpoint);
    });
  }

  private hearing(server: Server, at: SocketAddress): Server {
    // node:net accepts on by itself after an error that passes.
    return server.on("error", (error) => this.acceptFailed(toIoError(error, "accept", at, CODES), () => {}));
  }

  /** There are descriptors again: on Deno node:net never accepts again where it once had none. */
  private fed(): void {
    if (runtime === "deno") { for (const socket of this.sockets) socket.renew(); }
  }
}

/** Node ignores `reusePort` before 22.12, and then the second socket on the port is refused as in use. */
const sharesPortsHere = runtime !== "node" || !isBefore(hostProcess().versions.node, 22, 12);
const REUSE_PORT_REFUSED = "Node shares ports (reusePort, reactor workers) from 22.12 on";

function isBefore(version: string, major: number, minor: number): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split(".").map(Number);
  return haveMajor < major || (haveMajor === major && haveMinor < minor);
}
