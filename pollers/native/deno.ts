// The native engine of Deno: Deno.connect, a promise a read and a write. See deno_listener.ts for what listens.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult } from "../contract/engine.ts";
import { endOfStream, IoError } from "../contract/io_error.ts";
import { ReadSlab, type SlabShares } from "../core/read_slab.ts";
import { type Beginner, DenoRest } from "./deno_rest.ts";
import { inet, NativeEndpoint, runtimePath } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError } from "./errors.ts";

// The little of Deno that is used here, so that the file also compiles where Deno's types are not.
/** An address as Deno has it. */
export interface DenoAddress {
  transport: string;
  hostname?: string;
  port?: number;
  path?: string | null;
}
/** A connection as Deno has it. */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  /** Octets that were read; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Octets that were written. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes it. */
  close(): void;
  /** Its reads hold the process. */
  ref(): void;
  /** They do not. */
  unref(): void;
  /** Whether small segments are sent at once. */
  setNoDelay?(on: boolean): void;
  /** Whether TCP keepalive is on. */
  setKeepAlive?(on: boolean): void;
}
interface DenoNet {
  connect(options: object): Promise<DenoConn>;
}

const deno = (globalThis as unknown as { Deno: DenoNet }).Deno;

/** System codes of Deno's error classes, for errors that carry no code. */
export const CODES: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  ConnectionAborted: "ECONNABORTED",
  BrokenPipe: "EPIPE",
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  BadResource: "EBADF",
  NotFound: "ENOENT",
  NotCapable: "EACCES",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};

/** `address` as Deno has it. */
export function toDeno(address: SocketAddress): object {
  return "port" in address
    ? { transport: "tcp", hostname: address.host, port: address.port }
    : { transport: "unix", path: runtimePath(address) };
}

/** An address of Deno's. */
export function fromDeno(address: DenoAddress): SocketAddress {
  const { hostname, port } = address;
  if (hostname === undefined) {
    const path = address.path ?? ""; // null: the connecting side of a unix socket has no name
    return path.startsWith("\0")
      ? { family: "unix-abstract", name: path.slice(1) }
      : { family: "unix", path };
  }
  return inet(hostname, port);
}

/**
 * Microtasks for which a read lets a write go first. To begin a read takes as long as a small write, and the peer waits
 * for the write. The turn that read ends with one, on a server; on a client the application's continuations cause it:
 * one for the call's promise, and two for each async function in which the call is awaited.
 */
const WRITE_FIRST_MICROTASKS = 6;

/** A connection of Deno's. */
export class DenoEndpoint extends NativeEndpoint implements Beginner {
  readonly lends = true;
  private readonly slab: ReadSlab;
  private writing: Uint8Array = NOTHING;
  /** Microtasks for which a read still waits; 0 while none does. */
  private microtasksLeft = 0;
  // Bound once: a read or write costs its promise and no closure. One for both outcomes, for an idle connection keeps them.
  private readonly afterMicrotask = (): void => {
    if (this.microtasksLeft === 0) return;
    if (this.microtasksLeft-- > 1) queueMicrotask(this.afterMicrotask);
    else this.begin();
  };
  /** Reads of the connection hold the process. */
  private referenced = false;
  private readonly onRead = (result: unknown): void => this.readSettled(result);
  private readonly onWritten = (result: unknown): void => this.writeSettled(result);

  constructor(
    protected override readonly engine: DenoEngine,
    private readonly conn: DenoConn,
    options: EndpointOptions,
    local: SocketAddress,
    peer?: SocketAddress,
  ) {
    super(engine, local, peer ?? fromDeno(conn.remoteAddr));
    this.slab = new ReadSlab(engine.readBufferBytes, engine);
    conn.unref();
    if (this.peer.family !== "ipv4" && this.peer.family !== "ipv6") return;
    try {
      if (options.noDelay ?? true) conn.setNoDelay?.(true);
      // Deno has no way to say how long: the system's own time stands.
      if (options.keepAliveMs !== undefined) conn.setKeepAlive?.(true);
    } catch {
      // Reset already: the first read says so.
    }
  }

  /** Begins the read that was asked for. */
  begin(): void {
    if (!this.reading) return;
    if (!this.referenced && this.engine.isHeld) this.reference(true);
    this.conn.read(this.slab.room(this.lending)).then(this.onRead, this.onRead);
  }

  /** Whether reads hold the process, the pending one too. */
  reference(on: boolean): void {
    this.referenced = on;
    if (on) this.engine.referenced.add(this);
    try {
      if (on) this.conn.ref();
      else this.conn.unref();
    } catch {
      // Closed by Deno itself: nothing of it holds the process.
    }
  }

  protected override readNow(): boolean {
    return false;
  }

  protected override startRead(): void {
    if (this.ended !== undefined) return;
    if (!this.engine.mayBegin()) return this.engine.beginLater(this);
    this.microtasksLeft = WRITE_FIRST_MICROTASKS;
    queueMicrotask(this.afterMicrotask);
  }

  protected override writePiece(bytes: Uint8Array): boolean {
    this.writing = bytes;
    this.conn.write(bytes).then(this.onWritten, this.onWritten);
    if (this.microtasksLeft > 0) {
      this.microtasksLeft = 0;
      this.begin();
    }
    return false;
  }

  protected override releaseSocket(): void {
    this.writing = NOTHING;
    this.engine.referenced.delete(this);
    try {
      this.conn.close();
    } catch {
      // Deno throws BadResource when the socket went by itself; it is released either way.
    }
  }

  /** `result`: the octets read, null at the end of the stream, or what the read failed with. */
  private readSettled(result: unknown): void {
    const into = this.readInto;
    if (into === undefined) return;
    if (typeof result === "number") {
      if (this.slab.isGone) return this.finishRead(this.ended = givenAway(this.peer));
      into.append(this.slab.take(result));
      return this.finishRead(undefined);
    }
    this.finishRead(result === null ? endOfStream(this.peer) : toIoError(result, "read", this.peer, CODES));
  }

  /** `count`: the octets written, or what the write failed with. */
  private writeSettled(count: unknown): void {
    if (typeof count !== "number") return this.pieceWritten(toIoError(count, "write", this.peer, CODES));
    if (this.closedBy !== undefined) return;
    if (count === this.writing.length) {
      this.writing = NOTHING;
      return this.pieceWritten(undefined);
    }
    this.writing = this.writing.subarray(count);
    this.conn.write(this.writing).then(this.onWritten, this.onWritten);
  }
}

const NOTHING = new Uint8Array(0);

/** Of a read that was pending when an application gave away a view of what had come before, and the memory with it. */
function givenAway(peer: SocketAddress): IoError {
  const detail =
    "the memory that it was to fill was given away (transferred) with bytes that were read before";
  return new IoError("other", "read", peer, undefined, detail);
}

/** Endpoints and listeners of which one takes no other's turn: a server with one connection. */
const ALONE = 2;

/**
 * Memory that pending reads of all connections may have grown to, and what each may in any case: 256 connections may read
 * 64 KiB at a time, 2,000 and more 8 KiB.
 */
const SLABS_BYTES = 16 * 1024 * 1024;
const LEAST_SLAB_BYTES = 8_192;

/** The runtime's own sockets on Deno. */
export class DenoEngine extends NativeEngine implements SlabShares {
  /**
   * Connections whose reads hold the process, which they may while somebody holds it anyway: on Deno a read that holds
   * nothing costs 0.3 us more.
   */
  readonly referenced: Set<{ reference(on: boolean): void }> = new Set();
  private readonly rest: DenoRest = new DenoRest(this.loop);

  /** What the slab of one connection may grow to. */
  get slabShare(): number {
    return Math.max(LEAST_SLAB_BYTES, Math.floor(SLABS_BYTES / this.opened.size));
  }

  /** Whether somebody holds the process. */
  get isHeld(): boolean {
    return this.processHold.active;
  }

  /** Whether a read may begin now, for every connection is to have its turn; if not, {@linkcode beginLater} is for it. */
  mayBegin(): boolean {
    return (this.opened.size <= ALONE && !this.rest.isWaiting) || this.rest.mayBegin();
  }

  /** Has `one` begin when it may. */
  beginLater(one: Beginner): void {
    this.rest.beginLater(one);
  }

  override run(closure: () => void): void {
    if (this.mayBegin()) super.run(closure);
    else this.beginLater({ begin: () => super.run(closure) });
  }

  protected override openChanged(open: boolean): void {
    if (!open) this.rest.stop();
  }

  protected override released(): void {
    for (const connection of this.referenced) connection.reference(false);
    this.referenced.clear();
  }

  protected override beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): () => void {
    const controller = new AbortController();
    let connecting: Promise<DenoConn>;
    try {
      connecting = deno.connect({ ...toDeno(to), signal: controller.signal });
    } catch (error) { // permission is asked for at once
      connecting = Promise.reject(error);
    }
    connecting.then(
      (conn) =>
        done({ ok: true, value: new DenoEndpoint(this, conn, options, fromDeno(conn.localAddr), to) }),
      (error) => done({ ok: false, error: toIoError(error, "connect", to, CODES) }),
    );
    return () => controller.abort();
  }
}
