// Windows' calls that a poller makes: Winsock, completion ports and pinned memory; and why there may be none.

import { architecture, platform } from "../native/detect.ts";
import { ErrorKeeper } from "./kept_error.ts";
import { type NativeFunctions, type NativePointer, openLibrary, pointerTo } from "./library.ts";
import { Arena } from "./memory.ts";
import { openWholeTurn, type WholeTurn } from "./whole_turn.ts";
import { C, GUIDS, WSADATA } from "./windows_layouts.ts";

// SOCKETs and HANDLEs come back as u32, for Windows promises that no more of them than 32 bits is significant; they are
// passed as pointers, whole.

/** Calls of sockets whose errors matter. */
const SOCKET_CALLS = {
  WSASocketW: { parameters: ["i32", "i32", "i32", "pointer", "u32", "u32"], result: "u32" },
  WSARecv: {
    parameters: ["pointer", "buffer", "u32", "buffer", "buffer", "pointer", "pointer"],
    result: "i32",
  },
  WSASend: {
    parameters: ["pointer", "pointer", "u32", "pointer", "u32", "pointer", "pointer"],
    result: "i32",
  },
  bind: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  listen: { parameters: ["pointer", "i32"], result: "i32" },
  connect: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  getsockname: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["pointer", "i32", "i32", "buffer", "i32"], result: "i32" },
} as const;

/** Calls of ports and pipes whose errors matter. */
const HANDLE_CALLS = {
  CreateIoCompletionPort: { parameters: ["i64", "pointer", "address", "u32"], result: "u32" },
  GetQueuedCompletionStatusEx: {
    parameters: ["pointer", "buffer", "u32", "buffer", "u32", "i32"],
    result: "i32",
  },
  CreateNamedPipeW: {
    parameters: ["buffer", "u32", "u32", "u32", "u32", "u32", "u32", "pointer"],
    result: "u32",
  },
  ConnectNamedPipe: { parameters: ["pointer", "pointer"], result: "i32" },
  CreateFileW: { parameters: ["buffer", "u32", "u32", "pointer", "u32", "u32", "pointer"], result: "u32" },
  ReadFile: { parameters: ["pointer", "pointer", "u32", "pointer", "pointer"], result: "i32" },
  WriteFile: { parameters: ["pointer", "pointer", "u32", "pointer", "pointer"], result: "i32" },
} as const;

/** Calls of sockets that give a pointer out by its GUID; their errors matter too. */
const EXTENSION_CALLS = {
  acceptEx: {
    parameters: ["pointer", "pointer", "pointer", "u32", "u32", "u32", "buffer", "pointer"],
    result: "i32",
  },
  connectEx: {
    parameters: ["pointer", "buffer", "i32", "pointer", "u32", "pointer", "pointer"],
    result: "i32",
  },
} as const;

/** Calls of which it is enough whether they failed. */
const PLAIN_SOCKET_CALLS = {
  WSAStartup: { parameters: ["u32", "buffer"], result: "i32" },
  WSAIoctl: {
    parameters: ["pointer", "u32", "buffer", "u32", "buffer", "u32", "buffer", "pointer", "pointer"],
    result: "i32",
  },
  getpeername: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  ioctlsocket: { parameters: ["pointer", "u32", "buffer"], result: "i32" },
  shutdown: { parameters: ["pointer", "i32"], result: "i32" },
  closesocket: { parameters: ["pointer"], result: "i32" },
} as const;

/** See {@linkcode PLAIN_SOCKET_CALLS}. */
const PLAIN_SYSTEM_CALLS = {
  PostQueuedCompletionStatus: { parameters: ["pointer", "u32", "address", "pointer"], result: "i32" },
  SetFileCompletionNotificationModes: { parameters: ["pointer", "u32"], result: "i32" },
  CancelIoEx: { parameters: ["pointer", "pointer"], result: "i32" },
  CloseHandle: { parameters: ["pointer"], result: "i32" },
  DeleteFileW: { parameters: ["buffer"], result: "i32" },
  GetCurrentThreadId: { parameters: [], result: "u32" },
  OpenThread: { parameters: ["u32", "i32", "u32"], result: "u32" },
  WaitForSingleObject: { parameters: ["pointer", "u32"], result: "u32" },
  VirtualAlloc: { parameters: ["address", "address", "u32", "u32"], result: "address" },
  VirtualFree: { parameters: ["address", "address", "u32"], result: "i32" },
} as const;

/** Winsock's version, 2.2. */
const VERSION = 0x0202;

/** What a call gives instead of a socket. */
export const INVALID_SOCKET = 0xffff_ffff;

/** Calls of one thread. */
export interface Winsock
  extends
    NativeFunctions<typeof SOCKET_CALLS>,
    NativeFunctions<typeof HANDLE_CALLS>,
    NativeFunctions<typeof EXTENSION_CALLS>,
    NativeFunctions<typeof PLAIN_SOCKET_CALLS>,
    NativeFunctions<typeof PLAIN_SYSTEM_CALLS> {
  /** The error of the last call of sockets, ports and pipes, where it failed; of the plain ones nothing is known. */
  lastError(): number;
  /** One whole turn of the runtime's loop, where its iterations are not. */
  openWholeTurn(): WholeTurn | undefined;
}

/** Windows' calls, or a sentence that says why there are none. */
export type OpenedWinsock = { readonly ok: true; readonly winsock: Winsock } | {
  readonly ok: false;
  readonly because: string;
};

let opened: OpenedWinsock | undefined = undefined;

/** Opens the libraries, once a thread. */
export function openWinsock(): OpenedWinsock {
  return opened ??= open();
}

function open(): OpenedWinsock {
  if (platform !== "win32") {
    return { ok: false, because: `it needs Windows, and this is ${platform}` };
  }
  if (architecture !== "x64") {
    return { ok: false, because: `the layout of structs on ${architecture} is unknown; known is x64` };
  }
  const kept = ErrorKeeper.open();
  if (!kept.ok) return kept;
  const { keeper } = kept;
  const sockets = keeper.functions("ws2_32.dll", SOCKET_CALLS);
  const handles = keeper.functions("kernel32.dll", HANDLE_CALLS);
  const plainSockets = openLibrary(["ws2_32.dll"], PLAIN_SOCKET_CALLS);
  const plainSystem = openLibrary(["kernel32.dll"], PLAIN_SYSTEM_CALLS);
  if (!sockets.ok) return sockets;
  if (!handles.ok) return handles;
  if (!plainSockets.ok) return plainSockets;
  if (!plainSystem.ok) return plainSystem;
  const calls = { ...sockets.functions, ...plainSockets.functions };
  const arena = new Arena(WSADATA.size);
  const error = calls.WSAStartup(VERSION, arena.allocate(WSADATA.size).bytes);
  if (error !== 0) return { ok: false, because: `WSAStartup failed with error ${error}` };
  const socket = calls.WSASocketW(C.AF_INET, C.SOCK_STREAM, C.IPPROTO_TCP, null, 0, C.WSA_FLAG_OVERLAPPED);
  if (socket === INVALID_SOCKET) {
    return { ok: false, because: `no socket can be made: error ${keeper.lastError()}` };
  }
  const pointer = pointerTo(socket);
  const acceptEx = extension(calls, pointer, GUIDS.acceptEx);
  const connectEx = extension(calls, pointer, GUIDS.connectEx);
  calls.closesocket(pointer);
  if (acceptEx === 0 || connectEx === 0) {
    return { ok: false, because: "its network provider has no AcceptEx and ConnectEx" };
  }
  const extensions = keeper.functionsAt({ acceptEx, connectEx }, EXTENSION_CALLS);
  if (!extensions.ok) return extensions;
  const winsock = {
    ...calls,
    ...handles.functions,
    ...extensions.functions,
    ...plainSystem.functions,
    lastError: keeper.lastError,
    openWholeTurn: () => openWholeTurn(["kernel32.dll"], "SwitchToThread"),
  };
  return { ok: true, winsock };
}

/** The address of a function that a provider gives out by its GUID; 0 where it has none. */
function extension(
  calls: NativeFunctions<typeof PLAIN_SOCKET_CALLS>,
  socket: NativePointer,
  guid: readonly number[],
): number {
  const arena = new Arena(64);
  const asked = arena.allocate(16);
  const found = arena.allocate(8);
  const length = arena.allocate(4);
  asked.bytes.set(guid);
  const code = C.SIO_GET_EXTENSION_FUNCTION_POINTER;
  const result = calls.WSAIoctl(socket, code, asked.bytes, 16, found.bytes, 8, length.bytes, null, null);
  return result === 0 ? Number(found.view.getBigUint64(0, true)) : 0;
}
