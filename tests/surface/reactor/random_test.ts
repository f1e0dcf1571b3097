// Reactors that do anything they may, on a network that does anything it may: every operation has exactly one reaction,
// onDone is the last one, and messages come in their order or not at all.
import { assertEquals } from "@std/assert";
import {
  Channel,
  ClientBidiReactor,
  createReactorClient,
  type DoneStatus,
  reactor,
  type ReactorContext,
  Server,
  ServerBidiReactor,
  Status,
} from "pollwire";
import { type SeededRandom, Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { type Note, Trial } from "../serving.ts";

const SEEDS = 1_200;
const BATCH = 300;
const CALLS = 8;
/** Milliseconds after which every reactor does what ends its call. */
const HORIZON_MS = 3_000;

type Operation = "metadata" | "read" | "write" | "writes done";

/** What one side of a call has started and was called back for. */
class Tally {
  readonly problems: string[] = [];
  readonly outstanding = new Set<Operation>();
  done = 0;
  cancels = 0;
  private busy = false;

  constructor(readonly name: string) {}

  start(operation: Operation): void {
    if (this.outstanding.has(operation)) this.problems.push(`${operation} is outstanding already`);
    this.outstanding.add(operation);
  }

  /** A reaction; `then` is what is done in it. */
  reacts(operation: Operation | "cancel" | "done", then: () => void): void {
    const problem = (what: string) => void this.problems.push(`${operation}: ${what}`);
    if (this.busy) problem("is called within another reaction");
    if (this.done > 0) problem("comes after onDone");
    if (operation === "done") {
      this.done++;
      if (this.outstanding.size > 0) problem(`comes before ${[...this.outstanding].join(", ")}`);
    } else if (operation === "cancel") {
      if (++this.cancels > 1) problem("comes twice");
    } else if (!this.outstanding.delete(operation)) problem("was not started");
    this.busy = true;
    then();
    this.busy = false;
  }
}

/** One call, as both of its sides have it. */
class Program {
  readonly client: Caller;
  server: Answerer | undefined = undefined;
  constructor(readonly world: World, readonly id: number) {
    this.client = new Caller(this);
  }
}

/** A client's reactor. */
class Caller extends ClientBidiReactor<Note, Note> {
  readonly tally: Tally;
  status: DoneStatus | undefined = undefined;
  written = 0;
  read = 0;
  holds = 0;
  isBound = false;
  private writesOver = false;
  private failed = false;

  constructor(private readonly program: Program) {
    super();
    this.tally = new Tally(`client of call ${program.id}`);
    this.tally.start("metadata");
  }

  /** Does something that it may do now, or nothing. */
  step(inReaction: boolean): void {
    if (this.tally.done > 0 || !this.isBound) return;
    const { random, isEnding } = this.program.world;
    const mayStart = inReaction || this.holds > 0;
    const { outstanding } = this.tally;
    if (isEnding && mayStart && !outstanding.has("read") && !this.failed) return this.startRead();
    switch (random.below(8)) {
      case 0:
      case 1:
        if (mayStart && !outstanding.has("read") && !this.failed) this.startRead();
        break;
      case 2:
      case 3:
        if (mayStart && !outstanding.has("write") && !this.writesOver) this.writeOne();
        break;
      case 4:
        if (mayStart && !this.writesOver && random.chance(0.3)) {
          this.writesOver = true;
          this.tally.start("writes done");
          super.startWritesDone();
        }
        break;
      case 5:
        if (inReaction && !isEnding) {
          this.addHold();
          this.holds++;
        }
        break;
      case 6:
        if (this.holds > 0) this.release();
        break;
      case 7:
        if (random.chance(0.05)) this.tryCancel();
    }
  }

  /** Whatever is left to do so that the call ends. */
  end(): void {
    if (this.tally.done > 0) return;
    this.tryCancel("at the horizon");
    while (this.holds > 0) this.release();
  }

  override startRead(): void {
    this.tally.start("read");
    super.startRead();
  }
  override onReadInitialMetadataDone(): void {
    this.tally.reacts("metadata", () => this.step(true));
  }
  override onReadDone(ok: boolean): void {
    this.tally.reacts("read", () => {
      if (!ok) this.failed = true;
      else if (this.message.number !== ++this.read) {
        this.tally.problems.push(`read ${this.message.number}, not ${this.read}`);
      }
      this.step(true);
      this.step(true);
    });
  }
  override onWriteDone(): void {
    this.tally.reacts("write", () => this.step(true));
  }
  override onWritesDoneDone(): void {
    this.tally.reacts("writes done", () => this.step(true));
  }
  override onDone(status: DoneStatus): void {
    this.tally.reacts("done", () => this.status = status);
    if (this.holds > 0) this.tally.problems.push(`done with ${this.holds} holds`);
  }

  private release(): void {
    this.holds--;
    this.removeHold();
  }

  private writeOne(): void {
    const { random } = this.program.world;
    this.tally.start("write");
    const note = { number: ++this.written, body: new Uint8Array(random.pick([0, 10, 30_000])) };
    if (random.chance(0.1)) {
      this.writesOver = true;
      this.startWriteLast(note);
    } else this.startWrite(note, { corked: random.chance(0.2) });
  }
}

/** A server's reactor. */
class Answerer extends ServerBidiReactor<Note, Note> {
  readonly tally: Tally;
  written = 0;
  read = 0;
  finished: number | undefined = undefined;
  private metadataSent = false;
  private writesOver = false;

  constructor(context: ReactorContext, private readonly program: Program) {
    super(context);
    this.tally = new Tally(`server of call ${program.id}`);
    program.server = this;
    for (let left = program.world.random.below(4); left > 0; left--) this.step();
  }

  step(): void {
    const { random, isEnding } = this.program.world;
    const { outstanding } = this.tally;
    if (this.tally.done > 0 || this.finished !== undefined) return;
    if (isEnding) return this.finishIt(Status.OK);
    switch (random.below(8)) {
      case 0:
      case 1:
        if (!outstanding.has("read")) {
          this.tally.start("read");
          this.startRead();
        }
        break;
      case 2:
      case 3:
        if (!outstanding.has("write") && !this.writesOver) this.writeOne();
        break;
      case 4:
        if (!this.metadataSent) {
          this.metadataSent = true;
          this.tally.start("metadata");
          this.startSendInitialMetadata({ id: String(this.program.id) });
        }
        break;
      case 5:
        if (random.chance(0.3)) this.finishIt(random.pick([Status.OK, Status.ABORTED]));
        break;
      case 6:
        if (random.chance(0.1) && !outstanding.has("write") && !this.writesOver) {
          this.finished = Status.OK;
          this.startWriteAndFinish({ number: ++this.written });
        }
        break;
      case 7:
        if (random.chance(0.05)) this.context.tryCancel();
    }
  }

  end(): void {
    if (this.finished === undefined) this.finishIt(Status.OK);
  }

  override onSendInitialMetadataDone(): void {
    this.tally.reacts("metadata", () => this.step());
  }
  override onReadDone(ok: boolean): void {
    this.tally.reacts("read", () => {
      if (ok && this.message.number !== ++this.read) {
        this.tally.problems.push(`read ${this.message.number}, not ${this.read}`);
      }
      this.step();
      this.step();
    });
  }
  override onWriteDone(): void {
    this.tally.reacts("write", () => this.step());
  }
  override onCancel(): void {
    if (!this.context.isCancelled && this.finished === undefined) {
      this.tally.problems.push("onCancel, not cancelled");
    }
    this.tally.reacts("cancel", () => this.step());
  }
  override onDone(): void {
    this.tally.reacts("done", () => {});
    if (this.finished === undefined) this.tally.problems.push("done, not finished");
  }

  private finishIt(status: 0 | 10): void {
    this.finished = status;
    this.finish(status);
  }

  private writeOne(): void {
    const { random } = this.program.world;
    this.metadataSent = true;
    this.tally.start("write");
    const note = { number: ++this.written, body: new Uint8Array(random.pick([0, 10, 30_000])) };
    if (random.chance(0.1)) {
      this.writesOver = true;
      this.startWriteLast(note);
    } else this.startWrite(note, { corked: random.chance(0.2) });
  }
}

/** A client and a server on a simulated network. */
class World {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  isEnding = false;
  readonly thrown: unknown[] = [];
  readonly programs: Program[] = [];

  constructor(readonly seed: number) {
    const segments = { maxSegmentBytes: 65_536, bufferBytes: 65_536, giveUpMs: 1_000, bytesPerMs: 50_000 };
    this.simulation = new Simulation({ seed, conditions: segments, traceLines: 50 });
    this.random = this.simulation.random;
  }

  async run(): Promise<string[]> {
    const { simulation, random } = this;
    const [serverHost, clientHost] = [simulation.host(), simulation.host()];
    const onError = (error: unknown) => void this.thrown.push(error);
    const server = new Server({ poller: serverHost, onError });
    server.addService(Trial, {
      both: reactor((context) => new Answerer(context, this.programs[Number(context.metadata.get("id"))]!)),
    });
    await server.listen("0.0.0.0:50051");
    const channel = new Channel(`${serverHost.hostAddress}:50051`, { poller: clientHost, onError });
    const client = createReactorClient(Trial, channel);
    for (let id = 0; id < CALLS; id++) {
      const program = new Program(this, id);
      this.programs.push(program);
      simulation.schedule(random.below(500), () => this.begin(program, client));
    }
    const hosts = [clientHost.hostAddress, serverHost.hostAddress] as const;
    if (random.chance(0.5)) simulation.schedule(random.below(1_500), () => simulation.network.resetSome());
    if (random.chance(0.3)) {
      simulation.schedule(random.below(1_000), () => simulation.network.part(...hosts));
      simulation.schedule(1_000 + random.below(2_000), () => simulation.network.heal(...hosts));
    }
    simulation.schedule(HORIZON_MS, () => this.isEnding = true);
    for (let at = 0; at < 2 * HORIZON_MS; at += 37) simulation.schedule(at, () => this.step());
    simulation.schedule(2 * HORIZON_MS, () => {
      for (const { client, server } of this.programs) {
        client.end();
        server?.end();
      }
    });
    await simulation.run();
    const problems = this.check(channel.describePending(), server.describePending());
    channel.close();
    server.close();
    await simulation.run();
    return problems;
  }

  private begin(program: Program, client: ReturnType<typeof createReactorClient<typeof Trial>>): void {
    const { random } = this;
    const options = { metadata: { id: String(program.id) }, waitForReady: random.chance(0.5) };
    const deadline = random.chance(0.3) ? { deadlineMs: random.pick([5, 300, 2_000]) } : {};
    const caller = client.both(program.client, { ...options, ...deadline });
    caller.isBound = true;
    for (let left = random.below(5); left > 0; left--) caller.step(true);
    caller.startCall();
  }

  /** Something outside of reactions. */
  private step(): void {
    const { client, server } = this.random.pick(this.programs);
    if (this.random.chance(0.5)) client.step(false);
    else server?.step();
  }

  private check(...pending: string[]): string[] {
    const problems: string[] = [];
    for (const { id, client, server } of this.programs) {
      for (const side of [client, server]) {
        if (side === undefined) continue;
        const { tally } = side;
        problems.push(...tally.problems.map((problem) => `${tally.name}: ${problem}`));
        if (tally.done !== 1) problems.push(`${tally.name}: ${tally.done} times done`);
      }
      const { status } = client;
      if (status === undefined || server === undefined) continue;
      if (client.read > server.written) {
        problems.push(`call ${id}: ${client.read} of ${server.written} were read`);
      }
      if (status.ok && client.read !== server.written) {
        problems.push(`call ${id}: ${client.read} of ${server.written} were read, and it ended with OK`);
      }
      if (status.ok && (server.finished !== Status.OK || server.tally.cancels > 0)) {
        problems.push(
          `call ${id}: OK at the client, ${server.finished} at the server, ${server.tally.cancels} cancels`,
        );
      }
    }
    problems.push(...pending.filter((lines) => lines.includes("call /")), ...this.thrown.map(String));
    return problems;
  }
}

for (let first = 1; first <= SEEDS; first += BATCH) {
  test(
    `[Q87] [Q91] [Q105] seeds ${first} to ${first + BATCH - 1}: one reaction an operation, and onDone last`,
    async () => {
      for (let seed = first; seed < first + BATCH; seed++) {
        const world = new World(seed);
        assertEquals([seed, ...await world.run()], [seed]);
      }
    },
    { timeoutMs: 120_000 },
  );
}
