// Handlers by reactors, each reaction of which is checked against what was started.
import {
  type GenericMethod,
  Metadata,
  type MethodStyle,
  reactor,
  type ReactorContext,
  RpcError,
  ServerBidiReactor,
  ServerReadReactor,
  ServerUnaryReactor,
  ServerWriteReactor,
  type ServiceHandlers,
  Status,
  type UnaryReactorContext,
} from "pollwire";
import { Fork, type Process, run } from "../process.ts";
import { Reactions } from "../reactions.ts";
import { type Job, type Kind, octets, type Part, type services } from "../service.ts";
import type { Setting } from "../setting.ts";
import { type Finish, serve, type ServerSession } from "./session.ts";

/** Reactions of a server's call. */
class ServerReactions extends Reactions {
  private wasCancelled = false;

  cancelled({ isCancelled }: ReactorContext): void {
    this.react("onCancel", () => {
      if (this.wasCancelled) this.problem("a second onCancel");
      if (!isCancelled) this.problem("onCancel of a call that is not cancelled");
      this.wasCancelled = true;
    });
  }

  over({ isCancelled }: ReactorContext): void {
    this.react("onDone", () => {
      if (isCancelled !== this.wasCancelled) {
        this.problem(`cancelled: ${isCancelled}, and onCancel did not say so`);
      }
      this.end();
    });
  }
}

class ServesOne extends ServerUnaryReactor<Part> {
  constructor(context: UnaryReactorContext<Part>, private readonly reactions: ServerReactions) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.reactions.settle("metadata", ok);
  }
  override onCancel(): void {
    this.reactions.cancelled(this.context);
  }
  override onDone(): void {
    this.reactions.over(this.context);
  }
}

class ServesDown extends ServerWriteReactor<Part> {
  constructor(context: ReactorContext, private readonly reactions: ServerReactions) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.reactions.settle("metadata", ok);
  }
  override onWriteDone(ok: boolean): void {
    this.reactions.settle("write", ok);
  }
  override onCancel(): void {
    this.reactions.cancelled(this.context);
  }
  override onDone(): void {
    this.reactions.over(this.context);
  }
}

class ServesUp extends ServerReadReactor<Job, Part> {
  constructor(context: ReactorContext, private readonly reactions: ServerReactions) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.reactions.settle("metadata", ok);
  }
  override onReadDone(ok: boolean): void {
    this.reactions.settle("read", ok ? this.message : undefined);
  }
  override onCancel(): void {
    this.reactions.cancelled(this.context);
  }
  override onDone(): void {
    this.reactions.over(this.context);
  }
}

class ServesBoth extends ServerBidiReactor<unknown, unknown> {
  constructor(context: ReactorContext, private readonly reactions: ServerReactions) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.reactions.settle("metadata", ok);
  }
  override onReadDone(ok: boolean): void {
    this.reactions.settle("read", ok ? this.message : undefined);
  }
  override onWriteDone(ok: boolean): void {
    this.reactions.settle("write", ok);
  }
  override onCancel(): void {
    this.reactions.cancelled(this.context);
  }
  override onDone(): void {
    this.reactions.over(this.context);
  }
}

type Reactor = ServesOne | ServesDown | ServesUp | ServesBoth;

/** One call. */
class ReactorSession implements ServerSession {
  private sentMetadata = false;

  constructor(
    private readonly world: Setting,
    private readonly reactor: Reactor,
    private readonly reactions: ServerReactions,
    private request: Job | undefined,
    private readonly untyped: boolean,
  ) {}

  *read(): Process<Job | undefined> {
    const { reactor, request, world, reactions } = this;
    if (world.choices.chance(0.2)) yield* this.metadata();
    if (request !== undefined) {
      this.request = undefined;
      return request;
    }
    const message = yield* reactions.run<unknown>(
      "read",
      () => (reactor as ServesUp | ServesBoth).startRead(),
    );
    if (message === undefined) return undefined;
    return this.untyped ? octets.toJob(message as Uint8Array) : message as Job;
  }

  *write(part: Part): Process<boolean> {
    const reactor = this.reactor as ServesDown;
    const { choices } = this.world;
    yield* this.metadata(false);
    const corked = choices.chance(0.2) ? { corked: true } : undefined;
    const message = this.untyped ? octets.ofPart(part) : part;
    return yield* this.reactions.run<boolean>("write", () => reactor.startWrite(message as Part, corked));
  }

  *finish(finish: Finish, part: Part | undefined): Process<void> {
    const { reactor, reactions, untyped } = this;
    const { code, details, metadata } = finish;
    const status = code === Status.OK
      ? code
      : new RpcError(code, details, { metadata: new Metadata(metadata) });
    let writing: Fork<boolean> | undefined = undefined;
    if (part !== undefined && "startWrite" in reactor && this.world.choices.chance(0.4)) {
      writing = new Fork(this.write(part), this.world.problem); // and is not waited for
    }
    reactions.calling(() => {
      if (part === undefined || writing !== undefined) reactor.finish(status);
      else if (reactor instanceof ServesOne || reactor instanceof ServesUp) reactor.respond(part);
      else reactor.startWriteAndFinish((untyped ? octets.ofPart(part) : part) as Part, status);
    });
    if (writing !== undefined) yield* writing.join();
  }

  cancel(): void {
    this.reactions.calling(() => this.reactor.context.tryCancel());
  }

  private *metadata(sends = true): Process<void> {
    if (this.sentMetadata) return;
    this.sentMetadata = true;
    if (sends) {
      yield* this.reactions.run<boolean>(
        "metadata",
        () => this.reactor.startSendInitialMetadata({ "x-style": "reactor" }),
      );
    }
  }
}

/** Handlers of all methods. */
export class ReactorHandlers {
  constructor(private readonly world: Setting) {}

  /** For `addService`. */
  all(): ServiceHandlers<typeof services.Reactors> {
    return {
      unary: reactor((context, job) =>
        this.begin("unary", context, (reactions) => new ServesOne(context, reactions), job)
      ),
      download: reactor((context, job) =>
        this.begin("download", context, (reactions) => new ServesDown(context, reactions), job)
      ),
      upload: reactor((context) =>
        this.begin("upload", context, (reactions) => new ServesUp(context, reactions), undefined)
      ),
      chat: reactor((context) =>
        this.begin("chat", context, (reactions) => new ServesBoth(context, reactions), undefined)
      ),
    } as ServiceHandlers<typeof services.Reactors>;
  }

  /** For `addGenericService`. */
  generic(): MethodStyle<GenericMethod> {
    return reactor((context: ReactorContext) => {
      const kind = context.path.slice(context.path.lastIndexOf("/") + 1).toLowerCase() as Kind;
      return this.begin(kind, context, (reactions) => new ServesBoth(context, reactions), undefined, true);
    }) as MethodStyle<GenericMethod>;
  }

  private begin<R extends Reactor>(
    kind: Kind,
    context: ReactorContext,
    make: (reactions: ServerReactions) => R,
    job: Job | undefined,
    untyped = false,
  ): R {
    const { world } = this;
    const { choices } = world;
    const name = `${context.path} of call ${context.metadata.get("x-id")} (server)`;
    const reactions = new ServerReactions(world, name, choices.chance(0.3));
    const made = make(reactions);
    const session = new ReactorSession(world, made, reactions, job, untyped);
    const start = (): void => run(serve(world, kind, session), () => {}, world.problem);
    if (choices.chance(0.5) || world.blocks) start();
    else void Promise.resolve().then(start);
    return made;
  }
}
