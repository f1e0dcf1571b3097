// What listens by node:net.

import type { Server } from "node:net";
import type { SocketAddress } from "../contract/address.ts";
import type { IoResult } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { hostProcess } from "./builtin.ts";
import { runtime } from "./detect.ts";
import { BoundSocket, EagerListener } from "./eager_listener.ts";
import { inet } from "./endpoint.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { net } from "./net.ts";
import { CODES, NodeEndpoint, toNode } from "./node.ts";

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

class BoundServer extends BoundSocket {
  /** `make` makes another server like `server`. */
  constructor(private server: Server, at: SocketAddress, private readonly make: () => Server) {
    super(at);
  }

  /** Binds the address anew. */
  renew(): void {
    this.stop();
    this.server = this.make().listen(toNode(this.at), () => this.boundAnew());
  }

  protected override socketDescriptor(): number | undefined {
    const { _handle } = this.server as Server & { readonly _handle?: { readonly fd?: number } };
    return _handle?.fd;
  }

  protected override stop(): void {
    this.server.close();
  }

  protected override listenOn(fd: number): void {
    this.server = this.make().listen({ fd });
  }
}

/** A listener of node:net. */
export class NodeNativeListener extends EagerListener<BoundServer> {
  protected override bindNow(at: SocketAddress): Promise<IoResult<SocketAddress>> {
    const denied = denoRefusal(at);
    if (denied !== undefined) return Promise.resolve({ ok: false, error: denied });
    if (this.options.reusePort && !sharesPorts()) {
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
        const again = (): Server => this.hearing(this.serverOf(at), at);
        this.bound(new BoundServer(this.hearing(server, at), local, again));
        resolve({ ok: true, value: local });
      };
      try {
        server.listen({ ...toNode(at), ...(this.options.reusePort ? { reusePort: true } : {}) }, onBound);
      } catch (error) { // Deno, without permission
        onError(error as Error);
      }
    });
  }

  private serverOf(at: SocketAddress): Server {
    return net().createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const inetPeer = socket.remoteAddress !== undefined;
      const local = inetPeer ? inet(socket.localAddress!, socket.localPort!) : at;
      const peer = inetPeer ? inet(socket.remoteAddress!, socket.remotePort!) : UNNAMED;
      const endpoint = new NodeEndpoint(this.engine, socket, this.options, local, peer);
      this.came(endpoint);
    });
  }

  private hearing(server: Server, at: SocketAddress): Server {
    // node:net accepts on by itself after an error that passes.
    return server.on("error", (error) => this.acceptFailed(toIoError(error, "accept", at, CODES), () => {}));
  }

  /** There are descriptors again: on Deno node:net never accepts again where it once had none. */
  protected override fed(): void {
    if (runtime === "deno") { for (const socket of this.sockets) socket.renew(); }
  }
}

/** Node ignores `reusePort` before 22.12, and then the second socket on the port is refused as in use. */
function sharesPorts(): boolean {
  return runtime !== "node" || !isBefore(hostProcess().versions.node, 22, 12);
}

const REUSE_PORT_REFUSED = "Node shares ports (reusePort, reactor workers) from 22.12 on";

function isBefore(version: string, major: number, minor: number): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split(".").map(Number);
  return haveMajor < major || (haveMajor === major && haveMinor < minor);
}
