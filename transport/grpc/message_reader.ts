// Cuts length-prefixed messages out of DATA, wherever frames split them (PROTOCOL-HTTP2.md, "Length-Prefixed-Message").

import { allocatedOutside } from "../../pollers/native/external_memory.ts";
import { copyBytes } from "../hpack/copy_bytes.ts";
import type { ReceivedMemory } from "../http2/received_memory.ts";
import { type MessageError, tooLargeToReceive } from "./message_limits.ts";
import { MESSAGE_PREFIX_BYTES } from "./message_prefix.ts";
import { GrpcStatus, type StatusCode } from "./status_mapping.ts";

/** Local: see docs/STYLE.md, "Hot paths". */
const PREFIX_BYTES = MESSAGE_PREFIX_BYTES;

/** An incomplete message gets at most so many times the memory that has arrived of it. */
const ASSEMBLY_FACTOR = 8;

/**
 * And so many times, which is all of it for any but a gigantic one, when this much has arrived: pages of a large array
 * are resident once they are written to, and a message that moves from one array to the next writes to twice as many.
 */
const LARGE_ASSEMBLY_BYTES = 1024 * 1024;
const LARGE_ASSEMBLY_FACTOR = 128;

/** What a reader calls on the stream that owns it. */
export interface MessageOwner {
  /**
   * A whole message that may be kept: a view of receive memory, or a buffer of its own. `wireBytes`: what it counts until it is
   * taken, prefix and content (or a flood of empty messages would be free); call `taken` then.
   */
  onMessageBytes(bytes: Uint8Array, wireBytes: number): void;
  /** Octets of a message that is still being put together count as consumed; `left` of it are still to come. */
  onConsumed(bytes: number, left: number): void;
  /** Nothing can be received any more; the last call. */
  onMessageError(error: MessageError): void;
}

/** The message reader of one direction of a stream. A message that lies in one view is handed up as a view. */
export class MessageReader {
  /** Octets of the prefix seen so far; 5 while a message is being put together. */
  private prefixLength = 0;
  /** The flag of the message that was begun last. */
  protected compressed = 0;
  protected messageBytes = 0;
  private assembled: Uint8Array = NOTHING;
  private assembledBytes = 0;
  /** Octets of the message being assembled: released to the windows, and held until earlier messages are taken. */
  private aheadBytes = 0;
  private heldBytes = 0;
  /** Octets of messages handed up and not taken, and how many of them were released before. */
  private untakenBytes = 0;
  private untakenAheadBytes = 0;
  private failed = false;

  /** `memory` is where what is read lies; `maxBytes`: the largest message. */
  constructor(
    private readonly owner: MessageOwner,
    private readonly memory: ReceivedMemory,
    protected readonly maxBytes: number,
  ) {}

  /** Whether the stream may end here: between two messages. */
  get atBoundary(): boolean {
    return this.prefixLength === 0;
  }

  /** Takes a piece of the stream, `bytes[start, end)`. */
  read(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    let at = start;
    while (at < end && !this.failed) {
      if (this.prefixLength === 0 && end - at >= PREFIX_BYTES) {
        this.beginPrefix(bytes, at);
        at += PREFIX_BYTES;
        if (!this.checkPrefix()) return;
        if (end - at >= this.messageBytes) {
          const messageEnd = at + this.messageBytes;
          this.prefixLength = 0;
          const wireBytes = PREFIX_BYTES + this.messageBytes;
          this.untakenBytes += wireBytes;
          this.owner.onMessageBytes(this.memory.keep(bytes, at, messageEnd), wireBytes);
          at = messageEnd;
          continue;
        }
      } else if (this.prefixLength < PREFIX_BYTES) {
        this.prefixByte(bytes[at++]!);
        if (this.prefixLength < PREFIX_BYTES) continue;
        if (!this.checkPrefix()) return;
      }
      at = this.assemble(bytes, at, end);
    }
  }

  /** Messages of `wireBytes` in all were taken, in their order; returns how many octets to release to the windows. */
  taken(wireBytes: number): number {
    const paid = Math.min(wireBytes, this.untakenAheadBytes);
    this.untakenAheadBytes -= paid;
    this.untakenBytes -= wireBytes;
    if (this.untakenBytes > 0) return wireBytes - paid;
    const held = this.heldBytes;
    this.aheadBytes += held;
    this.heldBytes = 0;
    return wireBytes - paid + held;
  }

  private beginPrefix(bytes: Uint8Array, at: number): void {
    this.prefixLength = PREFIX_BYTES;
    this.compressed = bytes[at]!;
    this.messageBytes =
      ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0;
  }

  private prefixByte(byte: number): void {
    if (this.prefixLength++ === 0) {
      this.compressed = byte;
      this.messageBytes = 0;
    } else this.messageBytes = this.messageBytes * 256 + byte;
  }

  private checkPrefix(): boolean {
    if (this.compressed === 0) {
      if (this.messageBytes <= this.maxBytes) return true;
      const { code, message } = tooLargeToReceive(this.messageBytes, this.maxBytes);
      return this.fail(code, message);
    }
    if (this.compressed > 1) {
      return this.fail(GrpcStatus.INTERNAL, `compressed flag is ${this.compressed}, not 0 or 1`);
    }
    return this.takesCompressed();
  }

  /** Whether a compressed message of `messageBytes` octets can be read. */
  protected takesCompressed(): boolean {
    const reason = "message is marked as compressed, but the stream has no grpc-encoding";
    return this.fail(GrpcStatus.INTERNAL, reason);
  }

  /**
   * Puts a message together in a buffer of its own. What is copied there counts as consumed, or a message larger
   * than the receive window could never arrive; but not while earlier messages wait to be taken, or large messages
   * would know no flow control. So a reader that stops holds one message and a window at most.
   */
  private assemble(bytes: Uint8Array, at: number, end: number): number {
    const taken = Math.min(end - at, this.messageBytes - this.assembledBytes);
    const needed = this.assembledBytes + taken;
    if (needed > this.assembled.length) {
      const factor = needed < LARGE_ASSEMBLY_BYTES ? ASSEMBLY_FACTOR : LARGE_ASSEMBLY_FACTOR;
      const larger = new Uint8Array(Math.min(this.messageBytes, factor * needed));
      copyBytes(this.assembled, 0, this.assembledBytes, larger, 0);
      this.assembled = larger;
      allocatedOutside(larger.length);
    }
    copyBytes(bytes, at, at + taken, this.assembled, this.assembledBytes);
    this.assembledBytes = needed;
    if (needed === this.messageBytes) this.assembledMessage();
    else this.assembledPiece(taken, this.messageBytes - needed);
    return at + taken;
  }

  /** A piece of a message except the last one, whose octets are released when the message is taken. */
  private assembledPiece(bytes: number, left: number): void {
    const isFirst = this.aheadBytes + this.heldBytes === 0;
    const consumed = isFirst ? PREFIX_BYTES + bytes : bytes;
    if (this.untakenBytes > 0) this.heldBytes += consumed;
    else {
      this.aheadBytes += consumed;
      this.owner.onConsumed(consumed, left);
    }
  }

  private assembledMessage(): void {
    const message = this.assembled;
    this.assembled = NOTHING;
    this.assembledBytes = 0;
    this.prefixLength = 0;
    const wireBytes = PREFIX_BYTES + message.length;
    this.untakenBytes += wireBytes;
    this.untakenAheadBytes += this.aheadBytes;
    this.aheadBytes = 0;
    this.heldBytes = 0;
    this.memory.messages++;
    this.owner.onMessageBytes(message, wireBytes);
  }

  protected fail(code: StatusCode, message: string): false {
    this.failed = true;
    this.owner.onMessageError({ code, message });
    return false;
  }
}

/** Reads a stream whose grpc-encoding is not there: a message that makes use of it fails for the reason `why`. */
export class UnreadableReader extends MessageReader {
  constructor(owner: MessageOwner, memory: ReceivedMemory, maxBytes: number, private readonly why: string) {
    super(owner, memory, maxBytes);
  }

  protected override takesCompressed(): boolean {
    return this.fail(GrpcStatus.INTERNAL, this.why);
  }
}

const NOTHING = new Uint8Array(0);
