// What is measured: each scenario is one kind of traffic, the same for every contender.

/**
 * `kind` says what a client does (`contenders/drive.mjs`), the numbers how much of it at once. `unit` is what the
 * figure counts; `better` whether more or less of it is.
 */
function scenario(id, kind, numbers, unit, better = "more") {
  const { connections = 1, streams = 1, bytes = 16, ...rest } = numbers;
  return { id, kind, connections, streams, bytes, unit, better, ...rest };
}

const SIZES = [["16", 16], ["1k", 1_024], ["64k", 65_536]];
const SHAPES = [[1, 1], [1, 100], [10, 100], [100, 10]];

const UNARY = SHAPES.flatMap(([connections, streams]) =>
  SIZES.map(([name, bytes]) =>
    scenario(`unary-${connections}x${streams}-${name}`, "unary", { connections, streams, bytes }, "calls/s")
  )
);

/** 10 connections of 100 streams with headers as services send them (`headers.mjs`, `load/header_script.ts`). */
function headers(id, kind, indexing) {
  return scenario(
    `headers-${id}`,
    "headers",
    { connections: 10, streams: 100, headers: kind, indexing },
    "calls/s",
  );
}

/** 10 connections of 100 streams, to handlers that await a macrotask (`contenders/macrotasks.mjs`). */
function awaits(wait, method) {
  return scenario(`await-${wait}`, "await", { connections: 10, streams: 100, wait, method }, "calls/s");
}

/** Calls of a `large` scenario: the first by itself, then the others; memory is looked at after both. */
export const LARGE_CALLS = 20;

/** The scenario `id` over TLS. */
const tls = (id, kind, numbers, unit, better) =>
  scenario(`tls-${id}`, kind, { ...numbers, tls: true }, unit, better);

/** Handshakes that are under way at a time. */
const HANDSHAKES = 8;

const large = (name, bytes) => scenario(`large-${name}`, "large", { bytes }, "MB/s");

/** Every scenario, in the order in which it is run and shown. */
export const SCENARIOS = [
  ...UNARY,
  scenario("retries-10x100-16", "unary", { connections: 10, streams: 100, retries: true }, "calls/s"),
  headers("deadline", "deadline", "go"),
  headers("production", "production", "go"),
  headers("production-literal", "production", "literal"),
  headers("five", "five", "go"),
  awaits("immediate", "afterImmediate"),
  awaits("timer", "afterTimer"),
  large("1m", 2 ** 20),
  large("16m", 16 * 2 ** 20),
  large("100m", 100 * 2 ** 20),
  scenario("download-16", "download", { bytes: 16 }, "messages/s"),
  scenario("download-64k", "download", { bytes: 65_536 }, "MB/s"),
  scenario("upload-16", "upload", { bytes: 16 }, "messages/s"),
  scenario("upload-64k", "upload", { bytes: 65_536 }, "MB/s"),
  scenario("chat-1x1", "chat", {}, "round trips/s"),
  scenario("chat-1x100", "chat", { streams: 100 }, "round trips/s"),
  scenario("echo-1x64", "echo", { bytes: 64 }, "round trips/s"),
  scenario("echo-50x64", "echo", { connections: 50, bytes: 64 }, "round trips/s"),
  scenario("echo-1x64k", "echo", { bytes: 65_536 }, "MB/s"),
  scenario("sync-16", "sync", {}, "calls/s"),
  scenario("sync-spin-16", "sync-spin", {}, "calls/s"),
  scenario("connect", "connect", {}, "connections/s"),
  scenario("start", "start", {}, "ms", "less"),
  scenario("idle-connections-1000", "idle", { connections: 1_000 }, "KiB each", "less"),
  scenario("idle-connections-4000", "idle", { connections: 4_000 }, "KiB each", "less"),
  scenario("idle-connections-10000", "idle", { connections: 10_000 }, "KiB each", "less"),
  scenario("idle-streams-1000", "idle", { streams: 1_000 }, "KiB each", "less"),
  scenario("idle-streams-10000", "idle", { streams: 10_000 }, "KiB each", "less"),
  scenario("paced-10000", "paced", { connections: 10_000 }, "KiB each", "less"),
  tls("unary-1x1-16", "unary", {}, "calls/s"),
  tls("unary-10x100-16", "unary", { connections: 10, streams: 100 }, "calls/s"),
  tls("download-64k", "download", { bytes: 65_536 }, "MB/s"),
  tls("upload-64k", "upload", { bytes: 65_536 }, "MB/s"),
  tls("connect-full", "handshake", { connections: HANDSHAKES }, "connections/s"),
  tls("connect-resumed", "handshake", { connections: HANDSHAKES, resumed: true }, "connections/s"),
  tls("idle-connections-2000", "idle", { connections: 2_000 }, "KiB each", "less"),
];

const WORDS = {
  unary: ({ connections, streams, bytes, retries }) =>
    `Unary calls of ${size(bytes)}, ${flight(connections, streams)}; the server answers with the request${
      retries ? ". The service config has a retry policy and throttling, and no call fails" : ""
    }`,
  headers: (scenario) =>
    `Unary calls of 16 bytes, 1,000 at a time, with headers: ${HEADER_WORDS[scenario.id]}`,
  await: ({ wait }) =>
    `Unary calls of 16 bytes, 1,000 at a time; the handler awaits ${
      wait === "timer" ? "a timer of a millisecond" : "setImmediate"
    }. "Bare await" awaits it and does nothing else`,
  large: ({ bytes }) =>
    `One unary call after another of ${
      size(bytes)
    } both ways. Peak: resident memory above what it was before, in ` +
    "messages, for the first call and for twenty",
  download: ({ bytes }) => `One call after another with a stream of answers of ${size(bytes)}`,
  upload: ({ bytes }) => `One call after another with a stream of requests of ${size(bytes)}`,
  chat: ({ connections, streams }) =>
    `Streams both ways, one message there and one back, ${flight(connections, streams)}`,
  echo: ({ connections, bytes }) =>
    `No gRPC: ${size(bytes)} there and back on ${
      connections === 1 ? "one socket" : `${connections} sockets`
    }`,
  sync: () => "Unary calls of 16 bytes that block their thread, one after another",
  "sync-spin": () =>
    "Unary calls of 16 bytes that block their thread and poll for a millisecond before they sleep",
  handshake: ({ connections, resumed }) =>
    `${connections} at a time: a new connection${
      resumed ? " that resumes an earlier session" : ", by a full handshake"
    }, one unary call, and it closes`,
  connect: () => "A new connection, one unary call, and the connection closes",
  start: () => "From the start of the process to the answer to its first call",
  idle: ({ connections, streams }) =>
    `Resident memory of the server for each of ${
      connections > 1 ? `${count(connections)} connections` : `${count(streams)} streams of one connection`
    } that were used once and are idle`,
  paced: ({ connections }) =>
    `Resident memory of the server for each of ${
      count(connections)
    } connections that make a call a second, and CPU a call`,
};

const HEADER_WORDS = {
  "headers-deadline": "a deadline, another in each",
  "headers-production":
    "deadline, traceparent, request id and one of 100 tokens of 800 bytes, 2 headers and 2 trailers back; as Go sends them, all into the table",
  "headers-production-literal": "the same, as C++ sends them, none into the table, the token never-indexed",
  "headers-five": "five that change in each call, one of them binary, and the same five back",
};

/** What the scenario `id` is, in words. */
export function describe(id) {
  const scenario = SCENARIOS.find((scenario) => scenario.id === id);
  if (scenario === undefined) return id;
  return `${scenario.tls ? "TLS: " : ""}${WORDS[scenario.kind](scenario)}`;
}

function size(bytes) {
  if (bytes >= 2 ** 20) return `${bytes / 2 ** 20} MiB`;
  return bytes >= 1_024 ? `${bytes / 1_024} KiB` : `${bytes} bytes`;
}

function count(number) {
  return number.toLocaleString("en");
}

function flight(connections, streams) {
  if (connections * streams === 1) return "one after another";
  const many = connections === 1 ? "one connection" : `${connections} connections`;
  return `${count(connections * streams)} at a time on ${many}`;
}

/** What a run without arguments measures: something of everything in under three minutes. */
export const DEFAULT_SCENARIOS = "unary-10x100-16,download-64k,start";

/** The scenarios whose id is, or begins with, one of `list`: "unary,download-64k"; "all" is every one. */
export function selectScenarios(list) {
  const wanted = list.split(",").filter((name) => name !== "");
  for (const name of wanted) {
    if (name === "all" || SCENARIOS.some(({ id }) => matches(id, name))) continue;
    const ids = SCENARIOS.map(({ id }) => id).join(" ");
    throw new Error(`Cannot measure ${JSON.stringify(name)}: scenarios are ${ids}, or a beginning of these`);
  }
  return SCENARIOS.filter(({ id }) => wanted.some((name) => name === "all" || matches(id, name)));
}

/** A whole id is no beginning: "headers-production" is not "headers-production-literal" as well. */
function matches(id, name) {
  return id === name || !SCENARIOS.some((scenario) => scenario.id === name) && id.startsWith(`${name}-`);
}
