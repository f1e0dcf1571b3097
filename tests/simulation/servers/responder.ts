// One call of a server by a responder: operations in C++'s names.
import {
  type QueueServer,
  type RequestOptions,
  ServerAsyncReader,
  ServerAsyncReaderWriter,
  ServerAsyncResponseWriter,
  ServerAsyncWriter,
  ServerContext,
  type ServerResponderOf,
  Status,
} from "pollwire";
import type { Duty } from "../duties.ts";
import { ModelError } from "../model_error.ts";
import type { Process } from "../process.ts";
import { type Job, type Kind, methodOf, type Part } from "../service.ts";
import type { Done, Tag, Tags } from "../tags.ts";
import type { Setting } from "../setting.ts";
import type { Finish, ServerSession } from "./session.ts";

type Writer = ServerAsyncWriter<Job, Part, Tag> | ServerAsyncReaderWriter<Job, Part, Tag>;
type Reader = ServerAsyncReader<Job, Part, Tag> | ServerAsyncReaderWriter<Job, Part, Tag>;
type Single = ServerAsyncResponseWriter<Job, Part, Tag> | ServerAsyncReader<Job, Part, Tag>;

/** See the head of this file. */
export class ResponderSession implements ServerSession {
  private readonly context = new ServerContext<Tag>();
  private readonly responder: Single | Writer;
  private readonly path: string;
  private hasRequest: boolean;
  private sentMetadata = false;

  constructor(
    private readonly world: Setting,
    private readonly tags: Tags,
    private readonly kind: Kind,
  ) {
    this.path = methodOf("Responders", kind).path;
    const classes = {
      unary: ServerAsyncResponseWriter,
      download: ServerAsyncWriter,
      upload: ServerAsyncReader,
      chat: ServerAsyncReaderWriter,
    } as const;
    this.responder = new classes[kind]<Job, Part, Tag>(this.context);
    this.hasRequest = kind === "unary" || kind === "download";
  }

  /** Requests the call. */
  request(
    calls: QueueServer,
    notified: Tags,
    options: RequestOptions<Tag>,
    then: (done: Done, path: string) => void,
  ): void {
    const { tags, context } = this;
    let requested: Done = undefined;
    let ending: Duty<Done> | undefined = undefined;
    if (this.world.choices.chance(0.5)) {
      ending = tags.begin(`end of ${this.path}`, (tag) => context.asyncNotifyWhenDone(tag), (done) => {
        if (done === true) context.isCancelled();
        if (done === false && requested === true) {
          throw new ModelError(`${this.path}: the tag of its end came without success`);
        }
      });
    }
    const method = methodOf("Responders", this.kind);
    notified.begin(`request for ${this.path}`, (tag) => {
      calls.request(method, this.responder as ServerResponderOf<Job, Part, never, Tag>, options, tag);
    }, (done) => {
      requested = done;
      if (done === undefined) ending?.refuse();
      then(done, this.path);
    });
  }

  *read(): Process<Job | undefined> {
    if (this.world.choices.chance(0.2)) yield* this.metadata();
    if (this.hasRequest) {
      this.hasRequest = false;
      return (this.responder as ServerAsyncWriter<Job, Part, Tag>).request;
    }
    const reader = this.responder as Reader;
    const done = yield* this.run("read", (tag) => reader.read(tag));
    return done === true ? reader.message : undefined;
  }

  *write(part: Part): Process<boolean> {
    const writer = this.responder as Writer;
    this.sentMetadata = true;
    const flags = this.world.choices.pick([0, 0, 1, 2, 4]);
    return (yield* this.run("write", (tag) => writer.write(part, tag, flags))) === true;
  }

  *finish(finish: Finish, part: Part | undefined): Process<void> {
    const { responder, world: { choices } } = this;
    if (responder instanceof ServerAsyncResponseWriter || responder instanceof ServerAsyncReader) {
      yield* this.run("finish", (tag) => {
        if (finish.code === Status.OK) responder.finish(part!, finish, tag);
        else responder.finishWithError(finish, tag);
      });
    } else if (part === undefined) {
      yield* this.run("finish", (tag) => responder.finish(finish, tag));
    } else if (choices.chance(0.5)) {
      yield* this.run("writeAndFinish", (tag) => responder.writeAndFinish(part, finish, tag));
    } else {
      yield* this.run("writeLast", (tag) => responder.writeLast(part, tag));
      yield* this.run("finish", (tag) => responder.finish(finish, tag));
    }
  }

  cancel(): void {
    this.context.tryCancel();
  }

  private *metadata(): Process<void> {
    if (this.sentMetadata) return;
    this.sentMetadata = true;
    this.context.addInitialMetadata("x-style", "responder");
    yield* this.run("sendInitialMetadata", (tag) => this.responder.sendInitialMetadata(tag));
  }

  private *run(what: string, start: (tag: Tag) => void): Process<Done> {
    return yield* this.tags.run(`${what} of ${this.path} (server)`, start);
  }
}
