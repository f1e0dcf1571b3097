// Base of listeners on real sockets: several addresses, unix paths, pauses, one shutdown.

import {
  formatAddress,
  type InetAddress,
  type SocketAddress,
  type UnixAddress,
  unmapped,
} from "../contract/address.ts";
import type { Endpoint, IoResult, Listener, ListenOptions } from "../contract/engine.ts";
import { IoError, ioErrorFromCode } from "../contract/io_error.ts";
import { parseIpv6 } from "../contract/ipv6.ts";
import { trace } from "../log/mod.ts";
import { clearSocketFile, takeoverName } from "../native/socket_file.ts";
import type { BaseEngine } from "./base_engine.ts";
import type { Closable } from "./open_set.ts";
import { pipeError } from "./pipe_address.ts";
import { unixPathError } from "./unix_path.ts";

/** How long accepting pauses after it failed: long enough for some descriptors or memory to be freed. */
const REST_MS = 100;

/** A failure this long after the one before begins a new pause, which is reported anew. */
const PAUSE_OVER_MS = 1_000;

/** Codes of a socket that will never accept again. */
const GONE: ReadonlySet<string | undefined> = new Set(["EBADF", "EINVAL", "ENOTSOCK", "EOPNOTSUPP"]);

/** How long a process may take to find that no process uses a unix socket's file, and to bind its path. */
const TAKEOVER_LIMIT_MS = 2_000;

/** Another process that does so is looked after this often. */
const TAKEOVER_RETRY_MS = 20;

/** Codes of a failed bind to "::" on a system without IPv6, or where it is switched off. Bun gives no code. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", undefined]);

/** `at` with the port that its socket has. */
export function withPort(at: InetAddress, local: SocketAddress | undefined): InetAddress {
  return local !== undefined && "port" in local ? { ...at, port: local.port } : at;
}

/** Whether it is "::", in whatever spelling. */
function isEveryIpv6(at: SocketAddress): at is InetAddress {
  return at.family === "ipv6" && parseIpv6(at.host).bytes.every((byte) => byte === 0);
}

/** A listener's life; each engine adds its sockets. */
export abstract class BaseListener implements Listener, Closable {
  readonly syscall = "accept";
  /** `shutdown` was called. */
  protected stopped = false;
  private readonly addresses: SocketAddress[] = [];
  private started = false;
  /** Addresses that are being bound: accepting begins on all of them together. */
  private binding = 0;
  private onStopped: () => void = () => {};
  /** Settles once `shutdown` was called: an engine that is shut down calls nobody any more who waits for it. */
  private readonly untilStopped: Promise<void> = new Promise((resolve) => this.onStopped = resolve);
  /** This side's address of the connection that was accepted last. */
  private local: SocketAddress | undefined = undefined;
  /** When accepting failed last; -Infinity once something was accepted. */
  private restedAt = -Infinity;

  /** Counts as open in `engine` until `shutdown`, and holds the process until `onShutdown`. */
  constructor(
    protected readonly engine: BaseEngine,
    protected readonly options: ListenOptions,
    private readonly onAccept: (endpoint: Endpoint) => void,
    private readonly onShutdown: (error?: IoError) => void,
  ) {
    engine.opened.add(this);
    engine.hold();
  }

  async bind(at: SocketAddress): Promise<IoResult<number>> {
    if (this.started || this.stopped) {
      throw new TypeError("Cannot bind: the listener was started or shut down");
    }
    const { engine } = this;
    const wrong = unixPathError(at, "bind") ?? pipeError(engine, at, "bind") ?? engine.overError("bind", at);
    if (wrong !== undefined) return { ok: false, error: wrong };
    this.binding++;
    const bound = await this.bindSomehow(unmapped(at)).finally(() => {
      if (--this.binding === 0 && this.started && !this.stopped) this.startAccepting();
    });
    if (!bound.ok) return bound;
    if (this.stopped) { // while it was binding
      await this.release();
      return { ok: false, error: new IoError("closed", "bind", at) };
    }
    this.addresses.push(bound.value);
    if (trace.poller) this.engine.trace(`listens on ${formatAddress(bound.value)}`);
    return { ok: true, value: "port" in bound.value ? bound.value.port : 0 };
  }

  start(): void {
    if (this.started || this.stopped) {
      throw new TypeError("Cannot start: the listener was started or shut down");
    }
    this.started = true;
    if (this.binding === 0) this.startAccepting();
  }

  shutdown(): void {
    this.end(undefined);
  }

  /** The same as `shutdown`, for a reason. */
  close(reason?: IoError): void {
    this.end(reason);
  }

  /** "listener on 127.0.0.1:80". */
  describe(): string {
    return `listener on ${this.addresses.map(formatAddress).join(" and ") || "no address"}`;
  }

  /** `local`, or an object that says the same: the connections of a listener share it. */
  protected sameLocal(local: SocketAddress): SocketAddress {
    const last = this.local;
    if (last !== undefined && formatAddress(last) === formatAddress(local)) return last;
    return this.local = unmapped(local);
  }

  /** Hands an endpoint up, in a turn. */
  protected accepted(endpoint: Endpoint): void {
    if (this.stopped) return endpoint.close();
    this.restedAt = -Infinity;
    if (trace.poller) {
      this.engine.trace(`accepted ${formatAddress(endpoint.peer)} on ${formatAddress(endpoint.local)}`);
    }
    this.engine.execCtx.enter(this.onAccept, endpoint);
  }

  /**
   * Accepting failed. The listener ends where its socket can never accept again. It continues at once where one connection
   * was reset before it was accepted, otherwise after a pause: connections wait in the backlog. `acceptAgain` runs where
   * it continues.
   */
  protected acceptFailed(error: IoError, acceptAgain: () => void): void {
    if (trace.poller) this.engine.trace(error.message);
    if (error.kind === "reset") this.engine.run(acceptAgain);
    else if (GONE.has(error.code)) this.end(error);
    else {
      this.engine.runAt(this.engine.now() + REST_MS, acceptAgain);
      this.rests(error);
    }
  }

  /** Descriptors have run out; called where the runtime does not report it. */
  protected starved(code: string): void {
    this.rests(ioErrorFromCode(code, "accept", this.addresses[0]));
  }

  /** Calls `onAcceptPaused` once a pause: while it lasts, accepting fails again and again. */
  private rests(error: IoError): void {
    const now = this.engine.now();
    const isNew = now - this.restedAt > PAUSE_OVER_MS;
    this.restedAt = now;
    const { onAcceptPaused } = this.options;
    if (isNew && onAcceptPaused !== undefined) this.engine.execCtx.enter(onAcceptPaused, error);
  }

  /** Binds, if need be in another way than the first. */
  private async bindSomehow(at: SocketAddress): Promise<IoResult<SocketAddress>> {
    const bound = await this.bindNow(at);
    if (bound.ok || this.stopped) return bound;
    if (isEveryIpv6(at) && NO_IPV6.has(bound.error.code)) {
      const instead = await this.bindNow({ family: "ipv4", host: "0.0.0.0", port: at.port });
      if (instead.ok) return instead;
    }
    const isTaken = at.family === "unix" && bound.error.kind === "address-in-use";
    return isTaken ? await this.takeOver(at) : bound;
  }

  /** Binds the path of a unix socket whose file exists already, if no process serves it. */
  private async takeOver(at: UnixAddress): Promise<IoResult<SocketAddress>> {
    const unlock = await this.lockTakeover(at.path);
    try {
      const inTheWay = unlock === undefined
        ? "by a process that is about to serve it"
        : await clearSocketFile(at.path, (path) => this.isServed(path));
      if (this.stopped) return { ok: false, error: new IoError("closed", "bind", at) };
      if (inTheWay === undefined) return await this.bindNow(at);
      const detail = `address already in use ${inTheWay}`;
      return { ok: false, error: new IoError("address-in-use", "bind", at, "EADDRINUSE", detail) };
    } finally {
      unlock?.();
    }
  }

  /** Whether a process serves the unix socket at `path`; true as well where this has stopped. */
  private isServed(path: string): Promise<boolean> {
    return Promise.race([this.engine.isServed(path), this.untilStopped.then(() => true)]);
  }

  /**
   * Keeps other processes from taking the same path over, until what this gives is called; undefined where one of them
   * does so for long, or this has stopped. The lock is an abstract unix socket, which goes with its process; where there
   * are none, two processes that start at the same moment may displace each other.
   */
  private async lockTakeover(path: string): Promise<(() => void) | undefined> {
    const { engine } = this;
    const name = takeoverName(path);
    if (name === undefined) return () => {};
    const lock = engine.listen({}, (endpoint) => endpoint.close(), () => {});
    const at = { family: "unix-abstract", name } as const;
    const limit = engine.now() + TAKEOVER_LIMIT_MS;
    for (;;) {
      const locked = await lock.bind(at);
      if (locked.ok || locked.error.kind !== "address-in-use") return () => lock.shutdown();
      const pause = new Promise<void>((resolve) => engine.runAt(engine.now() + TAKEOVER_RETRY_MS, resolve));
      await Promise.race([pause, this.untilStopped]);
      if (this.stopped || engine.now() >= limit) {
        lock.shutdown();
        return undefined;
      }
    }
  }

  /** The listener has stopped, by itself or because of `error`. */
  private end(error: IoError | undefined): void {
    if (this.stopped) return;
    this.stopped = true;
    this.onStopped();
    this.engine.opened.delete(this);
    if (trace.poller) {
      this.engine.trace(`${this.describe()} ends${error === undefined ? "" : `: ${error.message}`}`);
    }
    const report = (): void =>
      this.engine.run(() => {
        this.engine.release();
        this.onShutdown(error);
      });
    const released = this.release();
    if (released === undefined) report();
    else void released.then(report);
  }

  /** Binds one socket and gives the address it has. */
  protected abstract bindNow(at: SocketAddress): IoResult<SocketAddress> | Promise<IoResult<SocketAddress>>;
  /** Begins to accept on every socket. */
  protected abstract startAccepting(): void;
  /** Closes every socket; a promise where the system closes them later. May be called again. */
  protected abstract release(): Promise<void> | undefined;
}
