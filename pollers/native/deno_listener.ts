// What listens on Deno: Deno.listen, and a promise an accept.

import type { SocketAddress } from "../contract/address.ts";
import type { IoResult } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import { BaseListener } from "../core/base_listener.ts";
import {
  CODES,
  type DenoAddress,
  type DenoConn,
  DenoEndpoint,
  type DenoEngine,
  fromDeno,
  toDeno,
} from "./deno.ts";
import { toIoError } from "./errors.ts";
import { fileIdentity, putAsideUnless } from "./socket_file.ts";

interface DenoListener {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConn>;
  close(): void;
}
interface DenoNet {
  /** Not there without --unstable-net. */
  readonly listenDatagram?: unknown;
  listen(options: object): DenoListener;
}

const deno = (globalThis as unknown as { Deno: DenoNet }).Deno;

const REUSE_PORT_REFUSED = "Deno shares ports only when it is run with --unstable-net";

/** Codes of a failed accept: Deno asks who connected, and of a connection that was reset before there is no answer. */
const ACCEPT_CODES: Readonly<Record<string, string>> = { ...CODES, ENOTCONN: "ECONNABORTED" };

/**
 * Accepts pending on sockets that are closed: until they are over Deno keeps such a socket listening, and then it
 * removes the file of a unix socket, even where another socket has bound the path by then.
 */
const closing = new Set<Promise<void>>();

/** A listener on Deno. */
export class DenoNativeListener extends BaseListener {
  private readonly sockets: DenoListener[] = [];
  /** Of unix sockets. */
  private readonly files = new Map<DenoListener, string | undefined>();
  /** The accept that is pending on each socket. */
  private readonly accepting = new Map<DenoListener, Promise<void>>();

  protected override async bindNow(at: SocketAddress): Promise<IoResult<SocketAddress>> {
    // Else at once, as on the other runtimes: who connects in the same turn, below the call that listens, is not refused.
    if (closing.size > 0) await Promise.all(closing);
    const { reusePort = false } = this.options;
    if (reusePort && deno.listenDatagram === undefined) {
      // Deno would end the process.
      const error = new IoError("unsupported", "bind", at, undefined, REUSE_PORT_REFUSED);
      return { ok: false, error };
    }
    try {
      const socket = deno.listen({ ...toDeno(at), ...(reusePort ? { reusePort } : {}) });
      this.sockets.push(socket);
      if (at.family === "unix") this.files.set(socket, fileIdentity(at.path));
      return { ok: true, value: fromDeno(socket.addr) };
    } catch (error) {
      return { ok: false, error: toIoError(error, "bind", at, CODES) };
    }
  }

  protected override startAccepting(): void {
    for (const socket of this.sockets) this.acceptNext(socket);
  }

  protected override release(): Promise<void> | undefined {
    // Deno removes the file at the path, even where another socket has bound it by now.
    const putBack = [...this.files].map(([{ addr }, file]) => putAsideUnless(file, addr.path!));
    this.files.clear();
    const closed = (): void => putBack.forEach((one) => one());
    for (const socket of this.sockets.splice(0)) socket.close();
    if (this.accepting.size === 0) return void closed();
    const accepted: Promise<void> = Promise.all(this.accepting.values()).then(() => {
      closing.delete(accepted);
      closed();
    });
    closing.add(accepted);
    return accepted;
  }

  private acceptNext(socket: DenoListener): void {
    if (this.stopped) return;
    const accepting = socket.accept().then(
      (conn) => {
        this.acceptNext(socket); // first: whatever `onAccept` throws, others are accepted
        this.accepted(
          new DenoEndpoint(
            this.engine as DenoEngine,
            conn,
            this.options,
            this.sameLocal(fromDeno(conn.localAddr)),
          ),
        );
      },
      (error) => {
        if (this.stopped) return;
        const failed = toIoError(error, "accept", fromDeno(socket.addr), ACCEPT_CODES);
        this.acceptFailed(failed, () => this.acceptNext(socket));
      },
    );
    this.accepting.set(socket, accepting);
  }
}
