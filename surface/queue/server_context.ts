// What the application sees of a call that it serves in C++'s names, and sends beside its messages.

import type { Instant, SocketAddress } from "../../pollers/mod.ts";
import type { ConnectionSecurity } from "../../transport/mod.ts";
import { Metadata, type MetadataValue } from "../call/metadata.ts";
import { PARENT } from "../call/parent.ts";
import type { Compression } from "../compression.ts";
import type { ServedCall } from "../server/server_call.ts";
import type { QueueOperation } from "./queue_operation.ts";
import type { QueueServerCall } from "./server_call.ts";

/** What is to come when the call of `context` is over, undefined where nothing is. Throws TypeError where it is requested. */
export let whenDoneOf: <Tag>(context: ServerContext<Tag>) => DoneOperation<Tag> | undefined;

/** The call of `context` is requested, which is done once; `done` is what `whenDoneOf` gave. */
export let markContext: <Tag>(context: ServerContext<Tag>, done: DoneOperation<Tag> | undefined) => void;

/** `context` is that of `call`. `isSync`: its handler may ask at any time whether it is cancelled. */
export let bindContext: <Tag>(context: ServerContext<Tag>, call: QueueServerCall, isSync: boolean) => void;

/** To be sent with the first operation that sends; undefined where there is none. */
export let initialMetadataOf: <Tag>(context: ServerContext<Tag>) => Metadata | undefined;

/** To be sent with the status; undefined where there is none. */
export let trailingMetadataOf: <Tag>(context: ServerContext<Tag>) => Metadata | undefined;

/** A call that is over, for `asyncNotifyWhenDone`. */
export class DoneOperation<Tag> implements QueueOperation<Tag> {
  /** Owned by the queue. */
  nextOperation: QueueOperation<Tag> | undefined = undefined;
  /** Owned by the queue. */
  previousOperation: QueueOperation<Tag> | undefined = undefined;
  /** `tag` comes when the call of `context` is over. */
  constructor(readonly tag: Tag, private readonly context: ServerContext<Tag>) {}

  /** What the application set. */
  get purpose(): string {
    return "be notified of the end of a call";
  }

  /** Whether its event has come. */
  get isDone(): boolean {
    return this.previousOperation === undefined;
  }

  describe(): string {
    return `end of the call ${this.context.method ?? "that is requested"}`;
  }
}

/** The context of one call: given to its responder before it is requested. */
export class ServerContext<Tag = unknown> implements ServedCall {
  #call: QueueServerCall | undefined = undefined;
  #isRequested = false;
  #isSync = false;
  #doneTag: { readonly tag: Tag } | undefined = undefined;
  #done: DoneOperation<Tag> | undefined = undefined;
  #initial: Metadata | undefined = undefined;
  #trailing: Metadata | undefined = undefined;

  static {
    Object.defineProperty(this.prototype, PARENT, {
      get(this: ServerContext) {
        return this.#call;
      },
    });
    whenDoneOf = (context) => {
      if (context.#isRequested) {
        throw new TypeError("Cannot request a call with a context that has one already");
      }
      if (context.#doneTag === undefined) return undefined;
      return new DoneOperation(context.#doneTag.tag, context);
    };
    markContext = (context, done) => {
      context.#isRequested = true;
      context.#done = done;
    };
    bindContext = (context, call, isSync) => {
      context.#call = call;
      context.#isSync = isSync;
    };
    initialMetadataOf = (context) => context.#initial;
    trailingMetadataOf = (context) => context.#trailing;
  }

  /**
   * Has `tag` come out of the call's queue when the call is over, with success; without where the server shuts down and there
   * is no call. Set it before the request.
   *
   * @throws {TypeError} after the request, and where it is set
   */
  asyncNotifyWhenDone(tag: Tag): void {
    if (this.#isRequested) {
      throw new TypeError("Cannot be notified of the end of a call: set it before the request");
    }
    if (this.#doneTag !== undefined) throw new TypeError("Cannot be notified of the end of a call twice");
    this.#doneTag = { tag };
  }

  /**
   * Whether the call ended otherwise than by its status. Only once the tag of `asyncNotifyWhenDone` has come; a handler of
   * `PolledMethods` may ask at any time.
   *
   * @throws {TypeError} before that
   */
  isCancelled(): boolean {
    if (this.#isSync || this.#done?.isDone) return this.#call === undefined || this.#call.isCancelled;
    throw new TypeError(
      "Cannot ask whether a call is cancelled before the tag of asyncNotifyWhenDone has come (gRPC's ServerContext)",
    );
  }

  /** Ends the call without a status: the client gets RST_STREAM. What is pending completes. No effect without a call. */
  tryCancel(): void {
    this.#call?.cancel();
  }

  /** "/package.Service/Method"; undefined before there is a call. */
  get method(): string | undefined {
    return this.#call?.path;
  }

  /**
   * The same.
   *
   * @throws {TypeError} before there is a call
   */
  get path(): string {
    return this.#there.path;
  }

  /**
   * What the client's `:authority` says.
   *
   * @throws {TypeError} before there is a call
   */
  get host(): string {
    return this.#there.authority;
  }

  /**
   * The client's address.
   *
   * @throws {TypeError} before there is a call
   */
  get peer(): SocketAddress {
    return this.#there.peer;
  }

  /**
   * What the TLS handshake of the connection established; undefined in plaintext.
   *
   * @throws {TypeError} before there is a call
   */
  get security(): ConnectionSecurity | undefined {
    return this.#there.security;
  }

  /**
   * What responses are compressed with: as the server says, unless this is set before initial metadata is sent. It is
   * "identity" where the client does not take what was asked for.
   *
   * @throws {TypeError} before there is a call
   */
  get compression(): Compression {
    return this.#there.compression;
  }

  set compression(compression: Compression) {
    this.#there.compression = compression;
  }

  /**
   * When the call ends with DEADLINE_EXCEEDED: an instant on the clock of the server's engine; Infinity: never.
   *
   * @throws {TypeError} before there is a call
   */
  get deadline(): Instant {
    return this.#there.deadline;
  }

  /**
   * What the client sent before its messages.
   *
   * @throws {TypeError} before there is a call
   */
  get clientMetadata(): Metadata {
    return this.#there.metadata;
  }

  /**
   * Is sent with the first operation that sends.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  addInitialMetadata(name: string, value: MetadataValue): void {
    (this.#initial ??= new Metadata()).append(name, value);
  }

  /**
   * Is sent with the status.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  addTrailingMetadata(name: string, value: MetadataValue): void {
    (this.#trailing ??= new Metadata()).append(name, value);
  }

  get #there(): QueueServerCall {
    if (this.#call !== undefined) return this.#call;
    throw new TypeError("Cannot read a call's context before the event of its request has come with success");
  }
}
