// A client's call by batches of a completion queue.
import {
  type Call,
  type ClientOperation,
  createCall,
  OpFlags,
  receiveInitialMetadata,
  receiveMessage,
  type ReceiveStatusOnClient,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Status,
} from "pollwire";
import type { SeededRandom } from "../../../pollers/simulated/mod.ts";
import { ModelError } from "../model_error.ts";
import { type CallEnd, nameOf, type Plan } from "../plan.ts";
import { Fork, type Process } from "../process.ts";
import { type Job, methodOf, octets, type Part, streamsResponses } from "../service.ts";
import type { Done, Tag, Tags } from "../tags.ts";
import type { Setting } from "../setting.ts";
import type { ClientSession } from "./session.ts";

type Batch = ClientOperation<unknown, unknown>;

const { BUFFER_HINT, NO_COMPRESS, THROUGH, WAIT_FOR_READY } = OpFlags;

/** See the head of this file. */
export class QueueSession implements ClientSession {
  private readonly call: Call<unknown, unknown, Tag>;
  private readonly status: ReceiveStatusOnClient = receiveStatusOnClient();
  private readonly response = receiveMessage<unknown>();
  private readonly choices: SeededRandom;
  /** What was started with the call: the status, where it is asked for early. */
  private started: Fork<Done> | undefined = undefined;
  private isRefused = false;
  /** A read failed, so the status is none of OK. */
  private hasFailed = false;

  constructor(
    private readonly world: Setting,
    private readonly plan: Plan,
    private readonly tags: Tags,
  ) {
    const { kind, style, deadlineMs } = plan;
    this.choices = style.choices;
    const { queue } = tags;
    const options = { queue, deadline: queue.deadlineIn(deadlineMs) };
    const method = methodOf(style.service, kind);
    this.call =
      (style.untyped
        ? createCall(world.channel, method.path, options)
        : createCall(world.channel, method, options)) as Call<unknown, unknown, Tag>;
  }

  start(request: Job | undefined): void {
    const { plan, choices } = this;
    const flags = (plan.waitForReady ? WAIT_FOR_READY : 0) | (choices.chance(0.2) ? THROUGH : 0);
    const begin = sendInitialMetadata({ "x-id": `${plan.id}` }, flags);
    const sends: Batch[] = request === undefined
      ? []
      : [sendMessage(this.encoded(request), this.flags()), sendCloseFromClient()];
    sends.splice(choices.below(sends.length + 1), 0, begin); // what is sent before the call begins is kept
    const receives: Batch[] = [receiveInitialMetadata()];
    const ends: Batch[] = streamsResponses(plan.kind) ? [this.status] : [this.status, this.response];
    if (!plan.style.early) {
      this.split([...sends, ...receives]);
    } else if (choices.chance(0.3)) {
      this.started = this.fork([...sends, ...receives, ...ends]);
    } else {
      this.started = this.fork(ends);
      this.split([...sends, ...receives]);
    }
    if (this.tags.queue.completionType !== "NEXT" && choices.chance(0.2)) this.tags.shutdown();
  }

  *read(): Process<Part | undefined> {
    const operation = receiveMessage<unknown>();
    const success = yield* this.batch([operation]);
    if (success === false) this.hasFailed = true;
    return success && operation.message !== undefined ? this.decoded(operation.message) : undefined;
  }

  *write(job: Job, last: boolean): Process<boolean> {
    const operations: Batch[] = [sendMessage(this.encoded(job), this.flags())];
    if (last) operations.push(sendCloseFromClient());
    return (yield* this.batch(operations)) === true;
  }

  *writesDone(): Process<boolean> {
    return (yield* this.batch([sendCloseFromClient()])) === true;
  }

  cancel(): void {
    if (this.choices.chance(0.5)) this.call.cancel();
    else this.call.cancelWithStatus(Status.CANCELLED, "cancelled with a status");
  }

  *sleep(ms: number): Process<void> {
    if (this.choices.chance(0.7)) yield* this.world.sleep(ms);
    else yield* this.tags.sleep(ms, this.choices.chance(0.2));
  }

  release(): void {}

  *end(): Process<CallEnd | undefined> {
    const ends: Batch[] = streamsResponses(this.plan.kind) ? [this.status] : [this.status, this.response];
    const success = this.started === undefined ? yield* this.batch(ends) : yield* this.started.join();
    if (this.tags.queue.completionType !== "NEXT") this.tags.shutdown();
    if (success === undefined || this.isRefused) {
      this.call.cancel();
      return undefined;
    }
    const { status } = this.status;
    if (!success || status === undefined) throw new ModelError(`${nameOf(this.plan)}: its status has failed`);
    const { code, details, metadata } = status;
    if (this.hasFailed && code === Status.OK) {
      throw new ModelError(`${nameOf(this.plan)}: a read has failed, and the status is OK`);
    }
    const { message } = this.response;
    return { code, details, metadata, response: message === undefined ? undefined : this.decoded(message) };
  }

  *batch(operations: Batch[]): Process<Done> {
    const name = operations.map(({ type }) => type).join(", ");
    const done = yield* this.tags.run(
      `${nameOf(this.plan)}: ${name}`,
      (tag) => this.call.startBatch(operations, tag),
    );
    if (done === undefined) this.isRefused = true;
    if (done === false && operations.includes(this.status)) {
      throw new ModelError(`${nameOf(this.plan)}: the batch of its status has failed`);
    }
    if (this.plan.style.later) yield* this.world.sleep(0);
    return done;
  }

  private fork(operations: Batch[]): Fork<Done> {
    return new Fork(this.batch(operations), this.world.problem);
  }

  /** Some batches, in this order. */
  private split(operations: Batch[]): void {
    while (operations.length > 0) this.fork(operations.splice(0, this.choices.between(1, operations.length)));
  }

  private flags(): number {
    const { choices } = this;
    return choices.pick([0, 0, BUFFER_HINT, NO_COMPRESS, THROUGH, BUFFER_HINT | NO_COMPRESS]);
  }

  private encoded(job: Job): unknown {
    return this.plan.style.untyped ? octets.ofJob(job) : job;
  }

  private decoded(message: unknown): Part {
    return this.plan.style.untyped ? octets.toPart(message as Uint8Array) : message as Part;
  }
}
