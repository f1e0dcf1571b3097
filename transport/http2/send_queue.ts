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

/** The rounds of one connection. */
export class SendQueue implements Backlog {
  /** Octets of DATA that wait on all streams. */
  bytes = 0;
  /** Of {@linkcode waitingStreams}, those that need no window. */
  windowless = 0;
  private round: Stream[] = [];
  private next: Stream[] | undefined = undefined;

  /** `parts` are the connection's. */
  constructor(private readonly parts: SendQueueParts) {}

  /** Whether no stream waits for its turn; one that waits for its own window is not in the round. */
  get isEmpty(): boolean {
    return this.round.length === 0;
  }

  /** Streams that wait for their turn, about: some may be closed by now. */
  get waitingStreams(): number {
    return this.round.length;
  }

  /**
   * Whether `fill` would do something: give a window's worth of DATA, or an END_STREAM that needs no window, or leave out a
   * stream that is closed, which else would be one of {@linkcode waitingStreams} until a window opens.
   */
  get canSend(): boolean {
    return this.windowless > 0 || (this.round.length > 0 && this.parts.flow.sendWindow.available > 0);
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
    if (queue.bytes === 0) this.windowless++;
    else if (stream.sendWindow.available <= 0) return;
    queue.inRound = true;
    this.round.push(stream);
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
    while (this.round.length > 0 && out.byteLength < TRANSMIT_BYTES) {
      const streams = this.round;
      this.round = this.next ?? [];
      let progress = false;
      let waiting = 0;
      let turn = 0;
      for (; turn < streams.length && out.byteLength < TRANSMIT_BYTES; turn++) {
        const stream = streams[turn]!;
        const queue = stream.queue!;
        if (queue.bytes > 0 && sendWindow.available <= 0) {
          streams[waiting++] = stream;
          continue;
        }
        queue.inRound = false;
        if (queue.bytes === 0) this.windowless--;
        if (stream.closed) continue;
        if (this.sendFrame(stream, queue)) progress = true;
        this.admit(stream);
      }
      while (turn < streams.length) streams[waiting++] = streams[turn++]!;
      streams.length = waiting;
      if (waiting > 0) {
        for (const stream of this.round) streams.push(stream);
        this.round.length = 0;
        this.next = this.round;
        this.round = streams;
      } else this.next = streams;
      if (!progress) return;
    }
  }

  /** One frame of `stream`; false when its window has shrunk meanwhile. */
  private sendFrame(stream: Stream, queue: StreamQueue): boolean {
    const { out, flow, sections } = this.parts;
    let isEnded = false;
    if (queue.bytes > 0) {
      const window = Math.min(flow.sendable(stream), DATA_FRAME_BYTES);
      if (window <= 0) return false;
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
    return true;
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
