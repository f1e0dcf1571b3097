// One connection of the load generator: makes unary calls when it is told, and checks every answer and status.
//
// It is a client cut down to what a benchmark needs, so that it is quicker than every server it drives: calls are
// copied from a template, answers compared with what they must be. It keeps the peer's flow-control windows, and
// gives its own back in time; anything but the right answer counts as wrong.
import { Buffer } from "node:buffer";
import { type Endpoint, type EventEngine, type IoError, SliceBuffer } from "../../pollers/mod.ts";
import { copyBytes } from "../../transport/hpack/copy_bytes.ts";
import type { Http2Error } from "../../transport/http2/error.ts";
import {
  writePing,
  writePreface,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from "../../transport/http2/frame_writer.ts";
import {
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  readUint31,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from "../../transport/http2/frames.ts";
import { OutputBuffer } from "../../transport/http2/output_buffer.ts";
import { FrameReader, type FrameVisitor } from "../../transport/http2/frame_reader.ts";
import type { TlsContext } from "../../transport/tls/config.ts";
import { SecureEndpoint } from "../../transport/tls/secure_endpoint.ts";
import type { CallTemplate, Templates } from "./call_template.ts";
import { ResponseReader } from "./response_reader.ts";
import type { Tally } from "./tally.ts";

/** What the connection says of itself; each may start calls. */
export interface LoadEvents {
  /** The peer's SETTINGS are there: calls can be made. */
  onReady(connection: LoadConnection): void;
  /** A call was answered, and has been counted. */
  onAnswered(connection: LoadConnection): void;
  /** The connection, or the server, has failed. */
  onFailed(reason: string): void;
}

/** What all connections of a generator have in common. */
export interface LoadPlan {
  readonly engine: EventEngine;
  readonly port: number;
  /** What a connection is secured by; undefined in plaintext. */
  readonly secure: (() => TlsContext) | undefined;
  /** The most calls at a time on a connection. */
  readonly streams: number;
  readonly templates: Templates;
  readonly tally: Tally;
}

/** A call that is under way. */
interface Slot {
  id: number;
  sentAt: number;
  /** Which of the template's headers were sent. */
  block: number;
  /** Octets of the message sent, and received back. */
  sent: number;
  received: number;
  /** What the peer lets this stream send. */
  window: number;
  /** Nothing was wrong so far. */
  right: boolean;
}

const WINDOW_BYTES = 0x7fff_ffff;
const GIVE_BACK_BYTES = 0x2000_0000;
const SETTINGS_INITIAL_WINDOW_SIZE = 4;
const SETTINGS_HEADER_TABLE_SIZE = 1;

/** See the head of this file. */
export class LoadConnection implements FrameVisitor {
  /** Owned by ExecCtx. */
  flushScheduled = false;
  /** Owned by ExecCtx. */
  flushedIn = -1;
  closed = false;
  private readonly out = new OutputBuffer();
  private readonly output = new SliceBuffer();
  private readonly input = new SliceBuffer();
  private readonly reader = new FrameReader(this, 16_384);
  private responses!: ResponseReader; // made with the template
  private readonly slots: Array<Slot | undefined>;
  private template: CallTemplate | undefined = undefined;
  private nextId = 1;
  private nextBlock = 0;
  private window = 65_535;
  private initialWindow = 65_535;
  private unclaimed = 0;
  private waiting: Slot[] = [];
  /** Frames of large messages, which go out behind what `out` has. */
  private readonly large: Uint8Array[] = [];
  private receiving: Slot | undefined = undefined;
  private writing = false;

  private readonly tally: Tally;

  private constructor(
    private readonly endpoint: Endpoint,
    private readonly plan: LoadPlan,
    private readonly events: LoadEvents,
  ) {
    this.tally = plan.tally;
    // Room for twice the streams, so that a slow one does not lie in another's way.
    this.slots = new Array(2 ** Math.ceil(Math.log2(2 * plan.streams))).fill(undefined);
  }

  /** Connects; what comes of it is said to `events`. */
  static open(plan: LoadPlan, events: LoadEvents): void {
    plan.engine.connect({ family: "ipv4", host: "127.0.0.1", port: plan.port }, {}, (result) => {
      if (!result.ok) return events.onFailed(result.error.message);
      if (plan.secure === undefined) return new LoadConnection(result.value, plan, events).start();
      const context = plan.secure();
      const secure = new SecureEndpoint(plan.engine, result.value);
      const begin = (onProgress: () => void) => context.begin("127.0.0.1", onProgress);
      secure.handshake(begin, new SliceBuffer(), (failure) => {
        if (failure !== undefined) return events.onFailed(failure);
        new LoadConnection(secure, plan, events).start();
      });
    });
  }

  /** An earlier TLS session was resumed. */
  get isResumed(): boolean {
    return this.endpoint instanceof SecureEndpoint && this.endpoint.security.resumed;
  }

  /** Ends it, with no call under way. */
  close(): void {
    this.closed = true;
    this.endpoint.close();
  }

  /** Writes what the turn has collected. */
  flush(): void {
    if (this.writing || this.out.byteLength === 0 && this.large.length === 0) return;
    this.out.moveTo(this.output);
    for (const frames of this.large.splice(0)) this.output.append(frames);
    if (this.endpoint.write(this.output, this.onWritten)) this.out.recycle();
    else this.writing = true;
  }

  // From the receiver.

  /** An answer's content begins. */
  beginData(streamId: number, frameBytes: number): void {
    this.receiving = this.slot(streamId);
    this.unclaimed += frameBytes;
    if (this.unclaimed < GIVE_BACK_BYTES) return;
    writeWindowUpdate(this.out, 0, this.unclaimed);
    this.unclaimed = 0;
    this.touch();
  }

  /** An answer's content: it must be what was sent. */
  data(bytes: Uint8Array, start: number, end: number): void {
    const slot = this.receiving;
    if (slot === undefined) return;
    const { message } = this.template!;
    const received = slot.received;
    slot.received += end - start;
    if (slot.received > message.length || !same(bytes, start, end, message, received)) slot.right = false;
  }

  /** Everything else. */
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case FrameType.HEADERS:
        return this.headers(flags, streamId, bytes, start, end);
      case FrameType.WINDOW_UPDATE:
        return this.windowUpdate(streamId, readUint31(bytes, start));
      case FrameType.SETTINGS:
        return flags & Flag.ACK ? undefined : this.settings(bytes, start, end);
      case FrameType.PING:
        if (flags & Flag.ACK) return;
        writePing(this.out, readUint32(bytes, start), readUint32(bytes, start + 4), true);
        return this.touch();
      case FrameType.RST_STREAM:
        return this.reset(streamId, readUint32(bytes, start));
      case FrameType.GOAWAY:
        return this.events.onFailed(`server said GOAWAY: code ${readUint32(bytes, start + 4)}`);
    }
  }

  /** The server broke framing. */
  abort(error: Http2Error): void {
    this.closed = true;
    this.events.onFailed(error.reason);
  }

  private start(): void {
    writePreface(this.out);
    writeSettings(this.out, [[SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES]]);
    writeWindowUpdate(this.out, 0, WINDOW_BYTES - 65_535);
    this.touch();
    this.read();
  }

  private read(): void {
    while (!this.closed && this.endpoint.read(this.input, this.onRead)) this.consume();
  }

  private readonly onRead = (error?: IoError): void => {
    if (this.closed) return;
    if (error !== undefined) return this.events.onFailed(error.message);
    this.consume();
    this.read();
  };

  private readonly onWritten = (error?: IoError): void => {
    this.writing = false;
    this.out.recycle();
    if (this.closed) return;
    if (error !== undefined) return this.events.onFailed(error.message);
    this.flush();
  };

  private consume(): void {
    for (const slice of this.input.slices) this.reader.receive(slice);
    this.input.clear();
  }

  private settings(bytes: Uint8Array, start: number, end: number): void {
    let tableBytes = 4_096;
    for (let at = start; at < end; at += 6) {
      const id = (bytes[at]! << 8) | bytes[at + 1]!;
      const value = readUint32(bytes, at + 2);
      if (id === SETTINGS_HEADER_TABLE_SIZE) tableBytes = value;
      if (id === SETTINGS_INITIAL_WINDOW_SIZE) this.newInitialWindow(value);
    }
    writeSettingsAck(this.out);
    if (this.template === undefined) {
      this.template = this.plan.templates(tableBytes);
      this.responses = new ResponseReader(this.template.echoed);
      this.events.onReady(this);
    }
    this.touch();
  }

  private newInitialWindow(bytes: number): void {
    for (const slot of this.slots) if (slot !== undefined) slot.window += bytes - this.initialWindow;
    this.initialWindow = bytes;
  }

  /** Makes a call. */
  call(): void {
    const { template, slots } = this;
    while (slots[(this.nextId >> 1) & (slots.length - 1)] !== undefined) this.nextId += 2;
    const id = this.nextId;
    this.nextId += 2;
    const slot: Slot = {
      id,
      sentAt: this.tally.samples ? this.tally.time() : 0,
      sent: 0,
      received: 0,
      block: this.nextBlock,
      window: this.initialWindow,
      right: true,
    };
    slots[(id >> 1) & (slots.length - 1)] = slot;
    const headers = template!.headers[this.nextBlock]!;
    if (++this.nextBlock === template!.headers.length) this.nextBlock = template!.loopsAt;
    const at = this.out.reserve(headers.length);
    copyBytes(headers, 0, headers.length, this.out.chunk, at);
    writeUint32(this.out.chunk, at + 5, id);
    this.out.length += headers.length;
    this.send(slot);
    this.touch();
  }

  /** The DATA frames that the windows allow; what they do not waits for WINDOW_UPDATE. */
  private send(slot: Slot): void {
    const { message, frameEnds, framed } = this.template!;
    if (framed !== undefined) return this.sendLarge(slot, framed);
    for (const end of frameEnds) {
      if (end <= slot.sent) continue;
      const length = end - slot.sent;
      if (length > slot.window || length > this.window) {
        this.waiting.push(slot);
        return;
      }
      const at = this.out.reserve(FRAME_HEADER_BYTES + length);
      const flags = end === message.length ? Flag.END_STREAM : 0;
      writeFrameHeader(this.out.chunk, at, length, FrameType.DATA, flags, slot.id);
      copyBytes(message, slot.sent, end, this.out.chunk, at + FRAME_HEADER_BYTES);
      this.out.length += FRAME_HEADER_BYTES + length;
      slot.window -= length;
      this.window -= length;
      slot.sent = end;
    }
  }

  /** The same of frames that lie ready. */
  private sendLarge(slot: Slot, framed: Uint8Array): void {
    const { frameEnds } = this.template!;
    let next = frameEnds.findIndex((end) => end > slot.sent);
    const from = slot.sent + next * FRAME_HEADER_BYTES;
    for (; next < frameEnds.length; next++) {
      const length = frameEnds[next]! - slot.sent;
      if (length > slot.window || length > this.window) {
        this.waiting.push(slot);
        break;
      }
      writeUint32(framed, slot.sent + next * FRAME_HEADER_BYTES + 5, slot.id);
      slot.window -= length;
      this.window -= length;
      slot.sent += length;
    }
    const to = slot.sent + next * FRAME_HEADER_BYTES;
    if (to > from) this.large.push(framed.subarray(from, to));
  }

  private windowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) this.window += bytes;
    else {
      const slot = this.slot(streamId);
      if (slot !== undefined) slot.window += bytes;
    }
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const slot of waiting) this.send(slot);
    this.touch();
  }

  private headers(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if ((flags & (Flag.PADDED | Flag.PRIORITY)) !== 0 || (flags & Flag.END_HEADERS) === 0) {
      return this.events.onFailed("the generator cannot read padded or continued header blocks");
    }
    const { responses } = this;
    const slot = this.slot(streamId);
    const expected = slot === undefined ? undefined : this.template!.expected[slot.block];
    if (!responses.read(bytes, start, end, expected)) {
      return this.events.onFailed("a header block cannot be read");
    }
    if (slot === undefined) return;
    if ((flags & Flag.END_STREAM) !== 0) this.done(slot, responses.statusIsOk);
    else if (expected !== undefined) slot.right = responses.echoIsRight;
  }

  private reset(streamId: number, code: number): void {
    const slot = this.slot(streamId);
    if (slot === undefined) return;
    // A server that has answered may ask us to stop sending; one that has not has failed the call.
    this.done(slot, code === 0 && slot.received === this.template!.message.length);
  }

  private done(slot: Slot, statusIsOk: boolean): void {
    const { tally } = this;
    this.slots[(slot.id >> 1) & (this.slots.length - 1)] = undefined;
    if (!statusIsOk || !slot.right || slot.received !== this.template!.message.length) tally.wrong++;
    if (slot.sentAt !== 0) tally.sample(slot.sentAt);
    tally.count++;
    this.events.onAnswered(this);
  }

  private slot(streamId: number): Slot | undefined {
    const slot = this.slots[(streamId >> 1) & (this.slots.length - 1)];
    return slot?.id === streamId ? slot : undefined;
  }

  private touch(): void {
    this.plan.engine.execCtx.touch(this);
  }
}

/** Below this many bytes a loop beats the native call. */
const LOOP_BYTES = 48;

function same(bytes: Uint8Array, start: number, end: number, message: Uint8Array, at: number): boolean {
  const length = end - start;
  if (length > LOOP_BYTES) {
    return Buffer.compare(bytes.subarray(start, end), message.subarray(at, at + length)) === 0;
  }
  for (let i = 0; i < length; i++) if (bytes[start + i] !== message[at + i]) return false;
  return true;
}
