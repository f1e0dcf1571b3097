// A client's call by a typed client of a completion queue: operations in C++'s names.
import {
  type ClientAsyncReader,
  type ClientAsyncReaderWriter,
  type ClientAsyncResponseReader,
  type ClientAsyncWriter,
  createQueueClient,
  type QueueCallOptions,
  Status,
} from "pollwire";
import { ModelError } from "../model_error.ts";
import { type CallEnd, nameOf, type Plan } from "../plan.ts";
import { Fork, type Process } from "../process.ts";
import { type Job, type Part, services, streamsRequests } from "../service.ts";
import type { Done, Tag, Tags } from "../tags.ts";
import type { Setting } from "../setting.ts";
import type { ClientSession } from "./session.ts";

type Reader = ClientAsyncReader<Part, Tag> | ClientAsyncReaderWriter<Job, Part, Tag>;
type Writer = ClientAsyncWriter<Job, Part, Tag> | ClientAsyncReaderWriter<Job, Part, Tag>;
type Made = ClientAsyncResponseReader<Part, Tag> | Reader | Writer;

/** See the head of this file. */
export class StubSession implements ClientSession {
  private call: Made | undefined = undefined;
  private isRefused = false;
  /** Before there was a call. */
  private isCancelled = false;

  constructor(
    private readonly world: Setting,
    private readonly plan: Plan,
    private readonly tags: Tags,
  ) {}

  start(request: Job | undefined): void {
    const { plan: { kind, waitForReady, deadlineMs, style, id }, tags } = this;
    const client = createQueueClient(services[style.service], this.world.channel, tags.queue);
    const corked = streamsRequests(kind) && style.early;
    const deadline = tags.queue.deadlineIn(deadlineMs);
    const options: QueueCallOptions = { deadline, waitForReady, corked, metadata: { "x-id": `${id}` } };
    if (kind === "unary") {
      const call = this.call = client.prepareAsyncUnary(request!, options);
      this.isRefused = !tags.isTaken(nameOf(this.plan), () => call.startCall()); // it has no event
    } else if (kind === "download") {
      if (style.early) {
        const call = this.call = client.prepareAsyncDownload(request!, options);
        this.fork("start", (tag) => call.startCall(tag));
      } else this.fork("start", (tag) => this.call = client.asyncDownload(request!, tag, options));
    } else if (corked) {
      this.call = kind === "upload" ? client.prepareAsyncUpload(options) : client.prepareAsyncChat(options);
      this.call.startCall(undefined as never); // a corked call has no such event
    } else {
      this.fork("start", (tag) => {
        this.call = kind === "upload" ? client.asyncUpload(tag, options) : client.asyncChat(tag, options);
      });
    }
    if (this.isCancelled) this.call?.cancel();
    if (!this.isRefused && style.choices.chance(0.3)) {
      this.fork("readInitialMetadata", (tag) => this.call!.readInitialMetadata(tag));
    }
  }

  *read(): Process<Part | undefined> {
    const reader = this.call as Reader;
    if (this.isRefused) return undefined;
    const done = yield* this.run("read", (tag) => reader.read(tag));
    if (done === true && reader.message === undefined) {
      throw new ModelError(`${nameOf(this.plan)}: a read with success and without a message`);
    }
    return done === true ? reader.message : undefined;
  }

  *write(job: Job, last: boolean): Process<boolean> {
    const writer = this.call as Writer;
    if (this.isRefused) return false;
    const flags = this.plan.style.choices.pick([0, 0, 1, 2, 4]);
    const done = yield* this.run("write", (tag) => {
      if (last) writer.writeLast(job, tag, flags);
      else writer.write(job, tag, flags);
    });
    return done === true;
  }

  *writesDone(): Process<boolean> {
    const writer = this.call as Writer;
    return !this.isRefused && (yield* this.run("writesDone", (tag) => writer.writesDone(tag))) === true;
  }

  cancel(): void {
    if (this.call === undefined) this.isCancelled = true;
    else this.call.cancel();
  }

  *sleep(ms: number): Process<void> {
    yield* this.tags.sleep(ms);
    yield* this.world.sleep(0);
  }

  release(): void {}

  *end(): Process<CallEnd | undefined> {
    const { call } = this;
    const done = this.isRefused ? undefined : yield* this.run("finish", (tag) => call!.finish(tag));
    if (this.tags.queue.completionType !== "NEXT") this.tags.shutdown();
    if (call === undefined || done === undefined || this.isRefused) {
      call?.cancel();
      return undefined;
    }
    const { status } = call;
    if (!done || status === undefined) throw new ModelError(`${nameOf(this.plan)}: finish has failed`);
    const { code, details, metadata } = status;
    const response = "response" in call && code === Status.OK ? call.response : undefined;
    return { code, details, metadata, response };
  }

  private *run(what: string, start: (tag: Tag) => void): Process<Done> {
    const done = yield* this.tags.run(`${nameOf(this.plan)}: ${what}`, start);
    if (done === undefined) this.isRefused = true;
    if (this.plan.style.later) yield* this.world.sleep(0);
    return done;
  }

  private fork(what: string, start: (tag: Tag) => void): Fork<Done> {
    return new Fork(this.run(what, start), this.world.problem);
  }
}
