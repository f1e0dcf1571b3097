// One end of an in-process stream: what the other end has sent waits here until it may be handed up.
//
// Flow control is HTTP/2's, in messages: what was handed up and not released, and what waits, is held against the window of
// this end; beyond it messages wait, and a producer that goes on is to wait as well. A message that is larger than the window
// is handed up when nothing else is untaken.

import { QUEUE_HIGH_WATER_BYTES, QUEUE_LOW_WATER_BYTES } from "../http2/limits.ts";
import type { MessageSink, MessageStream } from "../transport.ts";
import {
  type MessageError,
  type MessageLimits,
  tooLargeToReceive,
  tooLargeToSend,
} from "../grpc/message_limits.ts";
import { MESSAGE_PREFIX_BYTES } from "../grpc/message_prefix.ts";
import type { Deliverable, Lane } from "./lane.ts";
import { copyMessage } from "./message_memory.ts";

/** Local: see docs/STYLE.md, "Hot paths". */
const PREFIX_BYTES = MESSAGE_PREFIX_BYTES;

/** Places of messages that were handed up, until the list is cut. */
const MOST_GONE = 256;

const NOTHING = new Uint8Array(0);

/** What the streams of one side of a connection have in common. */
export interface EndHost {
  /** Events for this side. */
  readonly lane: Lane;
  /** The largest messages. */
  readonly limits: MessageLimits;
  /** Octets of messages that may be handed up and not released. */
  readonly windowBytes: number;
  /** Messages that its streams have sent. */
  messagesSent: number;
  /** And those that were handed up to them. */
  messagesReceived: number;
}

/** Waits until what was sent before it is handed up. */
interface WriteNotice {
  readonly sent: number;
  readonly onWritten: (ok: boolean) => void;
}

/** See the head of this file. */
export abstract class StreamEnd implements MessageStream, Deliverable {
  /** See {@linkcode Deliverable}. */
  isDue: boolean;
  /** The other end; set when both are made. */
  declare other: StreamEnd;
  /** Nothing is handed up or sent any more. */
  isOver: boolean;
  /** The other end sends no more messages. */
  protected hasEnd: boolean;
  /** Messages that were not handed up: the first, and those behind it. */
  private first: Uint8Array | undefined;
  private rest: Uint8Array[] | undefined;
  /** How many of `rest` were handed up. */
  private gone: number;
  private waitingBytes: number;
  private untakenBytes: number;
  /** Messages that were handed up, and that were sent to the other end. */
  private received: number;
  private sent: number;
  private producerWaits: boolean;
  private mayGoOn: boolean;
  private notices: WriteNotice[] | undefined;

  /** `limits`: the largest messages of this call. */
  constructor(protected readonly host: EndHost, private readonly limits: MessageLimits) {
    this.isDue = false;
    this.isOver = false;
    this.hasEnd = false;
    this.first = undefined;
    this.rest = undefined;
    this.gone = 0;
    this.waitingBytes = 0;
    this.untakenBytes = 0;
    this.received = 0;
    this.sent = 0;
    this.producerWaits = false;
    this.mayGoOn = false;
    this.notices = undefined;
  }

  /** What this end calls. */
  protected abstract readonly messages: MessageSink;

  /** Beyond the other end's window. */
  get queuedBytes(): number {
    return this.other.excessBytes;
  }

  get writeBlocked(): boolean {
    return !this.isOver && this.other.excessBytes > QUEUE_HIGH_WATER_BYTES;
  }

  /** The memory is always the caller's again: what is handed up is a copy, which nobody else has. */
  sendMessage(framed: Uint8Array, last = false): boolean {
    const { other, limits } = this;
    const bytes = framed.length - PREFIX_BYTES;
    if (bytes > limits.sendBytes) {
      this.onMessageError(this.narrowed(tooLargeToSend(bytes, limits.sendBytes)));
      return true;
    }
    if (this.isOver) return true;
    this.sent++;
    this.host.messagesSent++;
    other.add(copyMessage(framed, PREFIX_BYTES));
    other.waitingBytes += framed.length;
    if (other.excessBytes > QUEUE_HIGH_WATER_BYTES) this.producerWaits = true;
    if (last) other.hasEnd = true;
    other.host.lane.schedule(other);
    return true;
  }

  whenWritten(onWritten: (ok: boolean) => void): void {
    const { sent, other } = this;
    if (this.isOver || other.received === sent) this.host.lane.engine.run(() => onWritten(true));
    else (this.notices ??= []).push({ sent, onWritten });
  }

  release(bytes: number): void {
    this.untakenBytes -= bytes;
    if (this.isOver) return;
    const { other } = this;
    if (other.producerWaits && this.excessBytes <= QUEUE_LOW_WATER_BYTES) {
      other.producerWaits = false;
      other.mayGoOn = true;
      other.host.lane.schedule(other);
    }
    if (this.hasMessages) this.host.lane.schedule(this);
  }

  deliver(): void {
    if (this.isOver || !this.deliverBeginning()) return;
    if (this.hasMessages) this.deliverMessages();
    if (this.mayGoOn && !this.isOver) {
      this.mayGoOn = false;
      this.messages.onWritable();
    }
    if (!this.isOver) this.deliverEnd(!this.hasMessages);
  }

  /** From the other end: it sends no more messages. */
  onHalfClosed(): void {
    this.hasEnd = true;
    this.host.lane.schedule(this);
  }

  /** It is over: the rest is dropped. `ok`: what was sent last may have been handed up. */
  protected finish(ok: boolean): void {
    this.isOver = true;
    this.first = this.rest = undefined;
    this.gone = this.waitingBytes = 0;
    if (this.notices !== undefined) this.notify(Infinity, ok);
  }

  /** What comes before messages; false where the stream is over. */
  protected abstract deliverBeginning(): boolean;

  /** What comes after them. `isEmpty`: no message waits. */
  protected abstract deliverEnd(isEmpty: boolean): void;

  /** A message is larger than what may be sent or received. */
  protected abstract onMessageError(error: MessageError): void;

  private get excessBytes(): number {
    return Math.max(0, this.waitingBytes + this.untakenBytes - this.host.windowBytes);
  }

  private get hasMessages(): boolean {
    return this.first !== undefined || this.rest !== undefined;
  }

  /** Most streams have one message at a time, and need no list. */
  private add(message: Uint8Array): void {
    if (!this.hasMessages) this.first = message;
    else if (this.rest === undefined) this.rest = [message];
    else this.rest.push(message);
  }

  /** The first message is handed up. */
  private remove(): void {
    const { rest } = this;
    if (this.first !== undefined) this.first = undefined;
    else if (++this.gone === rest!.length) {
      this.rest = undefined;
      this.gone = 0;
    } else {
      rest![this.gone - 1] = NOTHING; // the list keeps no message
      if (this.gone <= MOST_GONE) return;
      rest!.splice(0, this.gone);
      this.gone = 0;
    }
  }

  private deliverMessages(): void {
    const { limits, host, messages } = this;
    const { windowBytes } = host;
    while (this.hasMessages) {
      const message = this.first ?? this.rest![this.gone]!;
      const wireBytes = PREFIX_BYTES + message.length;
      if (this.untakenBytes > 0 && this.untakenBytes + wireBytes > windowBytes) break;
      this.remove();
      this.received++;
      host.messagesReceived++;
      this.waitingBytes -= wireBytes;
      this.untakenBytes += wireBytes;
      if (message.length > limits.receiveBytes) {
        return this.onMessageError(this.narrowed(tooLargeToReceive(message.length, limits.receiveBytes)));
      }
      messages.onMessage(message, wireBytes);
    }
    if (this.other.notices !== undefined) this.other.notify(this.received, true);
  }

  private narrowed({ code, message }: MessageError): MessageError {
    const { narrowedBy } = this.limits;
    return { code, message: narrowedBy === undefined ? message : `${message}; ${narrowedBy}` };
  }

  private notify(received: number, ok: boolean): void {
    const { engine } = this.host.lane;
    const notices = this.notices!;
    this.notices = notices.filter((one) => one.sent > received);
    for (const { sent, onWritten } of notices) if (sent <= received) engine.run(() => onWritten(ok));
    if (this.notices.length === 0) this.notices = undefined;
  }
}
