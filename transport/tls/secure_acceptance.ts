// A server's side of the beginning: reads the client hello, chooses what to show the client by it, and makes the
// handshake, or says to the client why there is none.

import type { Endpoint, EventEngine, Instant, TaskHandle } from "../../pollers/contract/engine.ts";
import type { IoError } from "../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { alertRecord, type ClientHello, parseClientHello } from "./client_hello.ts";
import type { AcceptSecurity } from "./config.ts";
import { SecureEndpoint } from "./secure_endpoint.ts";

/** Receives exactly one of the results. */
export interface AcceptanceOwner {
  /** The handshake is complete. */
  onSecure(endpoint: SecureEndpoint): void;
  /** There is no secure connection; the endpoint was closed. */
  onInsecure(reason: string): void;
  /** It was cancelled, on the caller's stack. */
  onCancelled(): void;
}

/** The securing of one accepted connection. */
export class SecureAcceptance {
  /** All that came: of a hello in several reads, too. */
  private readonly received: SliceBuffer = new SliceBuffer();
  /** Before there are so many bytes nothing can be decided. */
  private needed = 1;
  private secure: SecureEndpoint | undefined = undefined;
  private isOver = false;
  private readonly timer: TaskHandle;
  private readonly onReceived = (error?: IoError): void => this.took(error);

  /** Begins at once; `pace` decides when the cryptography does. The client has until `deadline`. */
  constructor(
    private readonly engine: EventEngine,
    private readonly endpoint: Endpoint,
    private readonly security: AcceptSecurity,
    private readonly pace: (begin: () => void) => void,
    deadline: Instant,
    private readonly owner: AcceptanceOwner,
  ) {
    this.timer = engine.runAt(deadline, () => {
      this.refuse("it did not complete the TLS handshake in time (handshakeTimeoutMs)");
    });
    engine.run(() => this.readHello());
  }

  /** Gives up: the endpoint is closed. Idempotent. */
  cancel(): void {
    if (this.isOver) return;
    this.settle();
    (this.secure ?? this.endpoint).close();
    this.owner.onCancelled();
  }

  /** Reads until there is a client hello, or none can come. */
  private readHello(): void {
    while (!this.isOver && this.endpoint.read(this.received, this.onReceived)) {
      if (this.hasHello()) return;
    }
  }

  /** A read is done. */
  private took(error: IoError | undefined): void {
    if (this.isOver) return;
    if (error === undefined) return this.hasHello() ? undefined : this.readHello();
    const ended = error.kind === "end-of-stream";
    this.refuse(ended ? "it closed the connection before its client hello" : error.message);
  }

  /** Whether what came decides. */
  private hasHello(): boolean {
    if (this.received.byteLength < this.needed) return false;
    const parsed = parseClientHello(this.received.join());
    if (parsed.kind === "incomplete") this.needed = parsed.needed;
    else if (parsed.kind === "hello") this.pace(() => this.handshake(parsed.hello));
    else this.alert(parsed.alert, parsed.why);
    return parsed.kind !== "incomplete";
  }

  /** Goes on with what is configured for the client's name. */
  private handshake({ serverName }: ClientHello): void {
    if (this.isOver) return;
    const secure = this.secure = new SecureEndpoint(this.engine, this.endpoint);
    try {
      secure.handshake(
        (onProgress) => this.security.begin(serverName, this.engine.now(), onProgress),
        this.received,
        (failure) => {
          const problem = failure ?? secure.unreadable();
          if (problem !== undefined) return this.refuse(problem);
          this.settle();
          this.owner.onSecure(secure);
        },
        { peer: () => this.security.check },
      );
    } catch (error) { // of a certificate provider
      this.secure = undefined;
      this.refuse(`no certificate for it: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Says to the client why it is refused; one that speaks no TLS learns by the alert what is wanted. */
  private alert(alert: number, why: string): void {
    const record = new SliceBuffer();
    record.append(alertRecord(alert));
    const refuse = (): void => this.refuse(why);
    if (this.endpoint.write(record, refuse)) refuse();
  }

  /** Closes the connection; nothing where it is over. */
  refuse(reason: string): void {
    if (this.isOver) return;
    this.settle();
    (this.secure ?? this.endpoint).close();
    this.owner.onInsecure(reason);
  }

  /** It is over. */
  private settle(): void {
    this.isOver = true;
    this.engine.cancel(this.timer);
  }
}
