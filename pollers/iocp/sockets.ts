// Socket calls of Windows in the engine's terms: addresses in and out, and errors as their numbers.

import type { SocketAddress } from "../contract/address.ts";
import type { EndpointOptions } from "../contract/engine.ts";
import { IoError, ioErrorFromCode, type IoSyscall } from "../contract/io_error.ts";
import { keepIdleMs } from "../core/keep_idle.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { type NativePointer, pointerTo } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import {
  familyNumber,
  readSockaddr,
  SOCKADDR_BYTES,
  writeSockaddr,
  zoneNumber,
  zoneOf,
} from "../ffi/sockaddr.ts";
import { windowsErrorCode, WSA_IO_PENDING, WSAEADDRNOTAVAIL, WSAEMFILE } from "../ffi/windows_error_table.ts";
import { ACCEPT_ADDRESS_EXTRA, C, LINGER, TCP_INITIAL_RTO, TCP_KEEPALIVE } from "../ffi/windows_layouts.ts";
import { INVALID_SOCKET, type Winsock } from "../ffi/winsock.ts";
import type { CompletionPort } from "./pollset.ts";
import { type HandleRegistry, SOCKET } from "./handle_registry.ts";
import type { Operation } from "./operations.ts";
import { wide } from "./pipes.ts";

/** What AcceptEx is given for each of the two addresses. */
const ACCEPT_ADDRESS_BYTES = SOCKADDR_BYTES + ACCEPT_ADDRESS_EXTRA;

/** Between keepalive probes, once they have begun: what Windows itself takes. */
const KEEPALIVE_INTERVAL_MS = 1_000;

/** TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS of mstcpip.h. */
const NO_SYN_RETRANSMISSIONS = 0xfe;

/** A socket of an engine. */
export interface Socket {
  readonly handle: number;
  /** The handle as calls take it. */
  readonly pointer: NativePointer;
  /** It is associated with the port, which cannot be undone. */
  joined: boolean;
  /** No packet comes for an operation that is done at once. */
  skips: boolean;
  /** `closesocket` was called, or the socket is another engine's. */
  closed: boolean;
}

/** A socket that came from elsewhere, and its addresses. */
export interface AdoptedSocket {
  readonly socket: Socket;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
}

/** Result of a call that starts an operation, where it is not an error number: it is done. */
export const DONE = 0;
/** Another result: its packet will come. */
export const PENDING = -1;

/** The error of a Winsock number or of a packet's NTSTATUS. */
export function windowsError(value: number, syscall: IoSyscall, address?: SocketAddress): IoError {
  const code = windowsErrorCode(value);
  // Sockets are made of the system's memory; where none is left, accepting pauses as where no handle is left.
  if (code === "ENOBUFS" || code === "ENOMEM") {
    return new IoError("too-many-files", syscall, address, code, "the system has no memory left for sockets");
  }
  return ioErrorFromCode(code, syscall, address, code);
}

/** Calls of one thread. A result is 0 or the number of an error, unless its comment says otherwise. */
export class Sockets {
  private readonly address: NativeMemory;
  private readonly length: NativeMemory;
  private readonly option: NativeMemory;

  /** Memory for addresses and options is allocated once; sockets are held, and join `port`. */
  constructor(
    readonly winsock: Winsock,
    private readonly port: CompletionPort,
    private readonly registry: HandleRegistry,
  ) {
    const arena = new Arena(SOCKADDR_BYTES + 64);
    this.address = arena.allocate(SOCKADDR_BYTES);
    this.length = arena.allocate(4);
    this.option = arena.allocate(16);
  }

  /** A socket for addresses like `address`, or the error number; none for one whose zone is no number, as they are here. */
  socket(address: SocketAddress): Socket | number {
    const { winsock } = this;
    const zone = zoneOf(address);
    if (zone !== undefined && zoneNumber(zone) === undefined) return WSAEADDRNOTAVAIL;
    const flags = C.WSA_FLAG_OVERLAPPED | C.WSA_FLAG_NO_HANDLE_INHERIT;
    const handle = winsock.WSASocketW(familyNumber(address, C), C.SOCK_STREAM, 0, null, 0, flags);
    if (handle === INVALID_SOCKET) return winsock.lastError();
    if (this.registry.add(handle, SOCKET)) return socketOf(handle);
    winsock.closesocket(pointerTo(handle));
    return WSAEMFILE;
  }

  /** A connected socket that was made elsewhere; the error number where it is no such socket. */
  adopt(handle: number): AdoptedSocket | number {
    const socket = socketOf(handle);
    const local = this.localAddress(socket);
    if (local === undefined) return this.winsock.lastError();
    const peer = this.peerAddress(socket) ?? UNNAMED; // gone already; the first read will fail
    return this.registry.add(handle, SOCKET) ? { socket, local, peer } : WSAEMFILE;
  }

  /** Releases a socket that has not joined the port to another owner. */
  detach(socket: Socket): number {
    socket.closed = true;
    this.registry.remove(socket.handle);
    return socket.handle;
  }

  /** Has the packets of its operations come to the port; 0, or the error number. */
  join(socket: Socket): number {
    if (socket.joined) return 0;
    const error = this.port.associate(socket.handle);
    socket.joined = error === 0;
    return error;
  }

  /** The same for an endpoint's: what is done at once has no packet. */
  joinEndpoint(socket: Socket): number {
    const error = this.join(socket);
    if (error !== 0) return error;
    const modes = C.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | C.FILE_SKIP_SET_EVENT_ON_HANDLE;
    socket.skips = this.winsock.SetFileCompletionNotificationModes(socket.pointer, modes) !== 0;
    return 0;
  }

  /** Binds and listens. */
  bindAndListen({ pointer }: Socket, at: SocketAddress): number {
    // Else any process of this user could bind the same port and get its connections: SO_REUSEADDR means that here.
    if ("port" in at) this.setOption(pointer, C.SOL_SOCKET, C.SO_EXCLUSIVEADDRUSE, 1);
    if (at.family === "ipv6") this.setOption(pointer, C.IPPROTO_IPV6, C.IPV6_V6ONLY, 0);
    const bound = this.winsock.bind(pointer, this.address.bytes, this.put(at));
    return this.result(bound === 0 ? this.winsock.listen(pointer, C.SOMAXCONN) : bound);
  }

  /** Begins to accept into `accepted`. */
  accept(listening: Socket, accepted: Socket, { room, overlapped }: Operation): number {
    const { length: { bytes } } = this;
    const each = ACCEPT_ADDRESS_BYTES;
    return this.started(
      this.winsock.acceptEx(listening.pointer, accepted.pointer, room, 0, each, each, bytes, overlapped) ===
        0,
    );
  }

  /** What AcceptEx connected becomes a socket like others, and a child of `listening`. */
  finishAccept(listening: Socket, { pointer }: Socket): number {
    this.option.view.setBigUint64(0, BigInt(listening.handle), true);
    return this.setOptionBytes(pointer, C.SOL_SOCKET, C.SO_UPDATE_ACCEPT_CONTEXT, 8);
  }

  /** Begins to connect. */
  connect({ pointer }: Socket, to: SocketAddress, { overlapped }: Operation): number {
    const { winsock, address: { bytes } } = this;
    if (!("port" in to)) return this.result(winsock.connect(pointer, bytes, this.put(to)));
    const any = to.family === "ipv4" ? "0.0.0.0" : "::";
    // ConnectEx wants a socket that is bound.
    const bound = winsock.bind(pointer, bytes, this.put({ family: to.family, host: any, port: 0 }));
    if (bound !== 0) return this.result(bound);
    if (isLoopback(to.host)) this.refuseAtOnce(pointer);
    return this.started(winsock.connectEx(pointer, bytes, this.put(to), null, 0, null, overlapped) === 0);
  }

  /** What ConnectEx connected becomes a socket like others. */
  finishConnect({ pointer }: Socket): number {
    return this.setOptionBytes(pointer, C.SOL_SOCKET, C.SO_UPDATE_CONNECT_CONTEXT, 0);
  }

  /** Has receives return at once where nothing is there. */
  setNonBlocking({ pointer }: Socket): void {
    const { view, bytes } = this.option;
    view.setUint32(0, 1, true);
    this.winsock.ioctlsocket(pointer, C.FIONBIO, bytes);
  }

  /** What the application has asked of a connected socket. */
  setOptions(
    { pointer }: Socket,
    address: SocketAddress,
    { noDelay = true, keepAliveMs }: EndpointOptions,
  ): void {
    const { winsock, option: { view, bytes }, length } = this;
    if (!("port" in address)) return;
    if (noDelay) this.setOption(pointer, C.IPPROTO_TCP, C.TCP_NODELAY, 1);
    if (keepAliveMs === undefined) return;
    view.setUint32(TCP_KEEPALIVE.on, 1, true);
    view.setUint32(TCP_KEEPALIVE.idleMs, keepIdleMs(keepAliveMs), true);
    view.setUint32(TCP_KEEPALIVE.intervalMs, KEEPALIVE_INTERVAL_MS, true);
    winsock.WSAIoctl(
      pointer,
      C.SIO_KEEPALIVE_VALS,
      bytes,
      TCP_KEEPALIVE.size,
      null,
      0,
      length.bytes,
      null,
      null,
    );
  }

  /** This side's address; undefined where the connection is gone. */
  localAddress({ pointer }: Socket): SocketAddress | undefined {
    this.length.view.setUint32(0, SOCKADDR_BYTES, true);
    const result = this.winsock.getsockname(pointer, this.address.bytes, this.length.bytes);
    return result === 0 ? this.addressRead() : undefined;
  }

  /** The other side's address; undefined where the connection is gone. */
  peerAddress({ pointer }: Socket): SocketAddress | undefined {
    this.length.view.setUint32(0, SOCKADDR_BYTES, true);
    const result = this.winsock.getpeername(pointer, this.address.bytes, this.length.bytes);
    return result === 0 ? this.addressRead() : undefined;
  }

  /** Sends FIN after what was written, which `close` does not do while an operation is pending. */
  endWriting({ pointer }: Socket): void {
    this.winsock.shutdown(pointer, C.SD_SEND);
  }

  /** Makes `close` reset the connection, so that nothing of a pending write is sent afterwards. */
  resetAtClose({ pointer }: Socket): void {
    const { view } = this.option;
    view.setUint16(LINGER.on, 1, true);
    view.setUint16(LINGER.seconds, 0, true);
    this.setOptionBytes(pointer, C.SOL_SOCKET, C.SO_LINGER, LINGER.size);
  }

  /** Closes; the packets of pending operations still come. Idempotent: its number may be in use elsewhere by then. */
  close(socket: Socket): void {
    if (socket.closed) return;
    socket.closed = true;
    if (this.registry.remove(socket.handle)) this.winsock.closesocket(socket.pointer);
  }

  /** Removes the file of a unix socket that was bound. */
  removeFile(path: string): void {
    this.winsock.DeleteFileW(wide(path));
  }

  /** Whether a call that starts an operation is done, is pending, or failed. */
  started(failed: boolean): number {
    if (!failed) return DONE;
    const error = this.winsock.lastError();
    return error === WSA_IO_PENDING ? PENDING : error;
  }

  /** A refused connect to this machine fails at once instead of after two seconds; where that cannot be asked, it waits. */
  private refuseAtOnce(pointer: NativePointer): void {
    const { view, bytes } = this.option;
    view.setUint32(0, 0, true);
    view.setUint16(TCP_INITIAL_RTO.rtt, NO_SYN_RETRANSMISSIONS, true);
    view.setUint8(TCP_INITIAL_RTO.retransmissions, NO_SYN_RETRANSMISSIONS);
    const { length: { bytes: returned } } = this;
    const code = C.SIO_TCP_INITIAL_RTO;
    this.winsock.WSAIoctl(pointer, code, bytes, TCP_INITIAL_RTO.size, null, 0, returned, null, null);
  }

  private addressRead(): SocketAddress {
    return readSockaddr(this.address, this.length.view.getUint32(0, true), C);
  }

  private put(address: SocketAddress): number {
    return writeSockaddr(address, this.address, C, (zone) => zoneNumber(zone) ?? 0);
  }

  private setOption(pointer: NativePointer, level: number, name: number, value: number): void {
    this.option.view.setInt32(0, value, true);
    this.setOptionBytes(pointer, level, name, 4);
  }

  private setOptionBytes(pointer: NativePointer, level: number, name: number, length: number): number {
    const { bytes } = this.option;
    return this.result(this.winsock.setsockopt(pointer, level, name, length === 0 ? null : bytes, length));
  }

  private result(value: number): number {
    return value === 0 ? 0 : this.winsock.lastError();
  }
}

function socketOf(handle: number): Socket {
  return { handle, pointer: pointerTo(handle), joined: false, skips: false, closed: false };
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}
