// What every contender's client does, whatever its library: drives one kind of traffic for a time and prints figures.
//
// A library gives `connect(address)`, a client with
//   unary(body)            a promise of the length of the echoed body
//   headed(method, body, { timeoutMs, metadata }, echoed)
//                          a promise of the length and, where `echoed` names one, of a response header's value
//   download(count, size)  a promise of { count, bytes } as they were received
//   upload(count, body)    a promise of { count, bytes } as the server received them
//   chat()                 { exchange(body): promise of the echoed length, end() }
//   sync(body, spins)      the length of the echoed body, by a call that blocks; `spins`: it polls before it blocks
//   close()
// With `--bursts` it calls when it is told to. For `large` it prints where it is, and goes on when a line comes. Prints "measuring" when the warm-up is over, and then the figures as one line of JSON.
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { LARGE_CALLS } from "../scenarios.mjs";
import { callHeaders, HEADERS } from "../headers.mjs";

/** Bytes of one streaming call: long enough for a stream to get going, short enough for many calls a round. */
const STREAM_BYTES = 32 * 1024 * 1024;
const STREAM_MESSAGES = 20_000;
const IDLE_WARM_UP = 50;

const options = readArguments("Loads a server of the bench through one library; the bench starts it.", {
  port: ["0", "port of the server; of several with `--bursts`, comma-separated"],
  kind: "unary",
  connections: 1,
  streams: 1,
  bytes: 16,
  seconds: 1,
  "warm-up": 500,
  poller: "native",
  tls: ["", "folder with the authority's certificate; else plaintext"],
  retries: [false, "calls have a retry policy"],
  bursts: [false, "calls when a line on its input says so, and on which port"],
  headers: ["none", "which headers calls have", Object.keys(HEADERS)],
});

const ports = options.port.split(",");

/** Runs this process's arguments against the server at `--port` and ends the process. */
export async function drive(connect) {
  const kinds = {
    unary,
    large,
    headers: headed,
    download,
    upload,
    chat,
    connect: reconnect,
    start,
    idle,
    sync,
    "sync-spin": sync,
  };
  const figures = await kinds[options.kind]((port = ports[0]) => connect(`127.0.0.1:${port}`, options));
  console.log(JSON.stringify(figures));
  process.exit(0);
}

async function connections(connect) {
  return await Promise.all(
    ports.flatMap((port) => Array.from({ length: options.connections }, () => connect(port))),
  );
}

async function unary(connect) {
  const clients = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  return measure(clients, (client, tally) => async () => {
    tally.add(1, await client.unary(body) === body.length);
  });
}

/** A small call, then large ones; it stops before the first, after it, after `LARGE_CALLS`, and when they are timed. */
async function large(connect) {
  const [client] = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  await client.unary(body.subarray(0, 16));
  await agree("base");
  const tally = new Tally();
  const call = async () => tally.add(1, await client.unary(body) === body.length);
  await call();
  await agree("first");
  for (let i = 1; i < LARGE_CALLS; i++) await call();
  await agree("all");
  tally.count = 0;
  return count(async () => {
    const end = performance.now() + options.seconds * 1_000;
    do await call(); while (performance.now() < end);
  }, tally);
}

/** Prints `word`, and waits until whoever started this process has answered it. */
function agree(word) {
  return new Promise((resolve) => {
    process.stdin.once("data", resolve);
    console.log(word);
  });
}

/** Unary calls with the headers of `--headers`; of one call in sixteen the response headers are looked at. */
async function headed(connect) {
  const clients = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  const { method, echoed } = HEADERS[options.headers];
  const calls = callHeaders(options.headers);
  let next = 0;
  return measure(clients, (client, tally) => async () => {
    const call = calls[next++ % calls.length];
    const looked = (next & 15) === 0 ? echoed : undefined;
    const got = await client.headed(method, body, call, looked);
    tally.add(
      1,
      got.length === body.length && (looked === undefined || got.echoed === call.metadata[looked]),
    );
  });
}

async function chat(connect) {
  const clients = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  return measure(clients, (client, tally) => {
    const stream = client.chat();
    return async () => tally.add(1, await stream.exchange(body) === body.length);
  });
}

function messagesACall() {
  return Math.min(STREAM_MESSAGES, Math.max(1, Math.floor(STREAM_BYTES / options.bytes)));
}

async function download(connect) {
  const clients = await connections(connect);
  const count = messagesACall();
  return measure(clients, (client, tally) => async () => {
    const got = await client.download(count, options.bytes);
    tally.add(count, got.count === count && got.bytes === count * options.bytes);
  });
}

async function upload(connect) {
  const clients = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  const count = messagesACall();
  return measure(clients, (client, tally) => async () => {
    const got = await client.upload(count, body);
    tally.add(count, got.count === count && got.bytes === count * body.length);
  });
}

function reconnect(connect) {
  const body = new Uint8Array(options.bytes).fill(120);
  return measure([undefined], (_, tally) => async () => {
    const client = await connect();
    tally.add(1, await client.unary(body) === body.length);
    await client.close();
  });
}

/** One call after another that blocks, in pieces of 20 ms. */
async function sync(connect) {
  const [client] = await connections(connect);
  const body = new Uint8Array(options.bytes).fill(120);
  const spins = options.kind === "sync-spin";
  return measure([client], (_, tally) => async () => {
    for (let at = performance.now(), end = at + 20; at < end;) {
      tally.add(1, client.sync(body, spins) === body.length);
      const now = performance.now();
      if ((tally.count & 15) === 0) tally.latencies.push(now - at);
      at = now;
    }
    tally.steps = 1; // the pieces are no calls
    await new Promise((resolve) => setImmediate(resolve));
  });
}

/** Process start to first answer: whoever started this process has the clock. */
async function start(connect) {
  const client = await connect();
  const length = await client.unary(new Uint8Array(options.bytes));
  return { count: 1, wrong: Number(length !== options.bytes) };
}

/**
 * Opens everything, uses each once, says so, and stays until it is ended. The first ones come before "measuring":
 * what a process needs once is not what each costs.
 */
async function idle(connect) {
  const body = new Uint8Array(options.bytes).fill(120);
  const clients = [];
  const open = async () => {
    const client = clients[0] === undefined || options.connections > 1 ? await connect() : clients[0];
    clients.push(client);
    const length = options.connections > 1 ? client.unary(body) : client.chat().exchange(body);
    if (await length !== body.length) throw new Error("a wrong answer");
  };
  for (let i = 0; i < IDLE_WARM_UP; i++) await open();
  console.log("measuring");
  for (let i = 0; i < Math.max(options.connections, options.streams); i++) await open();
  console.log("idle");
  await new Promise((resolve) => process.stdin.on("end", resolve).resume());
  return { count: options.connections, wrong: 0 };
}

/** Counts what is done, and keeps one latency in sixteen: enough for percentiles, too few to weigh on the loop. */
class Tally {
  constructor() {
    this.count = 0;
    this.wrong = 0;
    this.steps = 0;
    this.latencies = [];
  }
  add(count, right) {
    this.count += count;
    if (!right) this.wrong++;
  }
}

/** Repeats what `prepare` gives, once a stream of each client, for the warm-up and then for the time that counts. */
async function measure(clients, prepare) {
  const tally = new Tally();
  const steps = clients.flatMap((client) =>
    Array.from({ length: options.streams }, () => prepare(client, tally))
  );
  if (options.bursts) return await bursts(steps, tally);
  await repeat(steps, tally, options["warm-up"]);
  const warm = new Tally();
  Object.assign(tally, warm, { latencies: [] });
  return count(() => repeat(steps, tally, options.seconds * 1_000), tally);
}

/** Answers each line `INDEX MILLISECONDS` with what was done on that port's connections for so long, until there is none. */
async function bursts(steps, tally) {
  const { createInterface } = await import("node:readline");
  const share = steps.length / ports.length;
  console.log("measuring");
  for await (const line of createInterface({ input: process.stdin })) {
    const [index, forMs] = line.split(" ").map(Number);
    Object.assign(tally, new Tally());
    await repeat(steps.slice(index * share, (index + 1) * share), tally, forMs);
    console.log(JSON.stringify({ count: tally.count, wrong: tally.wrong }));
  }
}

/** The figures of `work`, which fills `tally`. */
async function count(work, tally = new Tally()) {
  console.log("measuring");
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work(tally);
  const elapsedMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const { count, wrong, latencies } = tally;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  const percentiles = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1].map((
    share,
  ) => [share, at(share) * 1_000]);
  return {
    count,
    wrong,
    elapsedMs,
    cpuMicroseconds: cpu.user + cpu.system,
    latencyMicroseconds: latencies.length === 0 ? undefined : percentiles,
    rssBytes: process.memoryUsage().rss,
  };
}

async function repeat(steps, tally, forMs) {
  const end = performance.now() + forMs;
  await Promise.all(steps.map(async (step) => {
    for (let at = performance.now(); at < end;) {
      await step();
      const now = performance.now();
      if ((tally.steps++ & 15) === 0) tally.latencies.push(now - at);
      at = now;
    }
  }));
}
