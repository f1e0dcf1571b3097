// The rounds: every contender once in each, its server started anew. They are measured in turn, scenario by scenario,
// since a machine's speed drifts by more in a minute than many of them are apart.
import process from "node:process";
import { echoLoad, fixedSide, generator } from "../contenders/list.mjs";
import { h2loadMissing } from "./h2load.mjs";
import { runClient, runH2load, runWaits, startServer } from "./measure.mjs";

/**
 * Gives a result for each contender, scenario, side and load: `{ contender, version, ours, scenario, unit, better,
 * side, load, rounds, error }`, where each of `rounds` has `value`, latencies and what both sides spent, and `error`
 * is the first one there was. What `skips` says of a contender's name, a scenario and a load is not measured.
 */
export async function runRounds(
  { contenders, scenarios, sides, load, rounds, seconds, skips = () => false },
) {
  const results = new Map();
  const withH2load = h2loadMissing() === undefined;
  const fixed = fixedSide();
  const plans = contenders.flatMap((contender) =>
    sides.map((side) => ({
      contender,
      side,
      jobs: jobsOf(contender, side, { scenarios, load, fixed, withH2load }).filter((job) =>
        !skips(contender.name, job.scenario, job.load)
      ),
    }))
  ).filter(({ jobs }) => jobs.length > 0);
  const total = rounds * plans.reduce((sum, { jobs }) => sum + jobs.length, 0);
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    for (const ofSide of sides) {
      const shared = new Served(fixed); // one server for all clients
      const turns = plans.filter(({ side }) => side === ofSide).map((plan) => ({
        ...plan,
        served: ofSide === "client" ? shared : new Served(plan.contender),
      }));
      if (round % 2 === 1) turns.reverse();
      const inTurn = scenarios.flatMap((scenario) =>
        turns.flatMap((turn) =>
          turn.jobs.filter((job) => job.scenario === scenario).map((job) => ({ ...turn, job }))
        )
      );
      for (const { contender, job, served } of inTurn) {
        progress(`${++done}/${total} ${contender.name}, ${ofSide}: ${job.scenario.id} by ${job.load}`);
        const result = resultOf(results, contender, ofSide, job);
        const measured = contender.missing === undefined
          ? served.run(job, seconds)
          : Promise.reject(new Error(contender.missing));
        const figures = await measured.catch((error) => ({ error }));
        if (figures.error !== undefined) result.error ??= figures.error.message;
        result.rounds.push(figures.error === undefined ? figures : null);
      }
      for (const { served } of turns) served.end();
    }
  }
  progress("");
  return [...results.values()];
}

/** The server that a contender's scenarios have in one round, started with the first of them. */
class Served {
  #contender;
  /** `{ tls, server, port, used }`; without `server` where the contender has none. */
  #running;

  constructor(contender) {
    this.#contender = contender;
  }

  async run(job, seconds) {
    const { tls } = job.scenario;
    const ended = this.#running?.server?.ended !== undefined;
    // Memory of its own, or no memory of a crash.
    if (this.#running === undefined || job.alone || ended || this.#running.tls !== tls) {
      this.end();
      this.#running = { tls, ...this.#contender.server && await startServer(this.#contender, tls) };
    }
    try {
      return await job.run(this.#running, seconds);
    } finally {
      this.#running.used = true;
    }
  }

  end() {
    this.#running?.server?.kill();
    this.#running = undefined;
  }
}

/** What is run against one server: scenarios, each by each load that can drive it. */
function jobsOf(contender, side, { scenarios, load, fixed, withH2load }) {
  return scenarios.flatMap((scenario) => {
    const byClient = (command, name) => ({
      scenario,
      load: name,
      alone: scenario.kind === "large" || scenario.kind === "idle" || scenario.kind === "paced",
      run: (server, seconds) => runClient(server, command, scenario, seconds, side),
    });
    if (contender.refuses(scenario, side) !== undefined) return [];
    if (scenario.tls && !(contender.secure && side === "server")) return [];
    if (scenario.retries && !(contender.ours && side === "client")) return [];
    if (scenario.kind === "idle") {
      return side === "server" ? [byClient(fixed.client, `${fixed.name} client`)] : [];
    }
    if (side !== "server") {
      if (scenario.indexing === "literal" || ["paced", "await"].includes(scenario.kind)) return []; // a client sends headers in one way
      return contender.client === undefined
        ? []
        : [byClient(contender.client, side === "both" ? "its own client" : "its client")];
    }
    if (scenario.kind === "echo") {
      const { command, missing } = echoLoad();
      return missing === undefined ? [byClient(command, "C client")] : [];
    }
    if (scenario.kind === "start") return []; // of a process with a client in it
    if (["headers", "large", "paced", "await", "handshake"].includes(scenario.kind)) {
      const command = generator(load);
      if (scenario.indexing !== undefined) command.push(`--indexing=${scenario.indexing}`);
      if (scenario.method !== undefined) command.push(`--method=${scenario.method}`);
      if (contender.waits !== undefined) {
        return [{
          scenario,
          load: "generator",
          run: (_, seconds) => runWaits(contender.waits, scenario, seconds),
        }];
      }
      return contender.h2loadOnly ? [] : [byClient(command, "generator")];
    }
    if (scenario.kind !== "unary") return [byClient(fixed.client, `${fixed.name} client`)];
    const jobs = contender.h2loadOnly ? [] : [byClient(generator(load), "generator")];
    if (withH2load && scenario.bytes <= 1_024 && !scenario.tls) {
      jobs.push({ scenario, load: "h2load", run: (server, seconds) => runH2load(server, scenario, seconds) });
    }
    return jobs;
  });
}

function resultOf(results, contender, side, { scenario, load }) {
  const key = JSON.stringify([contender.name, side, scenario.id, load]);
  if (!results.has(key)) {
    const { name, version, ours, reference } = contender;
    const { id, unit, better } = scenario;
    results.set(key, {
      contender: name,
      version,
      ours,
      reference,
      scenario: id,
      unit,
      better,
      side,
      load,
      rounds: [],
    });
  }
  return results.get(key);
}

function progress(text) {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 100) - 1)}`);
  }
}
