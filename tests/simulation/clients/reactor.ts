// A client's call by reactors, each reaction of which is checked against what was started.
import {
  ClientBidiReactor,
  ClientReadReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
  createReactorClient,
  type DoneStatus,
  genericReactorClient,
  type ReactorCallOptions,
} from "pollwire";
import { ModelError } from "../model_error.ts";
import { type CallEnd, nameOf, type Plan } from "../plan.ts";
import { type Process, wait } from "../process.ts";
import { Reactions } from "../reactions.ts";
import { type Job, methodOf, octets, type Part, services } from "../service.ts";
import type { Setting } from "../setting.ts";
import type { ClientSession } from "./session.ts";

/** Reactions of a client's call. */
class ClientReactions extends Reactions {
  status: DoneStatus | undefined = undefined;
  response: unknown = undefined;
  private knowsMetadata = false;
  private whenDone: (() => void) | undefined = undefined;

  metadata(): void {
    this.react("onReadInitialMetadataDone", () => {
      if (this.knowsMetadata) this.problem("a second onReadInitialMetadataDone");
      this.knowsMetadata = true;
    });
  }

  over(status: DoneStatus, response: () => unknown, hasMetadata = true): void {
    this.react("onDone", () => {
      if (hasMetadata && !this.knowsMetadata) this.problem("onDone before onReadInitialMetadataDone");
      this.status = status;
      if (status.ok) this.response = response();
      this.end();
    });
    this.whenDone?.();
  }

  *ended(): Process<void> {
    if (this.status === undefined) yield* wait<void>((resume) => void (this.whenDone = resume));
  }
}

class One extends ClientUnaryReactor<unknown> {
  constructor(private readonly reactions: ClientReactions) {
    super();
  }
  override onReadInitialMetadataDone(): void {
    this.reactions.metadata();
  }
  override onDone(status: DoneStatus): void {
    this.reactions.over(status, () => this.response);
  }
}

class Down extends ClientReadReactor<unknown> {
  constructor(private readonly reactions: ClientReactions) {
    super();
  }
  override onReadInitialMetadataDone(): void {
    this.reactions.metadata();
  }
  override onReadDone(ok: boolean): void {
    this.reactions.settle("read", ok ? this.message : undefined);
  }
  override onDone(status: DoneStatus): void {
    this.reactions.over(status, () => undefined);
  }
}

class Up extends ClientWriteReactor<unknown, unknown> {
  constructor(private readonly reactions: ClientReactions) {
    super();
  }
  override onReadInitialMetadataDone(): void {
    this.reactions.metadata();
  }
  override onWriteDone(ok: boolean): void {
    this.reactions.settle("write", ok);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.reactions.settle("writes done", ok);
  }
  override onDone(status: DoneStatus): void {
    this.reactions.over(status, () => this.response);
  }
}

class Both extends ClientBidiReactor<unknown, unknown> {
  constructor(private readonly reactions: ClientReactions) {
    super();
  }
  override onReadInitialMetadataDone(): void {
    this.reactions.metadata();
  }
  override onReadDone(ok: boolean): void {
    this.reactions.settle("read", ok ? this.message : undefined);
  }
  override onWriteDone(ok: boolean): void {
    this.reactions.settle("write", ok);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.reactions.settle("writes done", ok);
  }
  override onDone(status: DoneStatus): void {
    this.reactions.over(status, () => undefined);
  }
}

/** The methods of all kinds of client, as the four kinds of call use them. */
type Method = (...args: unknown[]) => unknown;

/** See the head of this file. */
export class ReactorSession implements ClientSession {
  private readonly reactions: ClientReactions;
  private reactor: One | Down | Up | Both | undefined = undefined;
  private readonly holds: number;
  private isCalled = false;
  private readonly signal = new AbortController();

  constructor(private readonly world: Setting, private readonly plan: Plan) {
    const { choices, later } = plan.style;
    this.reactions = new ClientReactions(world, nameOf(plan), later);
    const goesOutside = later || plan.readerPauseMs > 0 || plan.count > 6;
    this.holds = plan.kind === "unary" ? 0 : goesOutside ? choices.between(1, 2) : choices.below(2);
  }

  start(request: Job | undefined): void {
    const { plan, reactions } = this;
    const { kind, style, deadlineMs, waitForReady } = plan;
    const { signal } = this.signal;
    const options: ReactorCallOptions = {
      deadlineMs,
      waitForReady,
      signal,
      metadata: { "x-id": `${plan.id}` },
    };
    if (kind === "unary" && style.choices.chance(0.3)) {
      const done = (status: DoneStatus, response: unknown) => reactions.over(status, () => response, false);
      return reactions.calling(() => void this.method(request, done, options));
    }
    const made = { unary: One, download: Down, upload: Up, chat: Both }[kind];
    const reactor = this.reactor = new made(reactions);
    if (request === undefined) this.method(reactor, options);
    else this.method(request, reactor, options);
    if (this.holds > 0 && "addHold" in reactor) {
      if (this.holds === 1) reactor.addHold();
      else reactor.addMultipleHolds(this.holds);
    }
    if (!style.early || kind === "unary") this.call();
    else { // what is started first is kept until the call
      void Promise.resolve().then(() => this.call()).catch(this.world.problem);
    }
  }

  *read(): Process<Part | undefined> {
    const reactor = this.reactor as Down | Both;
    const message = yield* this.reactions.run<unknown>("read", () => reactor.startRead());
    return message === undefined ? undefined : this.decoded(message);
  }

  *write(job: Job, last: boolean): Process<boolean> {
    const reactor = this.reactor as Up | Both;
    const { choices, untyped } = this.plan.style;
    const message = untyped ? octets.ofJob(job) : job;
    return yield* this.reactions.run<boolean>("write", () => {
      if (last) {
        if (choices.chance(0.5)) reactor.startWriteLast(message);
        else reactor.startWrite(message, { last: true });
      } else reactor.startWrite(message, choices.chance(0.2) ? { corked: true } : undefined);
    });
  }

  *writesDone(): Process<boolean> {
    const reactor = this.reactor as Up | Both;
    return yield* this.reactions.run<boolean>("writes done", () => reactor.startWritesDone());
  }

  cancel(): void {
    if (this.reactor === undefined || this.plan.style.choices.chance(0.3)) this.signal.abort();
    else this.reactions.calling(() => this.reactor!.tryCancel());
  }

  *sleep(ms: number): Process<void> {
    yield* this.world.sleep(ms);
  }

  release(): void {
    const { reactor } = this;
    if (reactor === undefined || !("removeHold" in reactor)) return;
    for (let i = 0; i < this.holds; i++) this.reactions.calling(() => reactor.removeHold());
  }

  *end(): Process<CallEnd> {
    yield* this.reactions.ended();
    const { status, response } = this.reactions;
    const { code, details, metadata } = status!;
    return { code, details, metadata, response: response === undefined ? undefined : this.decoded(response) };
  }

  private call(): void {
    if (this.isCalled) throw new ModelError("startCall is made once");
    this.isCalled = true;
    this.reactions.calling(() => this.reactor!.startCall());
  }

  /** The method of the client that the style says. */
  private get method(): Method {
    const { world, plan: { kind, style: { service, untyped } } } = this;
    if (!untyped) return createReactorClient(services[service], world.channel)[kind] as Method;
    const { path } = methodOf(service, kind);
    const names = {
      unary: "unary",
      download: "serverStreaming",
      upload: "clientStreaming",
      chat: "bidiStreaming",
    } as const;
    const generic = genericReactorClient(world.channel)[names[kind]] as unknown as Method;
    return (...args) => {
      const [first, ...rest] = args;
      const streams = kind === "upload" || kind === "chat";
      return generic(path, ...(streams ? args : [octets.ofJob(first as Job), ...rest]));
    };
  }

  private decoded(message: unknown): Part {
    return this.plan.style.untyped ? octets.toPart(message as Uint8Array) : message as Part;
  }
}
