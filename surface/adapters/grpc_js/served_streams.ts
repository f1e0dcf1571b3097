// A server's calls as handlers hold them: emitters and streams of Node over the call below.

import { Duplex, EventEmitter, Readable, Writable } from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import { status as Status } from "./constants.ts";
import type { Deadline } from "./deadline.ts";
import { Metadata } from "./metadata.ts";
import type { ServerInterceptingCallInterface } from "./server_interceptors.ts";
import { type PartialStatusObject, type ServerErrorResponse, statusOfError } from "./status.ts";

type Callback = (error?: Error | null) => void;

/** What a handler's stream of responses ends with. */
class Ending {
  private status: PartialStatusObject = { code: Status.OK, details: "OK" };
  trailers: Metadata = new Metadata();

  fail(error: ServerErrorResponse): void {
    this.status = statusOfError(error);
  }

  build(): PartialStatusObject {
    return { ...this.status, metadata: this.status.metadata ?? this.trailers };
  }
}

/** Of one request and one response. */
export class ServedUnary extends EventEmitter {
  cancelled = false;

  constructor(
    private readonly path: string,
    private readonly call: ServerInterceptingCallInterface,
    readonly metadata: Metadata,
    readonly request: unknown,
  ) {
    super();
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  sendMetadata(responseMetadata: Metadata): void {
    this.call.sendMetadata(responseMetadata);
  }

  getDeadline(): Deadline {
    return this.call.getDeadline();
  }

  getPath(): string {
    return this.path;
  }

  getHost(): string {
    return this.call.getHost();
  }

  getAuthContext(): AuthContext {
    return this.call.getAuthContext();
  }
}

/** Of a stream of requests and one response. */
export class ServedReadable extends Readable {
  cancelled = false;

  constructor(
    private readonly path: string,
    private readonly call: ServerInterceptingCallInterface,
    readonly metadata: Metadata,
  ) {
    super({ objectMode: true });
  }

  override _read(_size: number): void {
    this.call.startRead();
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  sendMetadata(responseMetadata: Metadata): void {
    this.call.sendMetadata(responseMetadata);
  }

  getDeadline(): Deadline {
    return this.call.getDeadline();
  }

  getPath(): string {
    return this.path;
  }

  getHost(): string {
    return this.call.getHost();
  }

  getAuthContext(): AuthContext {
    return this.call.getAuthContext();
  }
}

/** Of one request and a stream of responses. */
export class ServedWritable extends Writable {
  cancelled = false;
  private readonly ending = new Ending();

  constructor(
    private readonly path: string,
    private readonly call: ServerInterceptingCallInterface,
    readonly metadata: Metadata,
    readonly request: unknown,
  ) {
    super({ objectMode: true });
    this.on("error", (error: ServerErrorResponse) => {
      this.ending.fail(error);
      this.end();
    });
  }

  override _write(chunk: unknown, _encoding: string, callback: Callback): void {
    this.call.sendMessage(chunk, callback);
  }

  override _final(callback: Callback): void {
    callback(null);
    this.call.sendStatus(this.ending.build());
  }

  // deno-lint-ignore no-explicit-any
  override end(metadata?: any): this {
    if (metadata) this.ending.trailers = metadata;
    return super.end() as unknown as this;
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  sendMetadata(responseMetadata: Metadata): void {
    this.call.sendMetadata(responseMetadata);
  }

  getDeadline(): Deadline {
    return this.call.getDeadline();
  }

  getPath(): string {
    return this.path;
  }

  getHost(): string {
    return this.call.getHost();
  }

  getAuthContext(): AuthContext {
    return this.call.getAuthContext();
  }
}

/** Of streams both ways. */
export class ServedDuplex extends Duplex {
  cancelled = false;
  private readonly ending = new Ending();

  constructor(
    private readonly path: string,
    private readonly call: ServerInterceptingCallInterface,
    readonly metadata: Metadata,
  ) {
    super({ objectMode: true });
    this.on("error", (error: ServerErrorResponse) => {
      this.ending.fail(error);
      this.end();
    });
  }

  override _read(_size: number): void {
    this.call.startRead();
  }

  override _write(chunk: unknown, _encoding: string, callback: Callback): void {
    this.call.sendMessage(chunk, callback);
  }

  override _final(callback: Callback): void {
    callback(null);
    this.call.sendStatus(this.ending.build());
  }

  // deno-lint-ignore no-explicit-any
  override end(metadata?: any): this {
    if (metadata) this.ending.trailers = metadata;
    return super.end() as unknown as this;
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  sendMetadata(responseMetadata: Metadata): void {
    this.call.sendMetadata(responseMetadata);
  }

  getDeadline(): Deadline {
    return this.call.getDeadline();
  }

  getPath(): string {
    return this.path;
  }

  getHost(): string {
    return this.call.getHost();
  }

  getAuthContext(): AuthContext {
    return this.call.getAuthContext();
  }
}
