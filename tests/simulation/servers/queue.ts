// A server by completion queues: calls are requested, and driven by batches or by responders.
import {
  type AcceptedCall,
  type CompletionType,
  OpFlags,
  QueueServer,
  receiveCloseOnServer,
  receiveMessage,
  RequestedCall,
  type RequestOptions,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  type Server,
  type ServerOperation,
} from "pollwire";
import { ModelError } from "../model_error.ts";
import { Fork, type Process, run } from "../process.ts";
import { type Job, type Kind, KINDS, methodOf, octets, type Part, streamsRequests } from "../service.ts";
import type { Done, Tag, Tags } from "../tags.ts";
import type { Setting } from "../setting.ts";
import { ResponderSession } from "./responder.ts";
import { type Finish, serve, type ServerSession } from "./session.ts";

type Batch = ServerOperation<unknown, unknown>;

/** One call by batches. */
class BatchSession implements ServerSession {
  private request: unknown;
  private sentMetadata = false;
  /** Of the message that was made last. */
  private flags = 0;
  private finished: Done = undefined;
  private readonly close = receiveCloseOnServer();
  private readonly closing: Fork<Done>;

  constructor(
    private readonly world: Setting,
    private readonly tags: Tags,
    private readonly call: AcceptedCall<unknown, unknown, Tag>,
    request: unknown,
    private readonly untyped: boolean,
  ) {
    this.request = request;
    this.closing = new Fork(this.batch([this.close]), world.problem);
  }

  *read(): Process<Job | undefined> {
    const { request } = this;
    this.request = undefined;
    if (request !== undefined) return request as Job;
    const operation = receiveMessage<unknown>();
    const done = yield* this.batch([operation]);
    if (done === false) throw new ModelError(`${this.call.path}: RECV_MESSAGE of a server has failed`);
    const { message } = operation;
    if (message === undefined) return undefined;
    return this.untyped ? octets.toJob(message as Uint8Array) : message as Job;
  }

  *write(part: Part): Process<boolean> {
    if (this.world.choices.chance(0.3)) yield* this.batch(this.metadata());
    return (yield* this.batch([...this.metadata(), this.message(part)])) === true;
  }

  *finish({ code, details, metadata }: Finish, part: Part | undefined): Process<void> {
    const operations = this.metadata();
    if (part !== undefined) operations.push(this.message(part));
    const isThrough = part !== undefined && this.flags === OpFlags.THROUGH;
    this.finished = yield* this.batch([...operations, sendStatusFromServer(code, details, metadata)]);
    const closed = yield* this.closing.join();
    if (closed === undefined || this.finished === undefined) return;
    const { cancelled } = this.close;
    if (!closed) throw new ModelError(`${this.call.path}: RECV_CLOSE_ON_SERVER has failed`);
    // Beside a status that has gone out, a message with THROUGH fails where the connection ends before it is written.
    if (cancelled === this.finished && !(isThrough && !this.finished)) {
      throw new ModelError(
        `${this.call.path}: its status went out: ${this.finished}; cancelled: ${cancelled}`,
      );
    }
  }

  cancel(): void {
    this.call.cancel();
  }

  private *batch(operations: Batch[]): Process<Done> {
    if (operations.length === 0) return true;
    const name = `${operations.map(({ type }) => type).join(", ")} of ${this.call.path} (server)`;
    return yield* this.tags.run(name, (tag) => this.call.startBatch(operations, tag));
  }

  private metadata(): Batch[] {
    if (this.sentMetadata) return [];
    this.sentMetadata = true;
    return [sendInitialMetadata({ "x-style": "batches" })];
  }

  private message(part: Part): Batch {
    this.flags = this.world.choices.pick([0, 0, 1, 2, 4]);
    return sendMessage(this.untyped ? octets.ofPart(part) : part, this.flags);
  }
}

/** The queues of one server. */
export class ServerQueues {
  readonly calls: QueueServer;
  private readonly tags: Tags[];
  private isStopping = false;

  constructor(private readonly world: Setting, server: Server) {
    const { choices } = world;
    this.calls = new QueueServer(server);
    this.tags = Array.from({ length: choices.between(1, 2) }, (_, i) => {
      const completionType = choices.pick<CompletionType>(["NEXT", "CALLBACK"]);
      return world.tags(world.serverHost, completionType, `server's queue ${i + 1} (${completionType})`);
    });
    for (const { queue } of this.tags) this.calls.registerCompletionQueue(queue);
    for (const kind of KINDS) {
      this.calls.registerMethod(methodOf("Batches", kind));
      this.calls.registerMethod(methodOf("Responders", kind));
    }
  }

  /** Requests calls of all methods; `any`: and of those that nothing else serves. */
  start(any: boolean): void {
    for (const tags of this.tags) {
      for (const kind of KINDS) {
        for (let i = this.world.choices.between(1, 2); i > 0; i--) {
          this.requestBatches(tags, kind);
          this.requestResponder(tags, kind);
        }
      }
      if (any) this.requestAny(tags);
    }
  }

  /** Takes no new calls; resolves when the last one is over. */
  shutdown(): Promise<void> {
    this.isStopping = true;
    const tags = this.world.choices.pick(this.tags);
    return new Promise((resolve) => {
      tags.begin("shutdown of the server", (tag) => this.calls.shutdownAndNotify(tags.queue, tag), (done) => {
        if (!done) this.world.problem(new ModelError("the notification of a server's shutdown has failed"));
        resolve();
      });
    });
  }

  /** Shuts the queues down, after the server; resolves when all events have come. */
  async end(): Promise<void> {
    this.calls.destroy();
    for (const tags of this.tags) tags.shutdown();
    await Promise.all(this.tags.map(({ over }) => over));
  }

  /** From `shutdown` or before the server is closed. */
  stopping(): void {
    this.isStopping = true;
  }

  private requestBatches(tags: Tags, kind: Kind): void {
    const method = methodOf("Batches", kind);
    const wanted = new RequestedCall<Job, Part, Tag>();
    const { notified, options } = this.optionsOf(tags);
    notified.begin(`request for ${method.path}`, (tag) => {
      this.calls.requestRegisteredCall(method, wanted, options, tag);
    }, (done) => {
      if (!this.isThere(method.path, done)) return;
      this.requestBatches(tags, kind);
      const message = streamsRequests(kind) ? undefined : wanted.message;
      this.serve(kind, new BatchSession(this.world, tags, wanted.call as never, message, false));
    });
  }

  private requestAny(tags: Tags): void {
    const wanted = new RequestedCall<Uint8Array, Uint8Array, Tag>();
    const { notified, options } = this.optionsOf(tags);
    notified.begin("request for any call", (tag) => {
      this.calls.requestCall(wanted, options, tag);
    }, (done) => {
      if (!this.isThere("any method", done)) return;
      this.requestAny(tags);
      const { method } = wanted;
      const kind = method.slice(method.lastIndexOf("/") + 1).toLowerCase() as Kind;
      this.serve(kind, new BatchSession(this.world, tags, wanted.call as never, undefined, true));
    });
  }

  private requestResponder(tags: Tags, kind: Kind): void {
    const session = new ResponderSession(this.world, tags, kind);
    const { notified, options } = this.optionsOf(tags);
    session.request(this.calls, notified, options, (done, path) => {
      if (!this.isThere(path, done)) return;
      this.requestResponder(tags, kind);
      this.serve(kind, session);
    });
  }

  /** Events of a call come in `tags`, that of its request there or in another queue. */
  private optionsOf(tags: Tags): { readonly notified: Tags; readonly options: RequestOptions<Tag> } {
    const notified = this.world.choices.pick(this.tags);
    return { notified, options: { queue: tags.queue, notificationQueue: notified.queue } };
  }

  /** Whether a request was given a call; without one the server shuts down. */
  private isThere(path: string, done: Done): boolean {
    if (done === true || this.isStopping) return done === true;
    throw new ModelError(`request for ${path}: ${done}, and the server runs`);
  }

  private serve(kind: Kind, session: ServerSession): void {
    run(serve(this.world, kind, session), () => {}, this.world.problem);
  }
}
