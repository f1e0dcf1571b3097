// A peer made of bytes on a simulated network: sends what a test says, and keeps what it got.

import type { IoError } from "../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import type { Endpoint, Listener, SocketAddress } from "../../pollers/mod.ts";
import type { SimulatedEngine } from "../../pollers/simulated/mod.ts";
import { concat } from "../bytes.ts";
import { describe, parse } from "./http2/wire.ts";

/** One end of a connection; reads whatever comes. */
export class RawPeer {
  /** How reading ended, or "open". */
  ended: IoError["kind"] | "open" = "open";
  private readonly parts: Uint8Array[] = [];
  private readonly input = new SliceBuffer();
  private readonly unsent: Uint8Array[] = [];
  private writing = false;
  private closing = false;

  constructor(readonly endpoint: Endpoint, private readonly onBytes: (peer: RawPeer) => void = () => {}) {
    this.read();
  }

  /** Everything received. */
  get received(): Uint8Array {
    return concat(...this.parts);
  }

  /** The frames received, described. */
  get frames(): string[] {
    return parse(this.received).map(describe);
  }

  /** Sends `parts` in one write, after what was sent before. */
  send(...parts: Uint8Array[]): void {
    this.unsent.push(concat(...parts));
    if (!this.writing) this.write();
  }

  /** Closes the connection once everything is sent. */
  close(): void {
    this.closing = true;
    if (!this.writing) this.endpoint.close();
  }

  private write(): void {
    for (let bytes; (bytes = this.unsent.shift()) !== undefined;) {
      const output = new SliceBuffer();
      output.append(bytes);
      this.writing = !this.endpoint.write(output, () => {
        this.writing = false;
        this.write();
      });
      if (this.writing) return;
    }
    if (this.closing) this.endpoint.close();
  }

  private read(): void {
    while (this.endpoint.read(this.input, (error) => this.completed(error))) this.keep();
  }

  private completed(error: IoError | undefined): void {
    if (error !== undefined) {
      this.ended = error.kind;
      return;
    }
    this.keep();
    this.read();
  }

  private keep(): void {
    for (const slice of this.input.slices) this.parts.push(slice.slice());
    this.input.clear();
    this.onBytes(this);
  }
}

/** Has `host` listen on `port` and gives each connection to `onEndpoint`. */
export async function listenAt(
  host: SimulatedEngine,
  onEndpoint: (endpoint: Endpoint) => void,
  port = 80,
): Promise<{ readonly at: SocketAddress; readonly listener: Listener }> {
  const at: SocketAddress = { family: "ipv4", host: host.hostAddress, port };
  const listener = host.listen({}, onEndpoint, () => {});
  const bound = await listener.bind(at);
  if (!bound.ok) throw new Error(bound.error.message);
  listener.start();
  return { at, listener };
}
