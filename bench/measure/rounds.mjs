// The rounds: every contender once in each, its server started anew, every scenario one after another.
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
    for (const { contender, side, jobs } of plans) {
      const start = async (tls) => {
        const served = side === "client" ? fixed : contender;
        return { tls, ...await begin(served, contender.missing, tls).catch((error) => ({ error })) };
      };
      let tried = await start(jobs[0].scenario.tls);
      for (const job of jobs) {
        const { tls } = job.scenario;
        if (job.alone || tls !== tried.tls || tried.server?.ended !== undefined) { // memory of its own, or no memory of a crash
          tried.server?.kill();
          tried = await start(tls);
        }
        progress(`${++done}/${total} ${contender.name}, ${side}: ${job.scenario.id} by ${job.load}`);
        const result = resultOf(results, contender, side, job);
        const figures = tried.error === undefined
          ? await job.run(tried, seconds).catch((error) => ({ error }))
          : tried;
        tried.used = true;
        if (figures.error !== undefined) result.error ??= figures.error.message;
        result.rounds.push(figures.error === undefined ? figures : null);
      }
      tried.server?.kill();
    }
  }
  progress("");
  return [...results.values()];
}

function begin(contender, missing, tls) {
  if (contender.server === undefined && missing === undefined) return Promise.resolve({}); // none is needed
  return missing === undefined ? startServer(contender, tls) : Promise.reject(new Error(missing));
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
