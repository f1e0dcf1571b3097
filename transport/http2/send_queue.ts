// DATA that waits for window or turn, framed one frame a stream in rounds, so that no stream starves another.

import type { FlowControl } from "./flow_control.ts";
import { writeData } from "./frame_writer.ts";
import type { HeaderSections } from "./header_sections.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { DATA_FRAME_BYTES, QUEUE_LOW_WATER_BYTES, TRANSMIT_BYTES } from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import type { Stream } from "./stream.ts";
import { type Backlog, StreamQueue } from "./stream_queue.ts";

/** What the rounds need of the connection. */
export interface SendQueueParts {
  /** Where frames are written. */
  readonly out: OutputBuffer;
  /** What may be sent. */
  readonly flow: FlowControl;
  /** Writes trailers. */
  readonly sections: HeaderSections;
  /** Ends streams. */
  readonly lifecycle: Lifecycle;
}

/** So many places whose streams had their turn are kept, and more while they are less than half of all. */
const MOST_TAKEN = 64;

/** The rounds of one connection: a stream that had its turn comes last. None of it costs more where more streams wait. */
export class SendQueue implements Backlog {
  /** Octets of DATA that wait on all streams. */
  bytes = 0;
  /** Streams that wait for their turn; one that waits for its own window is none. */
  waitingStreams = 0;
  /** Streams with DATA, in their order, from `first` on. */
  private round: Array<Stream | undefined> = [];
  private first = 0;
  /** Streams of which END_STREAM alone waits, which needs no window. */
  private ends: Stream[] = [];
  /** Places of streams that were closed while they waited. */
  private closed = 0;
  /** There are more of them than at the last {@linkcode fill}. */
  private hasLeft = false;

  /** `parts` are the connection's. */
  constructor(private readonly parts: SendQueueParts) {}

  /** Whether no stream waits for its turn. */
  get isEmpty(): boolean {
    return this.waitingStreams === 0;
  }

  /**
   * Whether `fill` would do something: give a window's worth of DATA, or an END_STREAM that needs no window. And whether
   * fewer streams wait than at the last one, for who waits for that is told with the next output.
   */
  get canSend(): boolean {
    return this.hasLeft || this.ends.length > 0 ||
      (this.waitingStreams > 0 && this.parts.flow.sendWindow.available > 0);
  }

  /** Queues `bytes` on `stream`; small ones are copied together, others kept as views. */
  enqueue(stream: Stream, bytes: Uint8Array, endStream: boolean): void {
    const queue = stream.queue ??= new StreamQueue(this);
    queue.push(bytes);
    if (endStream) queue.endStream = true;
    if (stream.writeBlocked) queue.producerWaits = true;
    this.admit(stream);
    this.parts.out.announce();
  }

  /** Lets `stream` take part in the next round if it has something it may send. */
  admit(stream: Stream): void {
    const { queue } = stream;
    if (queue === undefined || queue.inRound || queue.isEmpty) return;
    if (queue.bytes === 0) this.ends.push(stream);
    else if (stream.sendWindow.available <= 0) return;
    else this.round.push(stream);
    queue.inRound = true;
    this.waitingStreams++;
  }

  /** A stream that waits was closed. */
  left(): void {
    this.waitingStreams--;
    this.closed++;
    this.hasLeft = true;
  }

  /** A send window grew, of `stream` or of the connection: what waited may go. */
  windowGrew(stream: Stream | undefined): void {
    if (stream !== undefined) this.admit(stream);
    if (!this.isEmpty) this.parts.out.announce();
  }

  /**
   * Frames queued DATA, a frame a stream a round, until windows end or a write's worth is out. A stream that had no turn
   * for want of the connection's window or of room comes first the next time, or a window that opens a little at a time
   * would always be the first stream's.
   */
  fill(): void {
    const { out, flow: { sendWindow } } = this.parts;
    this.hasLeft = false;
    if (this.closed > this.waitingStreams) this.dropClosed();
    while (out.byteLength < TRANSMIT_BYTES) {
      const stream = this.ends.length > 0
        ? this.ends.pop()
        : sendWindow.available > 0
        ? this.take()
        : undefined;
      if (stream === undefined) return;
      const queue = stream.queue!;
      queue.inRound = false;
      if (queue.isEmpty) {
        this.closed--;
        continue;
      }
      this.waitingStreams--;
      this.sendFrame(stream, queue);
      this.admit(stream);
    }
  }

  /** Takes the first stream out of the round. */
  private take(): Stream | undefined {
    const { round } = this;
    if (round.length - this.first <= 1) {
      const last = round.pop();
      if (this.first > 0) round.length = this.first = 0;
      return last;
    }
    const stream = round[this.first];
    round[this.first++] = undefined;
    if (this.first >= MOST_TAKEN && 2 * this.first >= round.length) {
      round.splice(0, this.first);
      this.first = 0;
    }
    return stream;
  }

  private dropClosed(): void {
    const waits = (stream: Stream | undefined): boolean => stream !== undefined && !stream.queue!.isEmpty;
    this.round = this.round.filter(waits);
    this.ends = this.ends.filter(waits);
    this.first = 0;
    this.closed = 0;
  }

  /** One frame of `stream`; none when its window has shrunk meanwhile. */
  private sendFrame(stream: Stream, queue: StreamQueue): void {
    const { out, flow, sections } = this.parts;
    let isEnded = false;
    if (queue.bytes > 0) {
      const window = Math.min(flow.sendable(stream), DATA_FRAME_BYTES);
      if (window <= 0) return;
      isEnded = this.frameFront(stream, queue, window);
    }
    if (queue.bytes === 0 && queue.endStream) {
      if (queue.trailers !== undefined) sections.write(stream, queue.trailers, queue.trailersExtra, true);
      else if (!isEnded) writeData(out, stream.id, NOTHING, 0, 0, true); // onSent may have queued it
      this.finish(stream, queue);
    } else if (queue.producerWaits && queue.bytes <= QUEUE_LOW_WATER_BYTES) {
      queue.producerWaits = false;
      if (!stream.localClosed && !stream.closed) stream.sink.onWritable(stream); // onSent may have ended it
    }
  }

  /** Returns whether the frame ends the stream. */
  private frameFront(stream: Stream, queue: StreamQueue, window: number): boolean {
    const { front, frontStart: start } = queue;
    const end = Math.min(queue.frontEnd, start + window);
    this.parts.flow.send(stream, end - start);
    const returned = queue.advance(end);
    const last = queue.bytes === 0 && queue.endStream && queue.trailers === undefined;
    writeData(this.parts.out, stream.id, front, start, end, last);
    if (returned !== undefined) stream.sink.onSent(stream, returned);
    return last;
  }

  private finish(stream: Stream, queue: StreamQueue): void {
    queue.clear();
    this.parts.lifecycle.endSent(stream);
  }
}

const NOTHING = new Uint8Array(0);
