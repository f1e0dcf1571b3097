// A random program: calls of all kinds under random faults, each checked against what it may see.
import { RpcError, statusName } from "pollwire";
import type { Conditions } from "../../pollers/simulated/mod.ts";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import { ModelError } from "./model_error.ts";
import { bodyOf, checkPart, FAULT_STATUSES, type Job, type Part, SimulatedWorld } from "./world.ts";

/** How a run went. */
export interface Outcome {
  readonly calls: number;
  /** Calls by the name of their status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  /** The last lines of the trace. */
  readonly trace: readonly string[];
}

interface Plan {
  readonly id: number;
  readonly kind: "unary" | "download" | "upload" | "chat";
  readonly startMs: number;
  readonly count: number;
  readonly size: number;
  readonly requestSize: number;
  readonly pauseMs: number;
  readonly failWith: number;
  readonly deadlineMs: number;
  readonly cancelMs: number | undefined;
  /** Messages after which the reader leaves, where it does. */
  readonly leaveAfter: number | undefined;
  /** How long the reader takes over each message. */
  readonly readerPauseMs: number;
  readonly waitForReady: boolean;
}

const KINDS = ["unary", "download", "upload", "chat"] as const;
const HORIZON_MS = 2_000;
/** The deadline where nothing goes wrong: every call must end as its handler says, at 1,000 bytes a round trip too. */
const AMPLE_MS = 3_600_000;
/** What rounding of grpc-timeout and a turn may add to a deadline, in virtual milliseconds. */
const DEADLINE_SLACK_MS = 1;

/** Runs the program of `seed` with `steps` calls; throws ModelError for every promise that was broken. */
export async function runProgram(seed: number, steps: number, traceLines = 200): Promise<Outcome> {
  const planning = new SeededRandom(seed ^ 0x5eed);
  // Every segment is an event: where they are tiny, so are the messages.
  const segmentBytes = planning.pick([1, 7, 100, 1_460, 65_536]);
  const faults = planning.below(4);
  const conditions = randomConditions(planning, segmentBytes, faults);
  const world = new SimulatedWorld({ seed, conditions, traceLines, windows: randomWindows(seed) });
  const statuses: Record<string, number> = {};
  const problems: unknown[] = [];
  let settled = 0;
  try {
    await world.listen();
    const plans = Array.from(
      { length: steps },
      (_, i) => randomPlan(planning, i + 1, 20 * segmentBytes, faults),
    );
    for (const plan of plans) {
      world.simulation.schedule(plan.startMs, () => {
        void runCall(world, plan).then((status) => {
          settled++;
          statuses[status] = (statuses[status] ?? 0) + 1;
          world.simulation.note(`call ${plan.id} ${plan.kind}: ${status}`);
        }, (error) => problems.push(error));
      });
    }
    scheduleFaults(world, planning, faults, problems);
    await world.simulation.run();
    if (settled + problems.length < steps) {
      problems.push(new ModelError(`${steps - settled} of ${steps} calls never ended`));
    } else world.accounts.checkIdle();
    await finish(world, problems);
  } catch (error) {
    problems.push(error);
  }
  if (problems.length > 0) throw annotated(problems[0], seed, world);
  return { calls: steps, statuses, virtualMs: world.simulation.now, trace: world.simulation.trace };
}

async function finish(world: SimulatedWorld, problems: unknown[]): Promise<void> {
  const { simulation, clientHost, serverHost } = world;
  simulation.network.heal(clientHost.hostAddress, serverHost.hostAddress);
  world.channel.close();
  world.stop(0).catch((error) => problems.push(error));
  await simulation.run();
  for (const [id, times] of world.executions) {
    if (times > 1) problems.push(new ModelError(`call ${id}: its handler ran ${times} times`));
  }
  world.accounts.checkOver();
  problems.push(...world.thrown);
  if (world.handling > 0) problems.push(new ModelError(`${world.handling} handlers still run`));
  if (world.left.length > 0) problems.push(new ModelError(`still open: ${world.left.join(", ")}`));
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

function randomPlan(random: SeededRandom, id: number, mostBytes: number, faults: number): Plan {
  const kind = random.pick(KINDS);
  return {
    id,
    kind,
    startMs: random.chance(0.3) ? 0 : random.below(HORIZON_MS),
    count: kind === "unary" ? 1 : random.pick([0, 1, 2, 7, 30]),
    size: Math.min(mostBytes, random.pick([0, 1, 100, 5_000, 70_000]) >> (kind === "unary" ? 0 : 2)),
    requestSize: Math.min(mostBytes, random.pick([0, 1, 100, 20_000])),
    pauseMs: random.pick([0, 0, 1, 30]),
    failWith: random.chance(0.1) ? random.between(1, 16) : 0,
    deadlineMs: faults === 0 ? AMPLE_MS : random.pick([5, 50, 500, 5_000, 20_000]),
    cancelMs: random.chance(0.15) ? random.below(300) : undefined,
    leaveAfter: random.chance(0.15) ? random.below(5) : undefined,
    readerPauseMs: random.pick([0, 0, 0, 5]),
    waitForReady: random.chance(0.3),
  };
}

function scheduleFaults(
  world: SimulatedWorld,
  random: SeededRandom,
  faults: number,
  problems: unknown[],
): void {
  const { simulation, clientHost, serverHost } = world;
  const hosts = [clientHost.hostAddress, serverHost.hostAddress] as const;
  const at = (ms: number, fault: () => void | Promise<void>): void => {
    simulation.schedule(ms, () => void Promise.resolve(fault()).catch((error) => problems.push(error)));
  };
  for (let i = faults; i > 0; i--) {
    const when = random.below(HORIZON_MS);
    const until = when + random.pick([1, 50, 500, 8_000]);
    switch (random.below(4)) {
      case 0:
        at(when, () => simulation.network.resetSome());
        break;
      case 1:
        at(when, () => simulation.network.part(...hosts));
        at(until, () => simulation.network.heal(...hosts));
        break;
      case 2:
        at(when, () => simulation.network.blackHole(...hosts));
        at(until, () => {
          simulation.network.heal(...hosts);
          simulation.network.resetSome(); // what was lost is never sent again
        });
        break;
      case 3:
        at(when, async () => {
          await world.stop(random.pick([undefined, 0, 100]));
          await simulation.sleep(random.pick([0, 10, 300]));
          await world.listen();
        });
    }
  }
}

/** The name of the status that the call ended with; throws ModelError where it saw what it must not. */
async function runCall(world: SimulatedWorld, plan: Plan): Promise<string> {
  const { simulation } = world;
  const startedAt = simulation.now;
  const controller = new AbortController();
  if (plan.cancelMs !== undefined) {
    simulation.schedule(startedAt + plan.cancelMs, () => controller.abort());
  }
  const { deadlineMs, waitForReady } = plan;
  const options = { deadlineMs, waitForReady, signal: controller.signal };
  let status = "OK";
  try {
    await PROGRAMS[plan.kind](world, plan, options);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    checkError(error, plan);
    status = statusName(error.code);
  }
  const tookMs = simulation.now - startedAt;
  const readingMs = plan.readerPauseMs * (plan.count + 1);
  if (tookMs > deadlineMs + readingMs + DEADLINE_SLACK_MS) {
    throw new ModelError(`call ${plan.id}: deadline of ${deadlineMs} ms, ended ${status} after ${tookMs} ms`);
  }
  return status;
}

function checkError(error: RpcError, plan: Plan): void {
  const isQuiet = plan.deadlineMs === AMPLE_MS && plan.cancelMs === undefined;
  if (FAULT_STATUSES.has(error.code) && !isQuiet) return;
  if (error.code === plan.failWith && error.details === `asked to ${plan.id}`) {
    if (error.metadata.get("x-call") === `${plan.id}`) return;
    throw new ModelError(`call ${plan.id}: its status came without its metadata`);
  }
  throw new ModelError(`call ${plan.id} ${plan.kind}: ended with ${error.message}`, { cause: error });
}

interface Options {
  readonly deadlineMs: number;
  readonly waitForReady: boolean;
  readonly signal: AbortSignal;
}

type Program = (world: SimulatedWorld, plan: Plan, options: Options) => Promise<void>;

const PROGRAMS: Record<Plan["kind"], Program> = { unary, download, upload, chat };

async function unary(world: SimulatedWorld, plan: Plan, options: Options): Promise<void> {
  const part = await world.client.unary(jobOf(plan, 0), options);
  checkPart(part, plan.id, 0);
  expect(plan, "bytes", part.body?.length ?? 0, plan.size);
}

async function download(world: SimulatedWorld, plan: Plan, options: Options): Promise<void> {
  await readAll(world, plan, world.client.download(jobOf(plan, 0), options));
}

async function upload(world: SimulatedWorld, plan: Plan, options: Options): Promise<void> {
  const part = await world.client.upload(requests(world, plan), options);
  expect(plan, "messages counted", part.place ?? 0, plan.count);
}

async function chat(world: SimulatedWorld, plan: Plan, options: Options): Promise<void> {
  await readAll(world, plan, world.client.chat(requests(world, plan), options));
}

async function readAll(world: SimulatedWorld, plan: Plan, parts: AsyncIterable<Part>): Promise<void> {
  let place = 0;
  for await (const part of parts) {
    checkPart(part, plan.id, place++);
    expect(plan, "bytes", part.body?.length ?? 0, plan.size);
    if (place === plan.leaveAfter) return;
    if (plan.readerPauseMs > 0) await world.simulation.sleep(plan.readerPauseMs);
  }
  expect(plan, "messages", place, plan.count);
}

async function* requests(world: SimulatedWorld, plan: Plan): AsyncGenerator<Job> {
  for (let place = 0; place < plan.count; place++) {
    if (place % 7 === 6) await world.simulation.sleep(1);
    yield jobOf(plan, place);
  }
}

function jobOf({ id, count, size, requestSize, pauseMs, failWith }: Plan, place: number): Job {
  return { call: id, place, count, size, pauseMs, failWith, body: bodyOf(id, place, requestSize) };
}

function expect(plan: Plan, what: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new ModelError(`call ${plan.id} ${plan.kind}: OK with ${found} ${what}, not ${wanted}`);
}

function annotated(problem: unknown, seed: number, world: SimulatedWorld): Error {
  const message = problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem);
  const trace = world.simulation.trace.slice(-40).join("\n");
  return new Error(`seed ${seed}: ${message}\n${trace}`, { cause: problem });
}
