// An endpoint over an endpoint: plaintext above, TLS below (RFC 8446), so that every engine has it.
//
// What is buffered is bounded: ciphertext is read only while somebody above waits for plaintext or for the handshake,
// and a write above is done once all of its ciphertext was handed over below.

import type { SocketAddress } from "../../pollers/contract/address.ts";
import type { Endpoint, EventEngine, IoDone, TaskHandle } from "../../pollers/contract/engine.ts";
import { endOfStream, IoError } from "../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { H2 } from "./alpn.ts";
import type { PeerCheck } from "./config.ts";
import type { ConnectionSecurity } from "./security.ts";
import type { OnProgress, TlsSession } from "./session.ts";

/** Gets the end of a handshake: why there is no secure connection, or undefined. */
export type HandshakeDone = (failure?: string) => void;

/** What is looked at in a handshake beside what the library does. Each gives the reason why there is no secure connection. */
export interface HandshakeChecks {
  /** Looks at the first octets that the peer sent. */
  readonly first?: ((bytes: Uint8Array) => string | undefined) | undefined;
  /** Gives what the application says of the peer, once it is verified; called when the session has begun, with what it began. */
  readonly peer?: () => PeerCheck | undefined;
}

const NO_CHECKS: HandshakeChecks = {};

/** Memory that large messages took is given back after so long without others, or twice that. */
const TRIM_MS = 1_000;

/** One side of a TLS connection. */
export class SecureEndpoint implements Endpoint {
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  private readonly received: SliceBuffer = new SliceBuffer();
  private readonly toSend: SliceBuffer = new SliceBuffer();
  /** Set by `handshake`, which comes first; not yet while the application is asked for its certificates. */
  private session!: TlsSession;
  /** The read that is outstanding, or was the last one, lends; what is read below is copied, so it may lend as well. */
  private lending = false;
  /** A read, or a write, is outstanding below. */
  private isReading = false;
  private isWriting = false;
  /** What ends the stream below: nothing more comes, or can be sent. */
  private failure: IoError | undefined = undefined;
  /** What a write below failed with: nothing more can be sent, and what the peer sent before is still read. */
  private sendFailure: IoError | undefined = undefined;
  private isClosed = false;
  private onHandshakeDone: HandshakeDone | undefined = undefined;
  private established: ConnectionSecurity | undefined = undefined;
  private checks: HandshakeChecks = NO_CHECKS;
  private peerCheck: PeerCheck | undefined = undefined;
  private sawFirst = false;
  /** What the checks found: the reason, whatever the library says. */
  private refusal: string | undefined = undefined;
  private readInto: SliceBuffer | undefined = undefined;
  private readDone: IoDone | undefined = undefined;
  private writeDone: IoDone | undefined = undefined;
  /** Why the write that is outstanding fails. */
  private writeFailure: IoError | undefined = undefined;
  private trimming: TaskHandle | undefined = undefined;
  private readonly onReceived = (error?: IoError): void => {
    this.isReading = false;
    this.take(error);
    this.progress();
  };
  private readonly onSent = (error?: IoError): void => {
    this.isWriting = false;
    this.sendFailure ??= error;
    this.progress();
  };

  /** Over `inner`, which is this endpoint's from here on. */
  constructor(private readonly engine: EventEngine, private readonly inner: Endpoint) {
    this.local = inner.local;
    this.peer = inner.peer;
  }

  /**
   * Begins the handshake; `begun` are bytes of the peer that were read before, and `checks` look at what is
   * established. `done` is called once, on no caller's stack, unless the endpoint is closed before. What the handshake has
   * to say to the peer (an alert) was sent then. A handshake that did not negotiate "h2" fails.
   *
   * @throws what `begin` throws
   */
  handshake(
    begin: (onProgress: OnProgress) => TlsSession,
    begun: SliceBuffer,
    done: HandshakeDone,
    checks: HandshakeChecks = NO_CHECKS,
  ): void {
    this.checks = checks;
    this.onHandshakeDone = done;
    this.session = begin(() => this.engine.execCtx.enter(this.continue, undefined));
    this.peerCheck = checks.peer?.(); // not before: by beginning a session, credentials learn what is configured now
    if (begun.byteLength > 0) this.session.receive(begun);
    this.engine.run(this.continue);
  }

  /** What the handshake established. */
  get security(): ConnectionSecurity {
    return this.established ??= this.session.security();
  }

  /** Why what the handshake established cannot be read; undefined where it can. Certificates come from outside. */
  unreadable(): string | undefined {
    try {
      return void this.security;
    } catch (error) {
      return `the peer's certificate cannot be read: ${
        error instanceof Error ? error.message : String(error)
      }`;
    }
  }

  /** Of a session that copies what it is given and has memory for what it gives. */
  get lends(): boolean {
    return !this.session.isAsynchronous;
  }

  read(into: SliceBuffer, done: IoDone, lend = false): boolean {
    if (this.readDone !== undefined) {
      throw new TypeError("Cannot read: a read is outstanding on this endpoint");
    }
    this.lending = lend;
    if (this.takePlaintext(into)) return true;
    this.readInto = into;
    this.readDone = done;
    if (this.end() !== undefined) this.engine.run(this.continue);
    return false;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    if (this.writeDone !== undefined) {
      throw new TypeError("Cannot write: a write is outstanding on this endpoint");
    }
    if (data.byteLength === 0) return true;
    this.writeFailure = this.end() ?? this.sendFailure;
    if (this.writeFailure === undefined) {
      this.session.write(data);
      this.send();
      if (this.isSent()) return true;
    } else {
      data.clear();
      this.engine.run(this.continue);
    }
    this.writeDone = done;
    return false;
  }

  close(reason?: IoError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    // What waits below was not taken by the peer: close_notify behind it would only wait as well.
    if (this.onHandshakeDone === undefined && !this.isWriting && this.canSend) {
      this.session.close();
      this.send();
    }
    if (this.trimming !== undefined) this.engine.cancel(this.trimming);
    this.failure = reason ?? new IoError("closed", "read", this.peer);
    this.onHandshakeDone = undefined;
    this.inner.close(reason);
    this.engine.run(() => {
      this.progress();
      (this.session as TlsSession | undefined)?.release(); // none began where the application threw
    });
  }

  private readonly continue = (): void => this.progress();

  /** Does what has become possible. */
  private progress(): void {
    this.send();
    if (this.onHandshakeDone !== undefined) return this.continueHandshake();
    if (this.writeDone !== undefined) this.completeWrite();
    const { readDone, readInto } = this;
    if (readDone === undefined || readInto === undefined) return;
    const came = !this.isClosed && this.takePlaintext(readInto);
    const error = came ? undefined : this.end();
    if (!came && error === undefined) return;
    this.readDone = this.readInto = undefined;
    readDone(error);
  }

  /** Does what the handshake has become able to do, and reports its end. */
  private continueHandshake(): void {
    const { session } = this;
    while (session.state === "handshaking" && this.receive()) this.send();
    const failure = this.handshakeFailure();
    if (failure === undefined && session.state === "handshaking") return;
    // An alert is on its way: the peer is to know why.
    if (failure !== undefined && this.isWriting && this.canSend) return;
    const done = this.onHandshakeDone;
    this.onHandshakeDone = undefined;
    done?.(failure); // not where the application has closed this while it was asked of the peer
  }

  /** Why there is no secure connection, or none yet. */
  private handshakeFailure(): string | undefined {
    const { session } = this;
    if (this.refusal !== undefined) return this.refusal;
    if (session.state === "failed") return session.failure;
    if (session.state === "handshaking" || this.failure !== undefined) return this.failure?.message;
    const protocol = session.alpn();
    if (protocol === H2) return this.refusal = this.refusedPeer();
    const negotiated = protocol === "" ? "no protocol" : JSON.stringify(protocol);
    return this.refusal = `${negotiated} was negotiated (ALPN), and gRPC needs "${H2}"`;
  }

  /** What `checks` say of the peer. */
  private refusedPeer(): string | undefined {
    const { peerCheck } = this;
    return peerCheck === undefined ? undefined : this.unreadable() ?? peerCheck.refuses(this.security);
  }

  /** Whether plaintext came; reads below until there is some, or it must be waited for. */
  private takePlaintext(into: SliceBuffer): boolean {
    if (this.isClosed) return false;
    const before = into.byteLength;
    for (;;) {
      this.session.read(into, this.lending);
      if (into.byteLength > before) return true;
      this.send(); // an answer of the library's own: that it does not renegotiate, new keys
      if (this.session.state !== "open" || !this.receive()) return false;
    }
  }

  /** Reads ciphertext; false where it must be waited for, or none comes. */
  private receive(): boolean {
    if (this.isReading || this.failure !== undefined) return false;
    if (!this.inner.read(this.received, this.onReceived, this.lending)) {
      this.isReading = true;
      return false;
    }
    this.take(undefined);
    const { isAsynchronous, isEncrypting } = this.session;
    // What this gives comes soon, if it gives anything.
    if (isAsynchronous || isEncrypting) this.engine.run(this.continue);
    return !isAsynchronous;
  }

  /** Passes on what came from below, or how that ended. */
  private take(error: IoError | undefined): void {
    if (this.isClosed) return;
    if (!this.sawFirst && error === undefined) {
      this.sawFirst = true;
      this.refusal = this.checks.first?.(this.received.join());
    }
    if (error === undefined) this.session.receive(this.received);
    else if (error.kind === "end-of-stream") this.session.receiveEnd();
    else this.failure ??= error;
  }

  /** Sends what the session has for the peer. */
  private send(): void {
    while (!this.isWriting && this.canSend) {
      this.session.transmit(this.toSend);
      if (this.toSend.byteLength === 0) {
        if (this.session.hasGrown && this.trimming === undefined) this.trimLater();
        return;
      }
      if (!this.inner.write(this.toSend, this.onSent)) this.isWriting = true;
    }
  }

  /** Has the session give back, a little later, what large messages took. */
  private trimLater(): void {
    if (!this.isClosed) this.trimming = this.engine.runAt(this.engine.now() + TRIM_MS, this.trim);
  }

  private readonly trim = (): void => {
    this.trimming = undefined;
    if (!this.session.trim()) this.trimLater();
  };

  /** Something can still go below. */
  private get canSend(): boolean {
    return this.failure === undefined && this.sendFailure === undefined;
  }

  /** Whether everything that was written is below. What a session that works by calls waits for with it is read. */
  private isSent(): boolean {
    const { isAsynchronous, isEncrypting } = this.session;
    if (this.isWriting || !isEncrypting) return !this.isWriting;
    if (!isAsynchronous) this.receive();
    return false;
  }

  /** Reports the end of the write that is outstanding, where it has come. */
  private completeWrite(): void {
    const isSent = this.isSent();
    this.writeFailure ??= this.sendFailure ?? (isSent ? undefined : this.failure);
    if (!isSent && this.writeFailure === undefined) return;
    const done = this.writeDone!;
    this.writeDone = undefined;
    done(this.writeFailure);
  }

  /** Why nothing more comes. */
  private end(): IoError | undefined {
    const { state, failure } = this.session;
    if (this.isClosed) return this.failure;
    switch (state) {
      case "closed":
        return endOfStream(this.peer);
      case "truncated":
        return this.error("the peer ended the stream without close_notify, so it may have been cut");
      case "failed":
        return this.error(failure);
      default:
        return this.failure;
    }
  }

  /** A read has failed by TLS. */
  private error(what: string): IoError {
    return new IoError("insecure", "read", this.peer, undefined, `TLS: ${what}`);
  }
}
