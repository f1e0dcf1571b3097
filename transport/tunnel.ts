// A tunnel through an HTTP proxy: CONNECT and its answer (RFC 9110, section 9.3.6), before TLS and HTTP/2 go through it.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine, IoDone } from "../pollers/contract/engine.ts";
import type { IoError } from "../pollers/contract/io_error.ts";
import { SliceBuffer } from "../pollers/contract/slice_buffer.ts";

/** Where a proxy is to connect to. */
export interface TunnelTarget {
  /** "example.com:443", "[2001:db8::1]:443": the proxy looks names up. */
  readonly authority: string;
  /** What `proxy-authorization` says, "Basic ..."; undefined where the proxy asks nobody who they are. */
  readonly authorization: string | undefined;
  /** Makes the tunnel: given along, for channels without proxies make none. */
  readonly open: OpenTunnel;
}

/** Asks the proxy at the other end of `endpoint` for a tunnel to `target`, until it is cancelled. */
export type OpenTunnel = (
  engine: EventEngine,
  endpoint: Endpoint,
  target: TunnelTarget,
  owner: TunnelOwner,
) => { cancel(): void };

/** By CONNECT. */
export function openTunnel(
  engine: EventEngine,
  endpoint: Endpoint,
  target: TunnelTarget,
  owner: TunnelOwner,
): { cancel(): void } {
  return new Tunnel(engine, endpoint, target, owner);
}

/** Answers are some hundred octets; more than this is no answer. */
const MOST_ANSWER_BYTES = 16_384;

/** An answer that another one follows (RFC 9110, section 15.2); 101 would be another protocol, which was not asked for. */
const INTERIM = /^HTTP\/1\.\d 1(?!01)\d\d(?!\d)/;

/** What ends an answer: an empty line. */
const END = /\r?\n\r?\n/g;
/** So many octets at the end of what came may begin it. */
const MOST_BEGUN = 3;

/** What of a proxy's own words is shown. */
const SHOWN_CHARACTERS = 100;

/** Receives exactly one of the two, on no caller's stack, unless the tunnel was cancelled. */
export interface TunnelOwner {
  /** Bytes that are written to `endpoint` go to the target. */
  onTunnel(endpoint: Endpoint): void;
  /** There is no tunnel, and the endpoint was closed; `reason` is a sentence. */
  onNoTunnel(reason: string): void;
}

/** The making of one tunnel. */
class Tunnel {
  private readonly received: SliceBuffer = new SliceBuffer();
  /** What came, an octet a character, and where in it the answer begins that is awaited, behind interim ones. */
  private text = "";
  private begins = 0;
  /** There is no end of the answer before this: a proxy may send an octet at a time, and each is looked at once. */
  private searched = 0;
  private isOver = false;
  private readonly onReceived = (error?: IoError): void => this.took(error);

  /** Asks at once. `endpoint` is the proxy's; it is this tunnel's from here on. */
  constructor(
    engine: EventEngine,
    private readonly endpoint: Endpoint,
    private readonly target: TunnelTarget,
    private readonly owner: TunnelOwner,
  ) {
    engine.run(() => this.ask());
  }

  /** Gives up. Idempotent. */
  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endpoint.close();
  }

  private ask(): void {
    if (this.isOver) return;
    const { authority, authorization } = this.target;
    const lines = [`CONNECT ${authority} HTTP/1.1`, `host: ${authority}`];
    if (authorization !== undefined) lines.push(`proxy-authorization: ${authorization}`);
    const request = new SliceBuffer();
    request.append(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    // Not read before: what goes through the tunnel at once would be written while this is.
    const sent: IoDone = (error) => error === undefined ? this.read() : this.fail(error.message);
    if (this.endpoint.write(request, sent)) this.read();
  }

  private read(): void {
    while (!this.isOver && this.endpoint.read(this.received, this.onReceived)) this.judge();
  }

  private took(error: IoError | undefined): void {
    if (this.isOver) return;
    if (error === undefined) {
      this.judge();
      return this.read();
    }
    const ended = error.kind === "end-of-stream";
    this.fail(ended ? `proxy closed the connection without an answer to ${this.asked}` : error.message);
  }

  /** Whether the answer is whole with what came now. */
  private judge(): void {
    const bytes = this.received.join();
    const before = this.text.length;
    this.received.clear();
    this.text += String.fromCharCode(...bytes.subarray(0, MOST_ANSWER_BYTES - before));
    const { text } = this;
    for (;;) {
      const { begins } = this;
      if (!"HTTP/1.".startsWith(text.slice(begins, begins + 7))) {
        return this.fail(`what answered ${this.asked} is no HTTP proxy: ${quoted(text.slice(begins))}`);
      }
      END.lastIndex = this.searched;
      if (END.exec(text) === null) break;
      this.begins = this.searched = END.lastIndex;
      const answer = text.slice(begins, this.begins);
      if (!INTERIM.test(answer)) return this.answered(answer, bytes.subarray(this.begins - before));
    }
    this.searched = Math.max(this.begins, text.length - MOST_BEGUN);
    if (text.length >= MOST_ANSWER_BYTES) this.fail(`proxy's answer to ${this.asked} does not end`);
  }

  /** The last answer came, and `rest` behind it. */
  private answered(text: string, rest: Uint8Array): void {
    const [, status = "", words = ""] = /^HTTP\/1\.\d (\d{3}) ?([^\r\n]*)/.exec(text) ?? [];
    if (!status.startsWith("2")) return this.refused(status, words, text);
    this.isOver = true;
    this.owner.onTunnel(rest.length === 0 ? this.endpoint : new BegunEndpoint(this.endpoint, rest));
  }

  private refused(status: string, words: string, text: string): void {
    const what = status === "" ? quoted(text) : `${status} ${words.slice(0, SHOWN_CHARACTERS)}`.trim();
    const unknown = this.target.authorization === undefined;
    const wants = unknown ? "it wants a user and a password: http://user:password@host" : "user or password";
    const hint = status === "407" ? ` (${wants})` : "";
    this.fail(`proxy refused ${this.asked}: ${what}${hint}`);
  }

  private get asked(): string {
    return `CONNECT ${this.target.authority}`;
  }

  private fail(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endpoint.close();
    this.owner.onNoTunnel(reason);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS).split(/\r?\n/, 1)[0]);
}

/** An endpoint of which something was read already: a server may speak as soon as there is a tunnel. */
class BegunEndpoint implements Endpoint {
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  readonly lends: boolean;

  constructor(private readonly inner: Endpoint, private begun: Uint8Array | undefined) {
    this.local = inner.local;
    this.peer = inner.peer;
    this.lends = inner.lends ?? false;
  }

  read(into: SliceBuffer, done: IoDone, lend?: boolean): boolean {
    const { begun } = this;
    if (begun === undefined) return this.inner.read(into, done, lend);
    into.append(begun);
    this.begun = undefined;
    return true;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    return this.inner.write(data, done);
  }

  close(reason?: IoError): void {
    this.inner.close(reason);
  }
}
