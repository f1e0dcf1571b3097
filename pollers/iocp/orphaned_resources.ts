// The resources of an engine whose thread is gone, and how another engine releases them.

import { pointerTo } from "../ffi/library.ts";
import { WAIT_TIMEOUT } from "../ffi/windows_error_table.ts";
import { C } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { CompletionPort, MAX_EVENTS, type PortHandles } from "./pollset.ts";
import { HandleRegistry, SOCKET } from "./handle_registry.ts";

/**
 * How often the thread's end is looked for, and how often at most. It ends a moment after its JavaScript; Wine cancels
 * its operations then, and its heap breaks where their sockets are closed at the same time.
 */
const THREAD_EVERY_MS = 5;
const MOST_LOOKS = 400;

/** How often packets of what was closed are looked for, and how often at most; a broken driver's never come. */
const COLLECT_EVERY_MS = 5;
const MOST_COLLECTS = 1_000;

/** What one engine has open; can be sent to other threads. */
export interface IocpResources {
  /** See {@linkcode HandleRegistry}. */
  readonly words: Int32Array;
  readonly port: PortHandles;
  /** The system's number of the engine's thread. */
  readonly threadId: number;
}

/** Calls `later` after so many milliseconds. */
export type Wait = (ms: number, later: () => void) => void;

/**
 * Closes the handles of an engine whose JavaScript is over, but for those in `kept`, once its thread has ended. The
 * memory of its operations goes after the last of their packets, until which the system may write into it. That of a
 * thread which does not end stays: it may still use it, and finds out by its registry that it was taken for gone. Resolves
 * when all of it is closed.
 */
export function reclaimResources(
  winsock: Winsock,
  resources: IocpResources,
  kept: readonly number[],
  wait: Wait,
): Promise<void> {
  const registry = new HandleRegistry(resources.words);
  if (!registry.takePort()) return Promise.resolve(); // it was shut down, or this was done before
  return new Promise((resolve) => closeAfterThread(winsock, registry, resources, kept, wait, resolve));
}

function closeAfterThread(
  winsock: Winsock,
  registry: HandleRegistry,
  resources: IocpResources,
  kept: readonly number[],
  wait: Wait,
  done: () => void,
): void {
  const thread = winsock.OpenThread(C.SYNCHRONIZE, 0, resources.threadId); // 0: it has ended
  const pointer = pointerTo(thread);
  let looks = 0;
  const look = (): void => {
    const runs = thread !== 0 && winsock.WaitForSingleObject(pointer, 0) === WAIT_TIMEOUT;
    if (runs && ++looks < MOST_LOOKS) return wait(THREAD_EVERY_MS, look);
    if (thread !== 0) winsock.CloseHandle(pointer);
    closeHandles(winsock, registry, kept);
    collectPackets(winsock, registry, resources.port, !runs, wait, done);
  };
  look();
}

function closeHandles(winsock: Winsock, registry: HandleRegistry, kept: readonly number[]): void {
  for (const { handle, kind } of registry.takeHandles()) {
    const pointer = pointerTo(handle);
    if (kept.includes(handle)) continue;
    if (kind === SOCKET) winsock.closesocket(pointer);
    else {
      winsock.CancelIoEx(pointer, null);
      winsock.CloseHandle(pointer);
    }
  }
}

function collectPackets(
  winsock: Winsock,
  registry: HandleRegistry,
  handles: PortHandles,
  frees: boolean,
  wait: Wait,
  done: () => void,
): void {
  const port = new CompletionPort(winsock, handles);
  const packets = new Int32Array(MAX_EVENTS);
  let collects = 0;
  const collect = (): void => {
    while (registry.pending > 0) {
      const found = port.wait(0, packets);
      if (found === 0) break;
      registry.pending -= found;
    }
    const isOver = registry.pending === 0;
    if (!isOver && ++collects < MOST_COLLECTS) return wait(COLLECT_EVERY_MS, collect);
    if (isOver && frees) winsock.VirtualFree(handles.slotsAt, 0, C.MEM_RELEASE);
    port.close();
    done();
  };
  collect();
}
