// DATA that waits for window or turn, framed one frame a stream in rounds, so that no stream starves another.

import type { Connection } from "./connection.ts";
import { writeData } from "./frame_writer.ts";
import { DATA_FRAME_BYTES, QUEUE_JOIN_BYTES, QUEUE_LOW_WATER_BYTES, TRANSMIT_BYTES } from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import type { Stream } from "./stream.ts";

/** The rounds of one connection. */
export class SendQueue {
  private round: Stream[] = [];
  private next: Stream[] = [];

  /** `connection` owns the windows and ends streams; `out` gets the frames. */
  constructor(private readonly connection: Connection, private readonly out: OutputBuffer) {}

  /** Whether no stream waits for its turn; one that waits for its own window is not in the round. */
  get isEmpty(): boolean {
    return this.round.length === 0;
  }

  /** Whether `fill` would give something: a window's worth of DATA, or an END_STREAM that needs no window. */
  get canSend(): boolean {
    if (this.round.length === 0) return false;
    if (this.connection.sendWindow > 0) return true;
    for (const stream of this.round) if (stream.queuedBytes === 0 && !stream.closed) return true;
    return false;
  }

  /** Queues `bytes` on `stream`; small ones are copied together, others kept as views. */
  enqueue(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length > 0) {
      if (bytes.length < QUEUE_JOIN_BYTES) joinSmall(stream, bytes);
      else {
        sealJoined(stream);
        stream.queue.push(bytes);
      }
      stream.queuedBytes += bytes.length;
      if (stream.writeBlocked) stream.waitingForWritable = true;
    }
    this.admit(stream);
  }

  /** Lets `stream` take part in the next round if it has something it may send. */
  admit(stream: Stream): void {
    if (stream.inRound || !stream.hasQueued) return;
    if (stream.queuedBytes > 0 && stream.sendWindow <= 0) return;
    stream.inRound = true;
    this.round.push(stream);
  }

  /** Forgets what `stream` has queued. */
  drop(stream: Stream): void {
    stream.queue.length = 0;
    stream.queueOffset = 0;
    stream.joinLength = 0;
    stream.queuedBytes = 0;
    stream.endQueued = false;
    stream.queuedTrailers = undefined;
    stream.queuedTrailersExtra = undefined;
  }

  /**
   * Frames queued DATA, a frame a stream a round, until windows end or a write's worth is out. Who had no turn for
   * want of the connection's window or of room comes first the next time, or a window that opens a little at a time
   * would always be the first stream's.
   */
  fill(): void {
    while (this.round.length > 0 && this.out.byteLength < TRANSMIT_BYTES) {
      const streams = this.round;
      this.round = this.next;
      let progress = false;
      let waiting = 0;
      let turn = 0;
      for (; turn < streams.length && this.out.byteLength < TRANSMIT_BYTES; turn++) {
        const stream = streams[turn]!;
        if (stream.queuedBytes > 0 && this.connection.sendWindow <= 0) {
          streams[waiting++] = stream;
          continue;
        }
        stream.inRound = false;
        if (stream.closed) continue;
        if (this.sendFrame(stream)) progress = true;
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
  private sendFrame(stream: Stream): boolean {
    if (stream.queuedBytes > 0) {
      const window = Math.min(stream.sendWindow, this.connection.sendWindow, DATA_FRAME_BYTES);
      if (window <= 0) return false;
      this.frameFront(stream, window);
    } else if (stream.endQueued && stream.queuedTrailers === undefined) {
      writeData(this.out, stream.id, NOTHING, 0, 0, true);
      this.finish(stream);
      return true;
    }
    if (stream.queuedBytes === 0 && stream.endQueued) {
      if (stream.queuedTrailers !== undefined) {
        this.connection.writeHeaders(stream, stream.queuedTrailers, stream.queuedTrailersExtra, true);
        this.finish(stream);
      } else this.finish(stream);
    } else if (stream.waitingForWritable && stream.queuedBytes <= QUEUE_LOW_WATER_BYTES) {
      stream.waitingForWritable = false;
      if (!stream.localClosed && !stream.closed) stream.sink.onWritable(stream); // onSent may have ended it
    }
    return true;
  }

  private frameFront(stream: Stream, window: number): void {
    const front = stream.queue[0]!;
    const frontEnd = stream.queue.length === 1 && stream.joinLength > 0 ? stream.joinLength : front.length;
    const start = stream.queueOffset;
    const end = Math.min(frontEnd, start + window);
    const bytes = end - start;
    stream.queuedBytes -= bytes;
    stream.sendWindow -= bytes;
    this.connection.sendWindow -= bytes;
    const last = stream.queuedBytes === 0 && stream.endQueued && stream.queuedTrailers === undefined;
    writeData(this.out, stream.id, front, start, end, last);
    if (end < frontEnd) {
      stream.queueOffset = end;
      return;
    }
    stream.queue.shift();
    stream.queueOffset = 0;
    if (stream.queue.length === 0) stream.joinLength = 0;
    if (front.length > JOIN_BLOCK_BYTES) stream.sink.onSent(stream, front); // and is no block of ours
  }

  private finish(stream: Stream): void {
    this.drop(stream);
    this.connection.localEnd(stream);
  }
}

const NOTHING = new Uint8Array(0);
/** Room for small messages that are joined while they wait. */
const JOIN_BLOCK_BYTES = 16_384;

/** Ends the block that small messages are joined into where its bytes end: what follows is no part of it. */
function sealJoined(stream: Stream): void {
  if (stream.joinLength === 0) return;
  const last = stream.queue.length - 1;
  stream.queue[last] = stream.queue[last]!.subarray(0, stream.joinLength);
  stream.joinLength = 0;
}

function joinSmall(stream: Stream, bytes: Uint8Array): void {
  let block = stream.queue[stream.queue.length - 1];
  if (block === undefined || stream.joinLength === 0 || stream.joinLength + bytes.length > block.length) {
    sealJoined(stream);
    block = new Uint8Array(stream.queuedBytes === 0 ? QUEUE_JOIN_BYTES * 2 : JOIN_BLOCK_BYTES);
    stream.queue.push(block);
  }
  block.set(bytes, stream.joinLength);
  stream.joinLength += bytes.length;
}
