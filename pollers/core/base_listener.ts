// The part of a listener that is the same for every engine: several addresses, one end.

import type { Endpoint, IoResult, Listener, ListenOptions } from "../engine.ts";
import { formatAddress, type SocketAddress } from "./address.ts";
import type { BaseEngine } from "./base_engine.ts";
import { IoError } from "./io_error.ts";
import type { Closable } from "./open_set.ts";
import { pipeError } from "./pipe_address.ts";
import { unixPathError } from "./unix_path.ts";

/** How long accepting rests when descriptors or memory have run out: long enough for some to come back. */
const EXHAUSTED_PAUSE_MS = 100;

/** Codes, beside those of kind "too-many-files", of a system that has run out of something. */
const EXHAUSTED: ReadonlySet<string | undefined> = new Set(["ENOBUFS", "ENOMEM", "ENOSPC"]);

/** A listener's life; each engine adds its sockets. */
export abstract class BaseListener implements Listener, Closable {
  /** See `Closable`. */
  readonly syscall = "accept";
  /** `shutdown` was called. */
  protected stopped = false;
  private readonly addresses: SocketAddress[] = [];
  private started = false;

  /** Counts as open in `engine` until `shutdown`. */
  constructor(
    protected readonly engine: BaseEngine,
    protected readonly options: ListenOptions,
    private readonly onAccept: (endpoint: Endpoint) => void,
    private readonly onShutdown: (error?: IoError) => void,
  ) {
    engine.opened.add(this);
  }

  /** See the contract. */
  async bind(at: SocketAddress): Promise<IoResult<number>> {
    if (this.started || this.stopped) {
      throw new TypeError("Cannot bind: the listener was started or shut down");
    }
    const wrong = unixPathError(at, "bind") ?? pipeError(this.engine, at, "bind");
    if (wrong !== undefined) return { ok: false, error: wrong };
    const bound = await this.bindNow(at);
    if (!bound.ok) return bound;
    if (this.stopped) { // while it was binding
      await this.release();
      return { ok: false, error: new IoError("closed", "bind", at) };
    }
    this.addresses.push(bound.value);
    return { ok: true, value: "port" in bound.value ? bound.value.port : 0 };
  }

  /** See the contract. */
  start(): void {
    if (this.started || this.stopped) {
      throw new TypeError("Cannot start: the listener was started or shut down");
    }
    this.started = true;
    this.startAccepting();
  }

  /** See the contract. */
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

  /** Hands an endpoint up, in a turn. */
  protected accepted(endpoint: Endpoint): void {
    if (this.stopped) return endpoint.close();
    this.engine.execCtx.enter(this.onAccept, endpoint);
  }

  /**
   * Accepting failed. The listener goes on where one connection was reset before it was accepted, and rests where
   * descriptors or memory ran out, for connections wait in the backlog; else it ends. `acceptAgain` runs if it goes on.
   */
  protected acceptFailed(error: IoError, acceptAgain: () => void): void {
    if (error.kind === "reset") this.engine.run(acceptAgain);
    else if (error.kind === "too-many-files" || EXHAUSTED.has(error.code)) {
      const { onAcceptPaused } = this.options;
      this.engine.runAt(this.engine.now() + EXHAUSTED_PAUSE_MS, acceptAgain);
      if (onAcceptPaused !== undefined) this.engine.execCtx.enter(onAcceptPaused, error);
    } else this.end(error);
  }

  private end(error: IoError | undefined): void {
    if (this.stopped) return;
    this.stopped = true;
    this.engine.opened.delete(this);
    const told = (): void => this.engine.run(() => this.onShutdown(error));
    const released = this.release();
    if (released === undefined) told();
    else void released.then(told);
  }

  /** Binds one socket and gives the address it has. */
  protected abstract bindNow(at: SocketAddress): IoResult<SocketAddress> | Promise<IoResult<SocketAddress>>;
  /** Begins to accept on every socket. */
  protected abstract startAccepting(): void;
  /** Closes every socket there is; a promise where the system has them back only later. May be called again. */
  protected abstract release(): Promise<void> | undefined;
}
