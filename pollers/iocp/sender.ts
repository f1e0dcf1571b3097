// Writes a rope of byte views with overlapped sends, whose memory stays where it is until their packets come.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { addressOf } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { OVERLAPPED, WSABUF } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { type Operation, SLOT_BYTES } from "./operations.ts";
import type { Socket, Sockets } from "./sockets.ts";

/** Buffers of a send: as many as a slot has room for. */
const MAX_BUFFERS = Math.floor((SLOT_BYTES - OVERLAPPED.size) / WSABUF.size);

/**
 * Slices up to this size are copied side by side: finding out an array's address costs more, and arrays as small may
 * lie where the runtime moves them.
 */
const COPY_BYTES = 2_048;

/** Room for what is copied for one send; as many are kept as sends were under way at once. */
const SCRATCH_BYTES = 16_384;

/** Bytes of a send at most: the system locks their pages, and may take all of them where it has room for one. */
const MAX_SEND_BYTES = 1 << 20;

/** Scratch that waits for another send, at most. */
const MOST_SPARE = 64;

/** Sends of one thread. */
export class Sender {
  private readonly spare: NativeMemory[] = [];
  /** Of the send that is being put together. */
  private count = 0;

  /** Calls of `sockets`. */
  constructor(private readonly winsock: Winsock, private readonly sockets: Sockets) {}

  /** Begins to send as much of the beginning of `data` as fits; see `Sockets.started`. */
  send(socket: Socket, data: SliceBuffer, operation: Operation): number {
    this.gather(data, operation);
    const { room, overlapped } = operation;
    return this.sockets.started(
      this.winsock.WSASend(socket.pointer, room, this.count, null, 0, overlapped, null) !== 0,
    );
  }

  /** The send is over: its memory serves another. */
  finish({ keeps }: Operation): void {
    const scratch = keeps[0] as NativeMemory | undefined;
    keeps.length = 0;
    if (scratch !== undefined && this.spare.length < MOST_SPARE) this.spare.push(scratch);
  }

  /** Fills the buffers of `operation`, which keeps what they point at. */
  private gather(data: SliceBuffer, { roomView, keeps }: Operation): void {
    const scratch = this.spare.pop() ?? new Arena(SCRATCH_BYTES).allocate(SCRATCH_BYTES);
    keeps.push(scratch);
    this.count = 0;
    let copied = 0;
    let total = 0;
    let joined = 0; // bytes of the last buffer, where it is scratch and what is copied next goes on in it
    for (const slice of data.slices) {
      const length = Math.min(slice.length, MAX_SEND_BYTES - total);
      const copies = length <= COPY_BYTES && copied + length <= SCRATCH_BYTES;
      if (copies && joined > 0) joined += length;
      else {
        if (this.count === MAX_BUFFERS || (length <= COPY_BYTES && !copies)) break;
        const address = copies ? scratch.address + copied : addressOf(slice);
        const at = this.count++ * WSABUF.size + WSABUF.base;
        roomView.setUint32(at, address % 0x1_0000_0000, true);
        roomView.setUint32(at + 4, address / 0x1_0000_0000, true);
        joined = copies ? length : 0;
        if (!copies) keeps.push(slice);
      }
      if (copies) {
        scratch.bytes.set(length === slice.length ? slice : slice.subarray(0, length), copied);
        copied += length;
      }
      roomView.setUint32((this.count - 1) * WSABUF.size + WSABUF.length, joined > 0 ? joined : length, true);
      total += length;
      if (total === MAX_SEND_BYTES) break;
    }
  }
}
