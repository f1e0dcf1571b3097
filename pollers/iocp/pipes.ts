// Calls of named pipes in the engine's terms. A packet comes for whatever does not fail: pipes skip none.

import type { NamedPipeAddress } from "../contract/address.ts";
import { pipePath } from "../core/pipe_address.ts";
import { type NativePointer, pointerTo, viewMemory } from "../ffi/library.ts";
import {
  ERROR_NOT_ENOUGH_MEMORY,
  ERROR_PIPE_CONNECTED,
  WSA_IO_PENDING,
  WSAEFAULT,
  WSAEMFILE,
} from "../ffi/windows_error_table.ts";
import { C } from "../ffi/windows_layouts.ts";
import { INVALID_SOCKET, type Winsock } from "../ffi/winsock.ts";
import type { CompletionPort } from "./pollset.ts";
import { FILE, type HandleRegistry } from "./handle_registry.ts";
import type { Operation } from "./operations.ts";

/** What a pipe holds in each direction before a write to it waits, and what is read or written at once. */
const PIPE_BYTES = 65_536;

/**
 * Memory of one read or write, which keeps it until its packet comes. It is the system's and not JavaScript's: a thread
 * that dies amid a read leaves memory into which the system may still write.
 */
export interface PipeBlock {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly pointer: NativePointer;
}

/** Blocks that wait for another read or write, at most. */
const MOST_SPARE = 16;

/** One end of a pipe, or an instance that waits for its other end. */
export interface Pipe {
  readonly handle: number;
  readonly pointer: NativePointer;
  closed: boolean;
}

/** Result of a call that starts an operation, where it is not an error number: a packet will come. */
export const PACKET_COMES = -1;
/** Another result: a client had connected before, and no packet will come. */
export const CONNECTED_BEFORE = 0;

/** Calls of one thread. */
export class Pipes {
  private readonly spare: PipeBlock[] = [];
  private closed = false;

  /** Pipes are held, and go to `port`. */
  constructor(
    private readonly winsock: Winsock,
    private readonly port: CompletionPort,
    private readonly registry: HandleRegistry,
  ) {}

  /** A new instance at `at`; the `first` one fails where there is a pipe of that name. A pipe, or the error number. */
  create(at: NamedPipeAddress, first: boolean): Pipe | number {
    const access = C.PIPE_ACCESS_DUPLEX | C.FILE_FLAG_OVERLAPPED |
      (first ? C.FILE_FLAG_FIRST_PIPE_INSTANCE : 0);
    return this.opened(
      this.winsock.CreateNamedPipeW(
        wide(pipePath(at)),
        access,
        C.PIPE_REJECT_REMOTE_CLIENTS, // and bytes, not messages
        C.PIPE_UNLIMITED_INSTANCES,
        PIPE_BYTES,
        PIPE_BYTES,
        0,
        null,
      ),
    );
  }

  /** Waits for the other end of an instance. */
  accept({ pointer }: Pipe, { overlapped }: Operation): number {
    const result = this.started(this.winsock.ConnectNamedPipe(pointer, overlapped));
    return result === ERROR_PIPE_CONNECTED ? CONNECTED_BEFORE : result;
  }

  /** The other end of an instance that waits at `to`; a pipe, or the error number. */
  open(to: NamedPipeAddress): Pipe | number {
    const access = (C.GENERIC_READ | C.GENERIC_WRITE) >>> 0;
    // The listener may identify us, and may not impersonate us.
    const flags = C.FILE_FLAG_OVERLAPPED | C.SECURITY_SQOS_PRESENT | C.SECURITY_IDENTIFICATION;
    const path = wide(pipePath(to));
    return this.opened(this.winsock.CreateFileW(path, access, 0, null, C.OPEN_EXISTING, flags, null));
  }

  /** Begins to read into a block, which `operation` keeps. */
  read({ pointer }: Pipe, operation: Operation): number {
    const block = this.block(operation);
    if (block === undefined) return ERROR_NOT_ENOUGH_MEMORY;
    return this.started(
      this.winsock.ReadFile(pointer, block.pointer, PIPE_BYTES, null, operation.overlapped),
    );
  }

  /** Begins to write a copy of the beginning of `slices`. */
  write({ pointer }: Pipe, slices: readonly Uint8Array[], operation: Operation): number {
    const block = this.block(operation);
    if (block === undefined) return ERROR_NOT_ENOUGH_MEMORY;
    let copied = 0;
    for (const slice of slices) {
      if (slice.length === 0) return WSAEFAULT; // it was not, so its memory was given away meanwhile
      const piece = slice.length > PIPE_BYTES - copied ? slice.subarray(0, PIPE_BYTES - copied) : slice;
      block.bytes.set(piece, copied);
      copied += piece.length;
      if (copied === PIPE_BYTES) break;
    }
    return this.started(
      this.winsock.WriteFile(pointer, block.pointer, copied, null, operation.overlapped),
    );
  }

  /** What a read that is over has brought. */
  bytesRead({ keeps }: Operation, byteCount: number): Uint8Array {
    return (keeps[0] as PipeBlock).bytes.slice(0, byteCount); // the block is read into again
  }

  /** A read or write is over, or did not begin: its memory serves another. */
  finish({ keeps }: Operation): void {
    const block = keeps.pop() as PipeBlock | undefined;
    if (block === undefined) return;
    if (this.spare.length < MOST_SPARE && !this.closed) this.spare.push(block);
    else this.free(block);
  }

  /** Closes; the packets of pending operations still come. Idempotent. */
  close(pipe: Pipe): void {
    if (pipe.closed) return;
    pipe.closed = true;
    if (!this.registry.remove(pipe.handle)) return;
    this.winsock.CancelIoEx(pipe.pointer, null);
    this.winsock.CloseHandle(pipe.pointer);
  }

  /** Frees spare memory. */
  freeSpare(): void {
    this.closed = true;
    this.spare.splice(0).forEach((block) => this.free(block));
  }

  private block({ keeps }: Operation): PipeBlock | undefined {
    const block = this.spare.pop() ?? this.allocate();
    if (block !== undefined) keeps.push(block);
    return block;
  }

  private allocate(): PipeBlock | undefined {
    const how = C.MEM_RESERVE | C.MEM_COMMIT;
    const address = this.winsock.VirtualAlloc(0, PIPE_BYTES, how, C.PAGE_READWRITE);
    if (address === 0) return undefined;
    return { bytes: new Uint8Array(viewMemory(address, PIPE_BYTES)), address, pointer: pointerTo(address) };
  }

  private free({ address }: PipeBlock): void {
    this.winsock.VirtualFree(address, 0, C.MEM_RELEASE);
  }

  private opened(handle: number): Pipe | number {
    if (handle === INVALID_SOCKET) return this.winsock.lastError();
    const pipe = { handle, pointer: pointerTo(handle), closed: false };
    if (!this.registry.add(handle, FILE)) {
      this.winsock.CloseHandle(pipe.pointer);
      return WSAEMFILE;
    }
    const error = this.port.associate(handle);
    if (error === 0) return pipe;
    this.close(pipe);
    return error;
  }

  private started(succeeded: number): number {
    if (succeeded !== 0) return PACKET_COMES;
    const error = this.winsock.lastError();
    return error === WSA_IO_PENDING ? PACKET_COMES : error;
  }
}

/** A text as Windows takes it: UTF-16 with a NUL behind it. */
export function wide(text: string): Uint8Array {
  const units = new Uint16Array(text.length + 1);
  for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
  return new Uint8Array(units.buffer);
}
