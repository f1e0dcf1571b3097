// Base of listeners on runtimes that accept from the bind on, and do not report that descriptors have run out.

import type { SocketAddress, UnixAddress } from "../contract/address.ts";
import type { Endpoint, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { BaseListener } from "../core/base_listener.ts";
import type { NativeEngine } from "./engine.ts";
import { fileIdentity, putAside, putAsideUnless, removeFile } from "./socket_file.ts";
import type { Spares } from "./spares.ts";
import { type ListeningSocket, Starvation } from "./starvation.ts";

const NOT_ASIDE = (): void => {};

/** A bound socket of the runtime. */
export abstract class BoundSocket implements ListeningSocket {
  /** That of a unix socket. */
  private file: string | undefined;
  private rests = false;
  /** The runtime has bound the path, and removes the file at it, whosever it is by then, with the socket. */
  private removesFile: boolean;

  /** It is bound to `at`. */
  constructor(protected readonly at: SocketAddress) {
    this.file = this.identity();
    this.removesFile = at.family === "unix";
  }

  get descriptor(): number {
    return this.rests ? -1 : this.socketDescriptor() ?? -1;
  }

  rest(): void {
    const putBack = this.removesFile ? putAside((this.at as UnixAddress).path) : NOT_ASIDE;
    this.stop();
    putBack();
    this.rests = true;
    this.removesFile = false;
  }

  goOn(fd: number): void {
    this.listenOn(fd);
    this.rests = false;
  }

  /** Closes it, and removes its file. */
  close(): void {
    const { at, file } = this;
    const putBack = at.family === "unix" && this.removesFile ? putAsideUnless(file, at.path) : NOT_ASIDE;
    if (at.family === "unix" && !this.removesFile) removeFile(at.path, file);
    if (!this.rests) this.stop();
    putBack();
  }

  /** The address was bound anew, and with it another file. */
  protected boundAnew(): void {
    this.file = this.identity();
  }

  private identity(): string | undefined {
    return this.at.family === "unix" ? fileIdentity(this.at.path) : undefined;
  }

  /** The descriptor of the runtime's socket; undefined where the runtime does not say. */
  protected abstract socketDescriptor(): number | undefined;
  /** Closes the runtime's socket. */
  protected abstract stop(): void;
  /** Makes another socket of the runtime over a descriptor that listens. */
  protected abstract listenOn(fd: number): void;
}

/** A listener whose sockets are `S`s. */
export abstract class EagerListener<S extends BoundSocket> extends BaseListener {
  protected readonly sockets: S[] = [];
  /** Connections that came before `start`. */
  private readonly early: Endpoint[] = [];
  private accepting = false;
  private readonly starvation: Starvation;

  /** See `EventEngine.listen`. */
  constructor(
    engine: NativeEngine,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
    spares: Spares,
  ) {
    super(engine, options, onAccept, onShutdown);
    this.starvation = new Starvation(
      engine,
      spares,
      this.sockets,
      (code) => this.starved(code),
      () => this.fed(),
    );
  }

  /** A socket was bound. */
  protected bound(socket: S): void {
    this.sockets.push(socket);
    this.starvation.begin();
  }

  /** A connection was accepted; it waits until the listener starts. */
  protected came(endpoint: Endpoint): void {
    if (this.accepting || this.stopped) this.accepted(endpoint);
    else this.early.push(endpoint);
  }

  protected override startAccepting(): void {
    this.accepting = true;
    const early = this.early.splice(0);
    if (early.length > 0) this.engine.run(() => early.forEach((endpoint) => this.accepted(endpoint)));
  }

  protected override release(): undefined {
    for (const endpoint of this.early.splice(0)) endpoint.close();
    for (const socket of this.sockets.splice(0)) socket.close();
    this.starvation.end();
  }

  /** There are descriptors again. */
  protected fed(): void {}
}
