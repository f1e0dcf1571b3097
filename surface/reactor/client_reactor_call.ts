// A client's call under a reactor: which operations are outstanding, which reactions are due, and when the call is done.

import { type ApplicationCallback, callApplication, isInstance, messageOf } from "../../pollers/mod.ts";
import { type HeaderList, NO_HEADERS, type RequestTemplate } from "../../transport/mod.ts";
import { type CallStatus, describeStatus, endedBy } from "../call/call_status.ts";
import { CorkedMessages } from "../call/corked_messages.ts";
import { MessageStore } from "../call/message_store.ts";
import { Metadata } from "../call/metadata.ts";
import { describeCall, type PendingCallDescription, pendingOf } from "../call/pending_calls.ts";
import { Status } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import type { GivenOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { type CalledMethod, TypedClientCall } from "../client/typed_call.ts";
import { EncodeError, encodeFramed, reuseFramed } from "../proto/mod.ts";
import type { ClientOperations, ClientReactor } from "./client_reactors.ts";
import { DoneStatus } from "./done_status.ts";
import { addDue, type DueReactions, takeDue } from "./due_reactions.ts";
import { afterDone, checkDetails, checkHolds, misuse, outstanding } from "./misuse.ts";
import { checkWriteOptions, markWrite, Through, type WriteOptions } from "./write_options.ts";
import { streamsRequests, streamsResponses } from "../proto/service.ts";

/** Reactions that may be due, in the order in which they are called. */
const METADATA = 1;
const WRITE = 2;
const WRITES_DONE = 4;
const READ = 8;
const marked = markWrite;

/** All reactions; each kind of reactor has those of its operations. */
interface Reactions {
  onReadInitialMetadataDone(ok: boolean): void;
  onWriteDone(ok: boolean): void;
  onWritesDoneDone(ok: boolean): void;
  onReadDone(ok: boolean): void;
  onDone(status: DoneStatus): void;
}

/** One call of one reactor. */
export class ClientReactorCall extends TypedClientCall<unknown, unknown>
  implements ClientOperations, ApplicationCallback, DueReactions, PendingCallDescription {
  /** Owned by the turn. */
  callbackScheduled = false;
  /** Owned by the list of pending calls. */
  nextPending: PendingCallDescription | undefined = undefined;
  /** As `nextPending`. */
  previousPending: PendingCallDescription | undefined = undefined;
  /** `onDone` was called. */
  isDone = false;
  // See `due_reactions.ts`.
  due = 0;
  succeeded = 0;
  /** `startCall` was made. */
  private called = false;
  private holds = 0;
  private metadata: Metadata | undefined = undefined;
  private headers: HeaderList | undefined = undefined;
  /** The reaction to initial metadata is due, or was called. */
  private metadataKnown = false;
  private reading = false;
  private writing = false;
  /** Of the outstanding write: see `Through`. */
  private through: number = Through.NO;
  private endingWrites = false;
  /** The last write was asked for, or the end of writes. */
  private writesOver = false;
  /** What was written before `startCall`. */
  private kept: Uint8Array | undefined = undefined;
  private heldBack: CorkedMessages | undefined = undefined;
  private stored: MessageStore | undefined = undefined;
  /** What an outstanding read has got: decoded when its reaction is called, for until then the last message is there. */
  private arrived: Uint8Array | undefined = undefined;
  private message: unknown = undefined;
  private hasMessage = false;
  // See `due_reactions.ts`.
  failed = 0;
  private status: CallStatus | undefined = undefined;

  /** Nothing happens before {@linkcode startCall}. `request`: the one request, where they are not streamed. */
  constructor(
    context: CallContext,
    template: RequestTemplate,
    options: GivenOptions,
    method: CalledMethod,
    private readonly reactor: ClientReactor,
    request: unknown,
  ) {
    super(context, template, method, streamsRequests(method.kind), request, options);
  }

  /** The server sends one message at most. */
  override get singleMessage(): boolean {
    const { kind } = this.method;
    return !streamsResponses(kind);
  }

  // From the reactor.

  get initialMetadata(): Metadata {
    return this.metadata ??= this.headers === undefined ? new Metadata() : Metadata.fromHeaders(this.headers);
  }

  takeMessage(): unknown {
    if (this.hasMessage && (!this.singleMessage || this.status?.code === Status.OK)) return this.message;
    if (!this.singleMessage) {
      throw misuse(
        "take a message",
        this.path,
        "it is there in onReadDone(true), and until the next read is done",
      );
    }
    const { status } = this;
    const found = status === undefined ? "has not ended" : `ended with ${describeStatus(status)}`;
    throw misuse("take the response", this.path, `it is there in onDone with OK, and the call ${found}`);
  }

  startCall(): void {
    if (this.called) {
      throw misuse("start the call", this.path, "it was started before, and a call is started once");
    }
    this.called = true;
    this.start();
    this.sendKept();
    if (this.status !== undefined) this.settle();
  }

  tryCancel(details: string): void {
    checkDetails("cancel the call", this.path, details);
    this.cancel(Status.CANCELLED, details);
  }

  startRead(): void {
    this.checkNotDone("start a read");
    if (this.reading) throw outstanding("read", this.path);
    this.reading = true;
    if (this.called) this.feedRead();
  }

  startWrite(message: unknown, options?: WriteOptions): void {
    if (options === undefined) return this.write(message, false, false, false);
    checkWriteOptions(`start a write of ${this.path}`, options);
    const { last = false, corked = false, through = false, noCompression = false } = options;
    this.write(message, last, corked && !last && !through, through, noCompression);
  }

  startWriteLast(message: unknown): void {
    this.write(message, true, false, false);
  }

  startWritesDone(): void {
    this.checkNotDone("end the requests");
    this.checkWritesOpen("end the requests");
    this.writesOver = true;
    this.endingWrites = true;
    if (this.called) this.endWrites();
  }

  addHolds(count: number): void {
    this.checkNotDone("add a hold to the call");
    checkHolds(this.path, count);
    this.holds += count;
  }

  removeHold(): void {
    if (this.holds === 0) throw misuse("remove a hold", this.path, "it has none: each is removed once");
    this.holds--;
    if (this.isComplete) this.schedule();
  }

  /** What is outstanding: "call /trial.Trial/Both: 2 holds, a read, no status yet". */
  describePending(): string {
    const { holds, status, stored } = this;
    const unread = stored?.size ?? 0;
    const parts = [
      this.called ? undefined : "no startCall",
      holds === 0 ? undefined : holds === 1 ? "1 hold" : `${holds} holds`,
      this.reading ? "a read" : undefined,
      this.writing ? "a write" : undefined,
      this.endingWrites ? "the end of its requests" : undefined,
      status === undefined ? "no status yet" : undefined,
      status === undefined || unread === 0 ? undefined : `${unread} unread`,
    ];
    return describeCall(this.path, parts);
  }

  get forgotten(): string | undefined {
    if (!this.called) return "startCall was not made";
    if (this.holds > 0) return "a hold was not removed";
    return this.hasUnread ? "responses were not read" : undefined;
  }

  /** Calls the reactions that are due, each once; those that they cause come in another round. */
  runCallback(): void {
    if (takeDue(this, METADATA)) this.react(METADATA);
    if (takeDue(this, WRITE)) {
      this.writing = false;
      this.react(WRITE);
    }
    if (takeDue(this, WRITES_DONE)) {
      this.endingWrites = false;
      this.react(WRITES_DONE);
    }
    if (takeDue(this, READ)) {
      this.reading = false;
      this.react(READ);
    }
    if (this.isComplete) this.done();
  }

  // From the call core.

  protected override onInitialMetadata(metadata: HeaderList): void {
    this.headers = metadata;
    this.knowMetadata(true);
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.singleMessage) return this.takeResponse(bytes, wireBytes);
    if (!this.reading || this.arrived !== undefined) {
      return (this.stored ??= new MessageStore()).push(bytes, wireBytes);
    }
    this.release(wireBytes);
    this.arrived = bytes;
    this.complete(READ, true);
  }

  protected override onReady(): void {
    if (this.kept !== undefined) return;
    if (this.writing) this.accepted();
    if (this.endingWrites) this.complete(WRITES_DONE, true);
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onEnd(status: CallStatus): void {
    this.status = status;
    // Of an answer all messages can be read. What ended otherwise is over at once.
    if (endedBy(status) !== "remote") this.stored?.clear();
    this.statusWaits = this.hasStored;
    if (this.called) this.settle();
  }

  private get hasStored(): boolean {
    return this.stored !== undefined && this.stored.size > 0;
  }

  /** Whether the status is OK, and waits for messages to be read. */
  private get hasUnread(): boolean {
    return this.status?.code === Status.OK && this.hasStored;
  }

  protected override onGivenUp(status: CallStatus): void {
    if (!this.hasStored) return;
    this.stored!.clear();
    this.status = status;
    this.settle();
  }

  /** The status is there and the call was started: what is outstanding fails, but for messages that can be read. */
  private settle(): void {
    if (!this.metadataKnown) this.knowMetadata(false);
    if (this.writing) this.complete(WRITE, false);
    if (this.endingWrites) this.complete(WRITES_DONE, false);
    if (this.reading) this.feedRead();
    if (this.isComplete) this.schedule();
  }

  private knowMetadata(ok: boolean): void {
    this.metadataKnown = true;
    this.complete(METADATA, ok);
  }

  // Reads.

  /** The outstanding read gets what is there: a message, or the end. */
  private feedRead(): void {
    const { stored } = this;
    if (this.arrived !== undefined) return;
    if (stored !== undefined && stored.size > 0) {
      this.arrived = stored.shift();
      this.release(stored.takenBytes);
      this.complete(READ, true);
    } else if (this.status !== undefined) this.completeLate(READ);
  }

  /** Makes what has arrived the message; false where nothing has, or it cannot be decoded, which ends the call. */
  private takeArrived(): boolean {
    const { arrived } = this;
    this.arrived = undefined;
    this.hasMessage = arrived !== undefined && this.decodes(arrived);
    if (!this.hasMessage) this.message = undefined;
    return this.hasMessage;
  }

  private decodes(bytes: Uint8Array): boolean {
    try {
      this.message = this.decode(bytes);
      return true;
    } catch (error) {
      this.onUndecodable(error);
      return false;
    }
  }

  private onUndecodable(error: unknown): void {
    const { code, details, foreign } = undecodable(error, "response", true);
    if (foreign) this.report(error, "codec", "info");
    this.stored?.clear();
    if (this.isOver) this.status = endedByLibrary(code, details, error); // with OK, but it was not
    else this.cancel(code, details, "library", error);
  }

  private takeResponse(bytes: Uint8Array, wireBytes: number): void {
    if (!this.decodes(bytes)) return;
    this.release(wireBytes);
    this.hasMessage = true;
  }

  // Writes.

  private write(message: unknown, last: boolean, corked: boolean, through: boolean, plain = false): void {
    this.checkWrite();
    const framed = marked(encodeFramed(this.method.requestCodec, message), message, plain);
    this.checkWrite(); // encoding runs getters, which may have started others
    this.writing = true;
    this.writesOver = last;
    this.through = through ? Through.ASKED : Through.NO;
    if (this.status !== undefined) {
      reuseFramed(framed);
      if (this.called) this.completeLate(WRITE);
    } else if (!this.called) this.kept = framed;
    else if (corked) this.sendLater(framed);
    else this.send(framed, last);
  }

  /** What was started before the call. An end of requests goes with the message before it. */
  private sendKept(): void {
    const { kept } = this;
    this.kept = undefined;
    if (this.status !== undefined) return;
    if (kept !== undefined) this.send(kept, this.writesOver);
    else if (this.endingWrites) this.endWrites();
  }

  private send(framed: Uint8Array, last: boolean): void {
    this.sendCorked();
    if (this.sendMessage(framed, last)) reuseFramed(framed);
    if (!this.writeBlocked) this.onReady();
  }

  private sendLater(framed: Uint8Array): void {
    const fits = (this.heldBack ??= new CorkedMessages()).add(framed);
    if (!fits) this.sendCorked();
    if (fits || !this.writeBlocked) this.complete(WRITE, true);
  }

  private sendCorked(): void {
    if (this.heldBack === undefined) return;
    for (const framed of this.heldBack.take()) if (this.sendMessage(framed)) reuseFramed(framed);
  }

  /** Flow control has accepted the outstanding write. */
  private accepted(): void {
    if (this.through === Through.NO) return this.complete(WRITE, true);
    if (this.through === Through.AWAITED) return;
    this.through = Through.AWAITED;
    this.whenWritten(() => {
      this.through = Through.NO;
      this.complete(WRITE, true);
    });
  }

  private endWrites(): void {
    if (this.status !== undefined) return this.complete(WRITES_DONE, false);
    this.sendCorked();
    this.halfClose();
    if (!this.writeBlocked) this.complete(WRITES_DONE, true);
  }

  private checkWrite(): void {
    this.checkNotDone("start a write");
    this.checkWritesOpen("start a write");
    if (this.writing) throw outstanding("write", this.path);
  }

  private checkWritesOpen(operation: string): void {
    if (this.writesOver) {
      throw misuse(operation, this.path, "its requests have ended, by startWriteLast or startWritesDone");
    }
  }

  // Reactions.

  private get isComplete(): boolean {
    if (this.status === undefined || !this.called || this.isDone || this.due !== 0 || this.holds > 0) {
      return false;
    }
    if (this.reading || this.writing || this.endingWrites) return false;
    return !this.hasUnread;
  }

  private checkNotDone(operation: string): void {
    if (this.isDone) throw afterDone(operation, this.path);
  }

  /** The reaction `which` is due. */
  private complete(which: number, ok: boolean): void {
    if (addDue(this, which, ok)) this.schedule();
  }

  /** It has failed; one that was started after such a reaction has its own in another turn, or it would be endless. */
  private completeLate(which: number): void {
    if ((this.failed & which) === 0) return this.complete(which, false);
    this.engine.run(() => {
      if (which === READ ? this.reading : this.writing) this.complete(which, false);
    });
  }

  private schedule(): void {
    this.engine.execCtx.schedule(this);
  }

  private react(which: number): void {
    const reactor = this.reactor as unknown as Reactions;
    const ok = which === READ ? this.takeArrived() : (this.succeeded & which) !== 0;
    let result: unknown;
    try {
      if (which === READ) result = reactor.onReadDone(ok);
      else if (which === WRITE) result = reactor.onWriteDone(ok);
      else if (which === METADATA) result = reactor.onReadInitialMetadataDone(ok);
      else result = reactor.onWritesDoneDone(ok);
      if (result !== undefined) this.watch(result);
    } catch (error) {
      this.threw(error);
    }
  }

  private done(): void {
    this.isDone = true;
    this.stopWaiting();
    pendingOf(this.context).delete(this);
    const status = new DoneStatus(this.status!, this);
    callApplication(() => this.reactor.onDone(status), (error) => this.report(error, "reaction"));
  }

  /** What a reaction that is an async function rejects with is as if it had thrown it. */
  private watch(result: unknown): void {
    if (typeof (result as PromiseLike<unknown> | null)?.then !== "function") return;
    callApplication(() => result, (error) => this.threw(error));
  }

  private threw(error: unknown): void {
    this.report(error, "reaction");
    const code = isInstance(error, EncodeError) ? Status.INTERNAL : Status.UNKNOWN;
    this.cancel(code, `a reaction threw: ${messageOf(error)}`, "user", error);
  }
}

function endedByLibrary(code: CallStatus["code"], message: string, cause: unknown): CallStatus {
  return { code, message, metadata: NO_HEADERS, cause, endedBy: "library" };
}
