// A completion port: packets of finished operations go in at one end and come out, in batches, at the other.

import { type NativePointer, pointerTo } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { WAIT_TIMEOUT, windowsErrorCode } from "../ffi/windows_error_table.ts";
import { C, OVERLAPPED_ENTRY } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import type { EventSource } from "../threads/waiting.ts";

/** Packets taken at once: more would only make the first of them wait for the last. */
export const MAX_EVENTS = 256;

/**
 * The longest wait that ends by itself: Windows ends waits at ticks of its clock, up to 15.6 ms late, and meanwhile the
 * runtime's own sockets wait where the thread is the engine's own.
 */
const LONGEST_TIMEOUT_MS = 4;

/** The key of a kick; those of sockets are 0. */
const KICK_KEY = 1;

/** Where a port's packets belong: the memory of its operations. */
export interface PortHandles {
  readonly port: number;
  /** Where the first slot of the operations begins, and how far one is from the next. */
  readonly slotsAt: number;
  readonly slotBytes: number;
}

/** A completion port. Any thread may kick; one waits at a time. */
export class CompletionPort implements EventSource {
  readonly loss = "the completion port can no longer be waited on";
  private readonly port: NativePointer;
  private readonly entries: NativeMemory;
  private readonly words: Uint32Array;
  private readonly count: NativeMemory;
  private closed = false;

  /** A view of a port that exists; see {@linkcode createPollset}. */
  constructor(private readonly winsock: Winsock, readonly handles: PortHandles) {
    this.port = pointerTo(handles.port);
    const bytes = OVERLAPPED_ENTRY.size * MAX_EVENTS;
    const arena = new Arena(bytes + 16);
    this.entries = arena.allocate(bytes);
    this.count = arena.allocate(4);
    this.words = new Uint32Array(this.entries.bytes.buffer, this.entries.bytes.byteOffset, bytes / 4);
  }

  /** Has the packets of a socket's or pipe's operations come to this port; 0, or the error number. */
  associate(handle: number): number {
    if (this.closed) return C.ERROR_INVALID_HANDLE;
    const port = this.winsock.CreateIoCompletionPort(handle, this.port, 0, 0);
    return port === 0 ? this.winsock.lastError() : 0;
  }

  /**
   * Waits at most `timeoutMs` (less by a fraction, for the system takes whole milliseconds) and puts the slot of each
   * operation that is over into `due`; what became of it is in its OVERLAPPED.
   */
  wait(timeoutMs: number, due: Int32Array): number {
    const { winsock, entries, count, words, handles: { slotsAt, slotBytes } } = this;
    const milliseconds = timeoutMs === Infinity
      ? C.INFINITE
      : Math.floor(Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
    if (
      winsock.GetQueuedCompletionStatusEx(
        this.port,
        entries.bytes,
        MAX_EVENTS,
        count.bytes,
        milliseconds,
        0,
      ) === 0
    ) {
      const error = winsock.lastError();
      if (error === WAIT_TIMEOUT) return 0;
      throw new Error(`GetQueuedCompletionStatusEx failed: ${windowsErrorCode(error)}`);
    }
    const packets = count.view.getUint32(0, true);
    let found = 0;
    for (let i = 0, at = 0; i < packets; i++, at += OVERLAPPED_ENTRY.size / 4) {
      if (words[at + OVERLAPPED_ENTRY.key / 4] === KICK_KEY) continue;
      const low = words[at + OVERLAPPED_ENTRY.overlapped / 4]!;
      const high = words[at + OVERLAPPED_ENTRY.overlapped / 4 + 1]!;
      due[found++] = (high * 0x1_0000_0000 + low - slotsAt) / slotBytes;
    }
    return found;
  }

  /** Ends the wait that is running, or the next one. */
  kick(): void {
    this.winsock.PostQueuedCompletionStatus(this.port, 0, KICK_KEY, null);
  }

  /** Closes the port; nothing more can be associated, since its number may be in use elsewhere now. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.winsock.CloseHandle(this.port);
  }
}

/** A new port for operations whose slots lie at `slotsAt`; throws an Error where the system has none left. */
export function createPollset(winsock: Winsock, slotsAt: number, slotBytes: number): CompletionPort {
  const port = winsock.CreateIoCompletionPort(-1, null, 0, 1);
  if (port === 0) {
    throw new Error(`CreateIoCompletionPort failed: ${windowsErrorCode(winsock.lastError())}`);
  }
  return new CompletionPort(winsock, { port, slotsAt, slotBytes });
}
