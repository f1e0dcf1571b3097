// One connect in progress: it completes when the socket becomes writable.

import type { SocketAddress } from "../contract/address.ts";
import type { EndpointOptions, TaskHandle } from "../contract/engine.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { EAGAIN, EINPROGRESS, EINTR } from "../ffi/linux_errno_table.ts";
import type { ReadinessContext } from "./context.ts";
import type { FdHandle, FdOwner } from "./fd_table.ts";
import { errnoError } from "./sockets.ts";

/** The pause before another connect to a unix socket whose backlog is full: the kernel has no event for room in it. */
const BACKLOG_PAUSE_MS = 10;

/** Connects without blocking, and reports to an attempt, never on its caller's stack. */
export class FdConnector implements FdOwner {
  private handle: FdHandle | undefined = undefined;
  private retry: TaskHandle | undefined = undefined;

  /** See `EventEngine.connect`. */
  constructor(
    private readonly engine: ReadinessContext,
    private readonly to: SocketAddress,
    private readonly options: EndpointOptions,
    private readonly attempt: ConnectAttempt,
  ) {
    attempt.abort = () => this.abort();
  }

  /** Makes the socket and begins. */
  start(): void {
    this.retry = undefined;
    const { sockets } = this.engine;
    const fd = sockets.socket(this.to);
    if (fd < 0) return this.failLater(fd);
    const result = sockets.connect(fd, this.to);
    if (result === -EAGAIN) {
      sockets.libc.close(fd);
      this.retry = this.engine.runAt(this.engine.now() + BACKLOG_PAUSE_MS, () => this.start());
    } else if (result === 0 || result === -EINPROGRESS || result === -EINTR) this.wait(fd);
    else {
      sockets.libc.close(fd);
      this.failLater(result);
    }
  }

  /** Connected, or failed. */
  onWritable(): void {
    const { engine, to, handle } = this;
    if (handle === undefined) return; // aborted
    const result = engine.sockets.connectResult(handle.fd);
    this.handle = undefined;
    if (result < 0) {
      handle.close();
      return this.attempt.fail(errnoError(result, "connect", to));
    }
    // The endpoint is another owner; the kernel reports readiness anew for a descriptor that is added again.
    handle.close(true);
    if ("port" in to) engine.sockets.configure(handle.fd, this.options);
    const local = "port" in to ? engine.sockets.localAddress(handle.fd) ?? to : UNNAMED;
    const endpoint = engine.adoptSocket(handle.fd, local, to);
    if (typeof endpoint === "number") this.attempt.fail(errnoError(endpoint, "connect", to));
    else this.attempt.succeed(endpoint);
  }

  onReadable(): void {}

  private wait(fd: number): void {
    const handle = this.engine.table.add(fd, this);
    if (typeof handle === "number") {
      this.engine.sockets.libc.close(fd);
      return this.failLater(handle);
    }
    this.handle = handle;
    // The poller thread may have seen the event before the connector waited for it.
    if (!handle.waitWritable()) this.engine.run(() => this.onWritable());
  }

  private failLater(result: number): void {
    this.engine.run(() => this.attempt.fail(errnoError(result, "connect", this.to)));
  }

  private abort(): void {
    this.handle?.close();
    this.handle = undefined;
    if (this.retry !== undefined) this.engine.cancel(this.retry);
  }
}
