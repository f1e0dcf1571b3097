// One measurement of one contender: which side is its own, who is on the other side, and what the figures are.
import { disturbance, machineTime } from "./disturbance.mjs";
import { CORES, Watched } from "./processes.mjs";
import { certificatesFlag } from "./certificates.mjs";
import { h2load } from "./h2load.mjs";

/**
 * Milliseconds before the time that counts, for every contender: what is measured is code that is compiled. By CPU time
 * in the measured process, Deno comes to the rate that it keeps after 0.5 s of bare calls and 1.1 to 1.4 s of calls with
 * headers, Bun after half of that; grpc-js on Deno takes 5 s and more. A server does many scenarios one after another, a
 * client does one; one call after another is 10,000 a second, of which Deno wants 50,000.
 */
const WARM_UP_MS = { server: 1_000, newServer: 2_500, client: 1_700, oneByOne: 4_500 };

/** Milliseconds for twenty large calls. */
const LARGE_LIMIT_MS = 120_000;

/** One call after another. */
const isOneByOne = ({ kind, connections, streams }) => kind === "unary" && connections * streams === 1;

/** Starts a contender's server, over TLS where `tls` is set; gives the process and its port. */
export async function startServer(contender, tls = false) {
  const secured = tls ? [certificatesFlag()] : [];
  const server = new Watched([...contender.server, ...secured], CORES.server);
  try {
    const [, port] = await server.line(/^listening (\d+)$/);
    return { server, port: Number(port) };
  } catch (error) {
    server.kill();
    throw error;
  }
}

/** Runs `scenario` by the client `command` (a library's, or the generator) against the server; `side` is measured. */
export async function runClient({ server, port, used }, command, scenario, seconds, side = "server") {
  const warmUpMs = side === "server"
    ? used ? WARM_UP_MS.server : WARM_UP_MS.newServer
    : isOneByOne(scenario)
    ? WARM_UP_MS.oneByOne
    : WARM_UP_MS.client;
  const args = [
    `--port=${port}`,
    `--kind=${scenario.kind}`,
    `--connections=${scenario.connections}`,
    `--streams=${scenario.streams}`,
    `--bytes=${scenario.bytes}`,
    `--seconds=${seconds}`,
    `--warm-up=${scenario.warmUpMs ?? warmUpMs}`,
    ...scenario.headers === undefined ? [] : [`--headers=${scenario.headers}`],
    ...scenario.tls ? [certificatesFlag()] : [],
    ...scenario.resumed ? ["--resumed"] : [],
    ...scenario.retries ? ["--retries"] : [],
  ];
  const client = new Watched([...command, ...args], CORES.load);
  try {
    if (scenario.kind === "idle") return await measureIdle(server, client, scenario);
    if (scenario.kind === "start") return await measureStart(client);
    if (scenario.kind === "large") return await measureLarge(server, client, scenario, side);
    if (scenario.kind === "paced") return await measurePaced(server, client, scenario, seconds);
    await client.line(/^measuring$/);
    const from = moment(server);
    const [json] = await client.line(/^\{.*\}$/, seconds * 1_000 + 30_000);
    return figures(scenario, JSON.parse(json), from, moment(server));
  } catch (error) {
    throw server.ended === undefined ? error : new Error(`the server ${server.ended}`);
  } finally {
    client.kill();
  }
}

/** Runs a unary scenario by h2load, which sees HTTP status only. */
export async function runH2load({ server, port, used }, scenario, seconds) {
  const warmUpMs = used ? WARM_UP_MS.server : WARM_UP_MS.newServer;
  const from = {};
  const { count, wrong, elapsedMs } = await h2load(
    port,
    scenario,
    seconds,
    warmUpMs,
    () => Object.assign(from, moment(server)),
  );
  return figures(scenario, { count, wrong, elapsedMs }, from, moment(server));
}

/** Runs the program that awaits what handlers of `scenario` await, and serves nothing. */
export async function runWaits(command, scenario, seconds) {
  const streams = scenario.connections * scenario.streams;
  const args = [
    `--wait=${scenario.wait}`,
    `--streams=${streams}`,
    `--seconds=${seconds}`,
    `--warm-up=${WARM_UP_MS.server}`,
  ];
  const program = new Watched([...command, ...args], CORES.server);
  try {
    const [json] = await program.line(/^\{.*\}$/, seconds * 1_000 + 30_000);
    const { client, ...result } = figures(scenario, JSON.parse(json));
    return { ...result, server: client };
  } finally {
    program.kill();
  }
}

async function measureStart(client) {
  const [json] = await client.line(/^\{.*\}$/);
  const value = performance.now() - client.startedAt;
  if (JSON.parse(json).wrong > 0) throw new Error("the answer was wrong");
  return { value };
}

/** Resident bytes that a server takes for each idle connection or stream. */
async function measureIdle(server, client, scenario) {
  await client.line(/^measuring$/);
  const before = server.usage();
  await client.line(/^idle$/, 120_000);
  const after = server.usage();
  if (before === undefined || after === undefined) throw new Error("memory is not told on this system");
  const count = Math.max(scenario.connections, scenario.streams);
  return { value: (after.rssBytes - before.rssBytes) / 1_024 / count, server: { rssBytes: after.rssBytes } };
}

/** Large calls, and by how much the peak of one side's memory is above what it held before them. */
async function measureLarge(server, client, scenario, side) {
  const watched = side === "client" ? client : server;
  await client.line(/^base$/);
  const known = watched.resetPeak();
  const base = watched.usage()?.rssBytes;
  const peak = () => known ? watched.usage().peakBytes - base : undefined;
  client.proceed();
  await client.line(/^first$/, LARGE_LIMIT_MS);
  const first = peak();
  client.proceed();
  await client.line(/^all$/, LARGE_LIMIT_MS);
  const all = peak();
  const from = moment(server);
  client.proceed();
  const [json] = await client.line(/^\{.*\}$/, LARGE_LIMIT_MS);
  const result = figures(scenario, JSON.parse(json), from, moment(server));
  return first === undefined
    ? result
    : { ...result, peak: { first: first / scenario.bytes, all: all / scenario.bytes } };
}

/** Connections that call now and then: what each takes, and what a call costs. */
async function measurePaced(server, client, scenario, seconds) {
  await client.line(/^base$/);
  const base = server.usage();
  if (base === undefined) throw new Error("memory is not told on this system");
  client.proceed();
  await client.line(/^measuring$/, 120_000);
  const from = moment(server);
  const [json] = await client.line(/^\{.*\}$/, seconds * 1_000 + 30_000);
  const to = moment(server);
  const result = figures(scenario, JSON.parse(json), from, to);
  return { ...result, value: (to.server.rssBytes - base.rssBytes) / 1_024 / scenario.connections };
}

/** What the server, and the machine, have spent until now. */
function moment(server) {
  return { server: server.usage(), machine: machineTime() };
}

/** A figure in the scenario's unit, with what each side spent on it. */
function figures(scenario, client, from, to) {
  const { count, wrong, elapsedMs } = client;
  if (count === 0) throw new Error(`nothing was done in ${Math.round(elapsedMs)} ms`);
  if (wrong > 0) throw new Error(`${wrong} of ${count} answers were wrong`);
  const perSecond = count / elapsedMs * 1_000;
  const serverMicroseconds = (to?.server?.cpuMicroseconds ?? 0) - (from?.server?.cpuMicroseconds ?? 0);
  return {
    value: scenario.unit === "MB/s" ? perSecond * scenario.bytes / 1e6 : perSecond,
    latencyMicroseconds: client.latencyMicroseconds,
    client: client.cpuMicroseconds === undefined ? undefined : {
      cpuMicroseconds: client.cpuMicroseconds / count,
      rssBytes: client.rssBytes,
    },
    server: from?.server === undefined || to?.server === undefined ? undefined : {
      cpuMicroseconds: serverMicroseconds / count,
      rssBytes: to.server.peakBytes,
    },
    // What h2load takes is not known, so what others took is not either.
    disturbance: from === undefined || client.cpuMicroseconds === undefined
      ? undefined
      : disturbance(from.machine, to.machine, serverMicroseconds + client.cpuMicroseconds),
  };
}
