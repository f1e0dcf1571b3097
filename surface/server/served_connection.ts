// One connection of a server, as its calls see it.

import {
  type ApplicationCallback,
  type Endpoint,
  type EventEngine,
  formatAddress,
  type Instant,
  type Reporter,
  type SocketAddress,
} from "../../pollers/mod.ts";
import type {
  ConnectionSecurity,
  RequestHead,
  ServerStream,
  ServerStreamSink,
  ServerTransport,
  ServerTransportSink,
} from "../../transport/mod.ts";
import { checkType, describe } from "../options.ts";
import type { Beginnings } from "./beginnings.ts";
import type { Binding } from "./binding.ts";
import { HandlerSlots, type SlotsOwner } from "./handler_slots.ts";

/**
 * Calls that may wait for their handlers' turn: of all connections together, and of each connection in any case. At 4 KB a
 * call these are 32 MB, and 64 KB a connection.
 */
const WAITING_CALLS = 8_192;
const LEAST_WAITING_CALLS = 16;

/** Calls that have waited so long for handlers of others wait for ones that do not end with their calls. */
const LINGER_MS = 100;

/** What the connections of a server share. */
export interface ConnectionsHost {
  /** What the server runs on. */
  readonly engine: EventEngine;
  /** When handlers of response streams begin. */
  readonly beginnings: Beginnings;
  /** Handlers that one connection may have running. */
  readonly handlerLimit: number;
  /** Calls of all of them that wait for their handlers' turn. */
  waitingCalls: number;
  /** How many there were. */
  accepted: number;
  /** Gets warnings. */
  readonly reporter: Reporter;
  /** The client of `connection` has begun a call; returns its sink. */
  beginCall(
    stream: ServerStream,
    head: RequestHead,
    receivedAt: Instant,
    connection: ServedConnection,
  ): ServerStreamSink;
  /** `connection` is gone. */
  onConnectionClosed(connection: ServedConnection): void;
}

/** See the head of this file. */
export class ServedConnection implements SlotsOwner, ServerTransportSink {
  /** Decides when handlers run. */
  readonly handlers: HandlerSlots;
  /** Set when it has been accepted, before the first call. */
  transport: ServerTransport | undefined = undefined;
  /** How many were accepted before it: says which completion queue is its home. */
  readonly number: number;

  /**
   * `peer` is the client's address; `security` what its TLS handshake established, undefined in plaintext; `binding` where it
   * was accepted, if this server did that. `onGone` is called when it is gone.
   */
  constructor(
    readonly peer: SocketAddress,
    readonly security: ConnectionSecurity | undefined,
    private readonly host: ConnectionsHost,
    readonly binding: Binding | undefined,
    readonly onGone: (() => void) | undefined,
  ) {
    this.number = host.accepted++;
    this.handlers = new HandlerSlots(host.handlerLimit, this);
  }

  onStream(stream: ServerStream, head: RequestHead, receivedAt: Instant): ServerStreamSink {
    return this.host.beginCall(stream, head, receivedAt, this);
  }

  onUnstalled(): void {
    this.handlers.resume();
  }

  onClosed(): void {
    this.host.onConnectionClosed(this);
  }

  mayWait(waiting: number): boolean {
    return waiting < LEAST_WAITING_CALLS || this.host.waitingCalls < WAITING_CALLS;
  }

  waitingChanged(by: number): void {
    this.host.waitingCalls += by;
  }

  schedule(callback: ApplicationCallback): void {
    this.host.engine.execCtx.schedule(callback);
  }

  get beginnings(): Beginnings {
    return this.host.beginnings;
  }

  get stalled(): boolean {
    return this.transport!.stalled;
  }

  /** Handlers that end when their signal is aborted still run when the calls behind theirs come: they came with the abort. */
  onFull(): void {
    const { engine, handlerLimit, reporter } = this.host;
    engine.runAt(engine.now() + LINGER_MS, () => {
      if (!this.handlers.linger()) return;
      reporter.log(
        "warn",
        `calls from ${formatAddress(this.peer)} wait: ${handlerLimit} handlers of its connection run ` +
          `(maxConcurrentStreams), some of calls that have ended; a handler should end when call.signal is aborted`,
      );
    });
  }
}

/** Throws TypeError for what `serveEndpoint` cannot serve. */
export function checkServedEndpoint(endpoint: Endpoint, onClosed: () => void): void {
  const purpose = "serve an accepted connection";
  checkType(purpose, "onClosed", onClosed, "function");
  const { peer, local, close } = (endpoint ?? {}) as Partial<Endpoint>;
  if (typeof peer === "object" && typeof local === "object" && typeof close === "function") return;
  throw new TypeError(
    `Cannot ${purpose}: found ${describe(endpoint)}; give an endpoint of the server's engine`,
  );
}
