// One connect in progress: it completes when its completion comes.

import type { InetAddress, SocketAddress } from "../contract/address.ts";
import type { EndpointOptions, TaskHandle } from "../contract/engine.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { EAGAIN } from "../ffi/linux_errno_table.ts";
import type { OperationOwner } from "../completion/operations.ts";
import { U } from "../ffi/io_uring_layouts.ts";
import { errnoError } from "../readiness/sockets.ts";
import type { IoUringContext } from "./context.ts";
import type { Operation } from "./operations.ts";

/** The pause before another connect to a unix socket whose backlog is full: the kernel has no event for room in it. */
const BACKLOG_PAUSE_MS = 10;

/** Connects without blocking, and reports to an attempt, never on its caller's stack. */
export class IoUringConnector implements OperationOwner<Operation> {
  private fd = -1;
  private connecting: Operation | undefined = undefined;
  private retry: TaskHandle | undefined = undefined;

  /** See `EventEngine.connect`. */
  constructor(
    private readonly engine: IoUringContext,
    private readonly to: SocketAddress,
    private readonly options: EndpointOptions,
    private readonly attempt: ConnectAttempt,
  ) {
    attempt.abort = () => this.abort();
  }

  /** Makes the socket and begins. */
  start(): void {
    this.retry = undefined;
    const { engine: { sockets, descriptors }, to } = this;
    const fd = sockets.socket(to);
    if (fd < 0) return this.failLater(fd);
    this.fd = fd;
    descriptors.add(fd);
    if ("port" in to) return this.connect(to);
    const result = sockets.connect(fd, to); // a unix socket's never waits
    if (result === 0) return this.engine.run(() => this.connected());
    this.close();
    if (result === -EAGAIN) {
      this.retry = this.engine.runAt(this.engine.now() + BACKLOG_PAUSE_MS, () => this.start());
    } else this.failLater(result);
  }

  /** Connected, or failed. */
  onComplete(_operation: Operation, result: number): void {
    this.connecting = undefined;
    if (result === 0) return this.connected();
    this.close();
    this.attempt.fail(errnoError(result, "connect", this.to));
  }

  private connect(to: InetAddress): void {
    const { operations, ring, sockets } = this.engine;
    this.connecting = operations.begin(this, U.OP_CONNECT, this.fd);
    const { room } = ring;
    ring.setOffset(sockets.putAddress(to, room));
    ring.setMemory(room.address, 0);
  }

  private connected(): void {
    const { engine, to, fd } = this;
    if (fd < 0) return; // aborted
    this.fd = -1;
    engine.descriptors.remove(fd);
    if ("port" in to) engine.sockets.configure(fd, this.options);
    const local = "port" in to ? engine.sockets.localAddress(fd) ?? to : UNNAMED;
    this.attempt.succeed(engine.adoptSocket(fd, local, to));
  }

  private failLater(result: number): void {
    this.engine.run(() => this.attempt.fail(errnoError(result, "connect", this.to)));
  }

  private abort(): void {
    if (this.connecting !== undefined) this.engine.operations.abandon(this.connecting);
    this.connecting = undefined;
    if (this.fd >= 0) this.close();
    if (this.retry !== undefined) this.engine.cancel(this.retry);
  }

  private close(): void {
    const { descriptors, sockets } = this.engine;
    if (descriptors.remove(this.fd)) sockets.libc.close(this.fd);
    this.fd = -1;
  }
}
