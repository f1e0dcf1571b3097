// Writes a rope of byte views with overlapped sends, whose memory stays where it is until their packets come.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { Gathering } from "../ffi/gather.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { OVERLAPPED, WSABUF } from "../ffi/windows_layouts.ts";
import { WSAEFAULT } from "../ffi/windows_error_table.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { type Operation, SLOT_BYTES } from "./operations.ts";
import type { Socket, Sockets } from "./sockets.ts";

/** Buffers of a send: as many as a slot has room for. */
const MAX_BUFFERS = Math.floor((SLOT_BYTES - OVERLAPPED.size) / WSABUF.size);

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
  private readonly gathering = new Gathering(WSABUF, MAX_BUFFERS, MAX_SEND_BYTES);

  /** Calls of `sockets`. */
  constructor(private readonly winsock: Winsock, private readonly sockets: Sockets) {}

  /** Begins to send as much of the beginning of `data` as fits; see `Sockets.started`. */
  send(socket: Socket, data: SliceBuffer, operation: Operation): number {
    const { room, roomWords, overlapped, keeps } = operation;
    const { gathering } = this;
    const scratch = this.spare.pop() ?? new Arena(SCRATCH_BYTES).allocate(SCRATCH_BYTES);
    keeps.push(scratch);
    gathering.fill(data, roomWords, scratch, keeps);
    if (gathering.bytes === 0) return WSAEFAULT;
    return this.sockets.started(
      this.winsock.WSASend(socket.pointer, room, gathering.count, null, 0, overlapped, null) !== 0,
    );
  }

  /** The send is over: its memory serves another. */
  finish({ keeps }: Operation): void {
    const scratch = keeps[0] as NativeMemory | undefined;
    keeps.length = 0;
    if (scratch !== undefined && this.spare.length < MOST_SPARE) this.spare.push(scratch);
  }
}
