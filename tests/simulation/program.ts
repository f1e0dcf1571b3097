// A random program: calls of all kinds and styles under random faults, each checked against what it may see.
import { type RpcError, Status, statusName, watchConnectivityState } from "pollwire";
import type { Conditions } from "../../pollers/simulated/mod.ts";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import { REFUSAL } from "./admission.ts";
import { blockingCall } from "./clients/blocking.ts";
import { promiseCall } from "./clients/promise.ts";
import { QueueSession } from "./clients/queue.ts";
import { ReactorSession } from "./clients/reactor.ts";
import { clientCall, type ClientSession, Steps } from "./clients/session.ts";
import { StubSession } from "./clients/stub.ts";
import { interrupt, scheduleDrain, scheduleFaults } from "./faults.ts";
import { ModelError } from "./model_error.ts";
import {
  AMPLE_MS,
  blockingStyle,
  type CallEnd,
  nameOf,
  type Plan,
  promiseStyle,
  randomPlan,
  randomStyle,
} from "./plan.ts";
import { run } from "./process.ts";
import type { Done, Tags } from "./tags.ts";
import { SimulatedWorld } from "./world.ts";

/** How a run went. */
export interface Outcome {
  readonly calls: number;
  /** Calls by the name of their status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  /** The last lines of the trace. */
  readonly trace: readonly string[];
}

/** Which styles the calls of a program are made and served in. */
export type Styles = "all" | "promise" | "blocking" | "compressed" | "repeated";

const STYLES = {
  all: randomStyle,
  promise: promiseStyle,
  blocking: blockingStyle,
  compressed: randomStyle,
  repeated: randomStyle,
};

/** What rounding of grpc-timeout and a turn may add to a deadline, in virtual milliseconds. */
const DEADLINE_SLACK_MS = 1;
/** Statuses that faults of the network, restarts, deadlines and cancels may end a call with. */
const FAULT_STATUSES: ReadonlySet<number> = new Set([
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
  Status.CANCELLED,
]);

/** Runs the program of `seed` with `steps` calls; throws ModelError for every promise that was broken. */
export function runProgram(
  seed: number,
  steps: number,
  traceLines = 200,
  styles: Styles = "all",
): Promise<Outcome> {
  const planning = new SeededRandom(seed ^ 0x5eed);
  // Every segment is an event: where they are tiny, so are the messages.
  const segmentBytes = planning.pick([1, 7, 100, 1_460, 65_536]);
  const faults = planning.below(4);
  const isAll = styles === "all" || styles === "compressed" || styles === "repeated";
  const conditions = randomConditions(planning, segmentBytes, faults);
  const world = new SimulatedWorld({
    seed,
    conditions,
    traceLines,
    windows: randomWindows(seed),
    isVaried: isAll,
    blocks: styles === "blocking",
    compresses: styles === "compressed",
    hasPolicy: styles === "repeated",
  });
  const plans = Array.from({ length: steps }, (_, i): Plan => ({
    ...randomPlan(planning, i + 1, 20 * segmentBytes, faults),
    style: STYLES[styles](seed, i + 1),
  }));
  // Without calls that end with the status for which their policies make them again.
  const fitting = styles === "repeated"
    ? plans.filter(({ failWith }) => failWith !== Status.DATA_LOSS)
    : plans;
  return runPlans(world, seed, fitting, (program) => {
    if (isAll) program.disturb();
    scheduleFaults(world, planning, faults, world.problem);
  });
}

/** Makes the calls of `plans`; `schedule` has other things happen meanwhile. Throws ModelError. */
export async function runPlans(
  world: SimulatedWorld,
  seed: number,
  plans: readonly Plan[],
  schedule: (program: Program) => void,
): Promise<Outcome> {
  const program = new Program(world, seed);
  const { length: calls } = plans;
  try {
    await world.listen();
    for (const plan of plans) world.simulation.schedule(plan.startMs, () => program.start(plan));
    schedule(program);
    await world.simulation.run();
    if (program.settled < calls && world.thrown.length === 0) {
      world.problem(
        new ModelError(`${calls - program.settled} of ${calls} calls never ended: ${program.running}`),
      );
    } else world.accounts.checkIdle();
    await program.finish();
  } catch (error) {
    world.problem(error);
  }
  if (world.thrown.length > 0) throw annotated(world.thrown[0], seed, world);
  const { statuses } = program;
  return { calls, statuses, virtualMs: world.simulation.now, trace: world.simulation.trace };
}

/** One program that runs. */
export class Program {
  /** Calls that have ended. */
  settled = 0;
  readonly statuses: Record<string, number> = {};
  private readonly left = new Set<Plan>();
  /** Calls that begin when the thread does not block any more; undefined while it does not. */
  private blocked: Plan[] | undefined = undefined;
  /** The queue of the client's calls that have none of their own. */
  private readonly tags: Tags;

  constructor(private readonly world: SimulatedWorld, seed: number) {
    this.tags = world.tags(world.clientHost, "NEXT", `client's queue of seed ${seed}`);
  }

  /** Has something happen that is nobody's fault: watches, a drain, a queue that is shut down early. */
  disturb(): void {
    const { choices, simulation, problem } = this.world;
    this.watch();
    if (choices.chance(0.1)) simulation.schedule(choices.below(3_000), () => this.tags.shutdown());
    if (choices.chance(0.3)) scheduleDrain(this.world, problem);
  }

  /** Calls that have not ended. */
  get running(): string {
    return [...this.left].map(nameOf).join(", ");
  }

  /** Makes a call, or has it made when the thread does not block any more. */
  start(plan: Plan): void {
    if (this.blocked !== undefined) return void this.blocked.push(plan);
    this.left.add(plan);
    const { simulation } = this.world;
    const startedAt = simulation.now;
    const ended = (end: Pick<CallEnd, "code" | "details" | "metadata"> | undefined, status: string): void => {
      if (end !== undefined && !this.isRefusal(plan, end)) checkStatus(end, plan);
      this.checkTime(plan, startedAt, status);
      this.settled++;
      this.left.delete(plan);
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      simulation.note(`${nameOf(plan)}: ${status}`);
    };
    if (plan.style.client === "blocking") this.startBlocking(plan, ended);
    else if (plan.style.client === "promise") {
      promiseCall(this.world, plan).then((error) =>
        ended(error, error === undefined ? "OK" : statusName(error.code))
      ).catch(this.world.problem);
    } else {
      this.startSession(plan, (end) => {
        ended(
          end?.code === Status.OK ? undefined : end,
          end === undefined ? "REFUSED" : statusName(end.code),
        );
      });
    }
  }

  private startBlocking(plan: Plan, ended: (error: RpcError | undefined, status: string) => void): void {
    const { simulation } = this.world;
    const waiting: Plan[] = this.blocked = [];
    try {
      const error = blockingCall(this.world, plan);
      ended(error, error === undefined ? "OK" : statusName(error.code));
    } catch (error) {
      this.world.problem(error);
    }
    this.blocked = undefined;
    for (const next of waiting) simulation.schedule(simulation.now, () => this.start(next));
  }

  private isRefusal({ id }: Plan, { code, details }: Pick<CallEnd, "code" | "details">): boolean {
    return code === REFUSAL && details === `refused ${id}` && this.world.isRefused(id);
  }

  private startSession(plan: Plan, ended: (end: CallEnd | undefined) => void): void {
    const { world } = this;
    const { problem, simulation } = world;
    const session = this.sessionOf(plan);
    const { interruption } = plan.style;
    const steps: Steps = new Steps(interruption?.at, () => {
      const { what } = interruption!;
      if (what === "cancel") steps.leave();
      else if (what === "shutdown") this.tags.shutdown();
      else interrupt(world, what);
    }, () => session.cancel());
    if (plan.cancelMs !== undefined) {
      simulation.schedule(simulation.now + plan.cancelMs, () => {
        if (!this.left.has(plan)) return;
        world.clientHost.run(() => {}); // cancels come from outside of turns
        steps.leave();
      });
    }
    run(clientCall(plan, session, steps, problem), (end) => {
      try {
        ended(end);
      } catch (error) {
        problem(error);
      }
    }, problem);
  }

  private sessionOf(plan: Plan): ClientSession {
    const { world } = this;
    const { client, queue } = plan.style;
    if (client === "reactor") return new ReactorSession(world, plan);
    const tags = queue === "NEXT"
      ? this.tags
      : world.tags(world.clientHost, queue, `queue of call ${plan.id} (${queue})`);
    return client === "stub" ? new StubSession(world, plan, tags) : new QueueSession(world, plan, tags);
  }

  /** Follows the connectivity of the channel until it is closed, or the queue is shut down. */
  private watch(): void {
    const { world: { channel }, tags } = this;
    const last = channel.state;
    const deadline = tags.queue.deadlineIn(this.world.choices.pick([500, 3_000, Infinity]));
    tags.begin(
      "watch",
      (tag) => watchConnectivityState(channel, last, deadline, tags.queue, tag),
      (done: Done) => {
        if (done === undefined || channel.state === "SHUTDOWN") return;
        if (done || this.left.size > 0) this.watch();
      },
    );
  }

  private checkTime(plan: Plan, startedAt: number, status: string): void {
    const tookMs = this.world.simulation.now - startedAt;
    const ownMs = (plan.readerPauseMs + 1) * (plan.count + 1);
    if (tookMs <= plan.deadlineMs + ownMs + DEADLINE_SLACK_MS) return;
    throw new ModelError(
      `${nameOf(plan)}: deadline of ${plan.deadlineMs} ms, ended ${status} after ${tookMs} ms`,
    );
  }

  /** Ends everything: then nothing may be left. */
  async finish(): Promise<void> {
    const { world } = this;
    const { simulation, clientHost, serverHost, problem, thrown } = world;
    simulation.network.heal(clientHost.hostAddress, serverHost.hostAddress);
    world.channel.close();
    world.nested.close();
    this.tags.shutdown();
    let stopped = false;
    world.stop(0).then(() => stopped = true, problem);
    await simulation.run();
    if (!stopped) problem(new ModelError("the server never stopped"));
    for (const [id, times] of world.executions) {
      if (times > 1) problem(new ModelError(`call ${id}: its handler ran ${times} times`));
    }
    for (const queue of world.queues) queue.checkOver();
    world.duties.checkNone("At the end");
    world.accounts.checkOver();
    if (world.handling > 0) problem(new ModelError(`${world.handling} handlers still run`));
    if (world.left.length > 0) thrown.push(new ModelError(`still open: ${world.left.join(", ")}`));
  }
}

function randomConditions(random: SeededRandom, segmentBytes: number, faults: number): Partial<Conditions> {
  return {
    latencyMs: random.pick([0, 0.05, 1, 20, 150]),
    jitterMs: random.pick([0, 0, 1, 30]),
    bytesPerMs: faults === 0 ? 100_000 : random.pick([50, 1_000, 100_000, 1_000_000]),
    maxSegmentBytes: segmentBytes,
    bufferBytes: random.pick([1_000, 16_384, 262_144]),
    atOnce: random.pick([0, 0.5, 1]),
    giveUpMs: 5_000,
  };
}

/**
 * Half of the time the windows that a side announces are too small for the program. Drawn apart from the rest, so that
 * what a program does is the same whatever its windows.
 */
function randomWindows(seed: number): { client: Partial<LocalSettings>; server: Partial<LocalSettings> } {
  const random = new SeededRandom(seed ^ 0x11d0);
  const one = (): Partial<LocalSettings> => {
    if (random.chance(0.5)) return {};
    const initialWindowSize = random.pick([1_000, 5_000, 65_535, 200_000]);
    return {
      initialWindowSize,
      connectionWindowSize: random.pick([65_535, 70_000, 300_000]),
      maxWindowSize: random.pick([initialWindowSize, 16_777_216]),
      windowGrowthSize: random.pick([0, 100_000, 16_777_216]),
    };
  };
  return { client: one(), server: one() };
}

function checkStatus(
  { code, details, metadata }: Pick<CallEnd, "code" | "details" | "metadata">,
  plan: Plan,
): void {
  const { style, cancelMs, leaveAfter, failWith, deadlineMs, id } = plan;
  const isCancelled = cancelMs !== undefined ||
    style.interruption !== undefined && style.interruption.what !== "drain" ||
    style.serverCancelsAt > 0 ||
    (style.client !== "promise" && leaveAfter !== undefined);
  const isQuiet = deadlineMs === AMPLE_MS && !isCancelled;
  if (FAULT_STATUSES.has(code) && !isQuiet) return;
  if (code === failWith && details === `asked to ${id}`) {
    if (metadata.get("x-call") === `${id}`) return;
    throw new ModelError(`${nameOf(plan)}: its status came without its metadata`);
  }
  throw new ModelError(`${nameOf(plan)}: ended with ${statusName(code)}: ${details}`);
}

function annotated(problem: unknown, seed: number, world: SimulatedWorld): Error {
  const message = problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem);
  const trace = world.simulation.trace.slice(-40).join("\n");
  return new Error(`seed ${seed}: ${message}\n${trace}`, { cause: problem });
}
