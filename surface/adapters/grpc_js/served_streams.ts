// A server's calls as handlers hold them: emitters and streams of Node over the call below.

import { Duplex, EventEmitter, Writable } from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import type { PerRequestMetricRecorder } from "./call_metrics.ts";
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

/** How a call ends whose handler destroyed its stream without an error. */
const DESTROYED = { code: Status.CANCELLED, details: "The handler destroyed the stream of its responses" };

/** What all four kinds of calls have, beside what their streams have. */
interface Served {
  cancelled: boolean;
  readonly call: ServerInterceptingCallInterface;
  readonly metadata: Metadata;
  getPeer(): string;
  sendMetadata(responseMetadata: Metadata): void;
  getDeadline(): Deadline;
  getPath(): string;
  getHost(): string;
  getAuthContext(): AuthContext;
  getMetricsRecorder(): PerRequestMetricRecorder;
}

// deno-lint-ignore no-explicit-any
type Class<T> = new (...args: any[]) => T;

/** A call is made of its method's path, the call below and the metadata of the request. */
type ServedClass<T> = new (
  path: string,
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
) => T & Served;

/** `Base`, an emitter or a stream of objects, as a call. JavaScript has one base class each: so this is a function of it. */
function served<T extends object>(Base: Class<T>): ServedClass<T> {
  class Call extends (Base as Class<object>) implements Served {
    cancelled = false;

    constructor(
      private readonly path: string,
      readonly call: ServerInterceptingCallInterface,
      readonly metadata: Metadata,
    ) {
      super({ objectMode: true });
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

    getMetricsRecorder(): PerRequestMetricRecorder {
      return this.call.getMetricsRecorder();
    }
  }
  return Call as unknown as ServedClass<T>;
}

/** What calls with a stream of responses have besides. */
interface Finishing {
  readonly isFinishing: boolean;
}

/** `Base` as a call whose stream is that of its responses, with the status behind the last one. */
function responding<T extends Writable>(Base: Class<T>): ServedClass<T & Finishing> {
  class Responding extends served(Base as Class<Writable>) implements Finishing {
    private readonly ending = new Ending();
    private hasStatus = false;

    constructor(path: string, call: ServerInterceptingCallInterface, metadata: Metadata) {
      super(path, call, metadata);
      this.on("error", (error: ServerErrorResponse) => {
        this.ending.fail(error);
        this.end();
      });
    }

    override _write(chunk: unknown, _encoding: string, callback: Callback): void {
      this.call.sendMessage(chunk, callback);
    }

    override _final(callback: Callback): void {
      this.hasStatus = true;
      callback(null);
      this.call.sendStatus(this.ending.build());
    }

    /** The status was sent behind the last response, and "finish" is about to say so. */
    get isFinishing(): boolean {
      return this.hasStatus && !this.writableFinished && !this.destroyed;
    }

    /** Nothing comes to `_final` any more, so the status is sent here: the call would stay open until its deadline. */
    override _destroy(error: Error | null, callback: Callback): void {
      if (!this.hasStatus && !this.cancelled) {
        this.hasStatus = true;
        this.ending.fail((error ?? DESTROYED) as ServerErrorResponse);
        this.call.sendStatus(this.ending.build());
      }
      callback(error);
    }

    // deno-lint-ignore no-explicit-any
    override end(metadata?: any): this {
      if (metadata) this.ending.trailers = metadata;
      return super.end() as unknown as this;
    }
  }
  return Responding as unknown as ServedClass<T & Finishing>;
}

/** Of one request and one response. */
export class ServedUnary extends served<EventEmitter>(EventEmitter) {
  constructor(
    path: string,
    call: ServerInterceptingCallInterface,
    metadata: Metadata,
    readonly request: unknown,
  ) {
    super(path, call, metadata);
  }
}

/** Of one request and a stream of responses. */
export class ServedWritable extends responding(Writable) {
  constructor(
    path: string,
    call: ServerInterceptingCallInterface,
    metadata: Metadata,
    readonly request: unknown,
  ) {
    super(path, call, metadata);
  }
}

/**
 * Of streams both ways, and of a stream of requests with one response, as in grpc-js: what a handler
 * emits as its error is the call's status, and it is not closed before the call is over.
 */
export class ServedDuplex extends responding(Duplex) {
  override _read(_size: number): void {
    this.call.startRead();
  }

  /** A loop over the requests leaves the responses open, where Node destroys both with the last request. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<unknown> {
    return this.iterator({ destroyOnReturn: false });
  }
}

/** Of a stream of requests and one response: a handler that destroys it has its callback to answer by. */
export class ServedRequests extends ServedDuplex {
  override _destroy(error: Error | null, callback: Callback): void {
    callback(error);
  }
}
