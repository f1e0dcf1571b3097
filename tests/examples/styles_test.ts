// The examples of every API style, as programs: each server is called by each client, and all clients print the same.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, selectPoller } from "pollwire";
import { SYNC_WAIT } from "../../pollers/mod.ts";
import { runtime, test } from "../harness.ts";
import { Program } from "../pollers/program.ts";
import { callsLinux } from "../pollers/powers.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);

const SERVERS = [
  "route_guide/server.ts",
  "styles/queue_server.ts",
  "styles/async_server.ts",
  "styles/polled_server.ts",
  "styles/reactor_server.ts",
  "styles/octets_server.ts",
  "styles/executor_server.ts",
];
const BLOCKING_CLIENT = "styles/blocking_client.ts";
const CLIENTS = [
  "route_guide/client.ts",
  "styles/queue_client.ts",
  "styles/spin_client.ts",
  "styles/async_client.ts",
  "styles/reactor_client.ts",
  "styles/octets_client.ts",
  BLOCKING_CLIENT,
];
const PROXIES = ["proxy/proxy.ts", "proxy/reactor_proxy.ts"];
/** What others import. */
const PARTS = ["styles/executor_job.ts"];

/** For tests that run one program after another: on a busy machine each takes seconds. */
const MANY_PROGRAMS_MS = 100_000;

/** What a client prints; the lines of one whose calls run at the same time come in any order. */
const ANSWERS = [
  "GetFeature    unary             Thistle Landing at 54.58, 10.52",
  "ListFeatures  server streaming  9 features: Harbour Tower, Dawn Head, Wind Meadow, ...",
  "RecordRoute   client streaming  12 points, 12 features, 734 km",
  "RouteChat     bidirectional     3 notes sent, 1 received: windy",
];

/** What a server prints over TLS: who its clients are. */
const SERVED_TO = "(?:served to    spiffe://example.org/traveller \\(TLSv1.3, TLS_[A-Z0-9_]+\\)\n)";

const poller = selectPoller().name;

/** Where every server is called by every client. Elsewhere each has one, and each client calls one: pairs are the same. */
const EVERY_PAIR = ["native", "epoll", "iocp"];

/** Why no reactor workers run here; undefined where they do. */
const noWorkers = callsLinux(poller) || runtime === "bun"
  ? undefined
  : "Deno shares ports only with --unstable-net, and this poller hands no descriptors over";

/** Starts `use` with the port that the program at `script` listens on, and ends the program as an operator does. */
async function listening(
  script: string,
  args: readonly string[],
  use: (port: string) => Promise<void>,
): Promise<void> {
  const server = new Program(new URL(script, EXAMPLES), ["--port=0", `--poller=${poller}`, ...args]);
  let failed = true;
  try {
    await server.printed("\n");
    const [line, port] = /^listening (\d+)\n$/.exec(server.output) ?? [server.output, ""];
    await use(port!);
    const served = args.some((one) => one.startsWith("--tls")) && !args.includes("--threads=2")
      ? SERVED_TO
      : "";
    assertMatch(server.output, new RegExp(`^${line}${served}$`));
    failed = false;
  } finally {
    server.kill(failed ? "SIGKILL" : "SIGTERM");
    const { code } = await server.ended;
    if (!failed) assertEquals([script, code], [script, 0]);
  }
}

/** Runs the client at `script` to its end: it prints the answers of all methods. */
async function calls(script: string, port: string, args: readonly string[] = []): Promise<void> {
  const client = new Program(new URL(script, EXAMPLES), [`--port=${port}`, `--poller=${poller}`, ...args]);
  const { code, output } = await client.ended;
  const lines = output.split("\n").map((line) => line.trim()).filter((line) => line !== "").sort();
  if (script === BLOCKING_CLIENT && code !== 0 && !await canBlock()) {
    return assertStringIncludes(output, "Cannot call /routeguide.RouteGuide/GetFeature and block");
  }
  assertEquals([script, code, ...lines], [script, 0, ...ANSWERS]);
}

/** Whether a thread can block in the engine of this poller. */
async function canBlock(): Promise<boolean> {
  const engine = createEngine(poller);
  const can = engine.extension(SYNC_WAIT) !== undefined;
  await engine.shutdown();
  return can;
}

/** Calls `use` with the flag of a folder with certificates. */
async function secured(use: (flag: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "route-guide-"));
  try {
    await new Program(new URL("tls/certificates.ts", EXAMPLES), [folder]).ended;
    await use(`--tls=${folder}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [i, server] of SERVERS.entries()) {
  const clients = EVERY_PAIR.includes(poller) ? CLIENTS : [CLIENTS[i]!];
  test(
    `examples: ${server} is called by ${clients.length === 1 ? clients[0] : "every client"}`,
    () =>
      listening(server, [], async (port) => {
        for (const client of clients) await calls(client, port);
      }),
    { timeoutMs: MANY_PROGRAMS_MS },
  );

  test(
    `examples: ${server} serves on reactor workers`,
    () => listening(server, ["--threads=2"], (port) => calls("styles/spin_client.ts", port)),
    { skip: noWorkers },
  );
}

for (const server of SERVERS) {
  test(
    `examples: ${server} serves over TLS, in its thread and on reactor workers`,
    () =>
      secured(async (tls) => {
        await listening(server, [tls], (port) => calls("styles/spin_client.ts", port, [tls]));
        if (noWorkers !== undefined) return;
        await listening(
          server,
          [tls, "--threads=2"],
          (port) => calls("styles/reactor_client.ts", port, [tls]),
        );
      }),
    { timeoutMs: MANY_PROGRAMS_MS },
  );
}

test(
  "examples: every client calls over TLS",
  () =>
    secured((tls) =>
      listening(SERVERS[0]!, [tls], async (port) => {
        for (const client of CLIENTS) await calls(client, port, [tls]);
      })
    ),
  { timeoutMs: MANY_PROGRAMS_MS },
);

for (const proxy of PROXIES) {
  test(`examples: ${proxy} passes on the calls of a client`, () =>
    listening(
      SERVERS[0]!,
      [],
      (port) =>
        listening(proxy, [`--target=127.0.0.1:${port}`], (front) => calls("route_guide/client.ts", front)),
    ));
}

test("examples: every program takes --help, and does nothing else then", async () => {
  for (const script of [...SERVERS, ...CLIENTS, ...PROXIES]) {
    const { code, output } = await new Program(new URL(script, EXAMPLES), ["--help"]).ended;
    assertEquals([script, code, output.includes("--poller=")], [script, 0, true]);
  }
}, { timeoutMs: MANY_PROGRAMS_MS });

test("examples: there are as many servers as clients, so that each calls or is called on every poller", () => {
  assertEquals(SERVERS.length, CLIENTS.length);
});

test("examples: every file of styles/ is run, and has neither casts nor what the compiler is to ignore", () => {
  const files = readdirSync(new URL("styles/", EXAMPLES)).map((name) => `styles/${name}`).sort();
  const run = [...SERVERS, ...CLIENTS, ...PROXIES, ...PARTS].filter((path) => path.startsWith("styles/"))
    .sort();
  assertEquals(files, run);
  for (const path of files) {
    const text = readFileSync(new URL(path, EXAMPLES), "utf8");
    assert(!/@ts-|deno-lint-ignore/.test(text), `${path} has the compiler ignore something`);
    const code = text.replace(/\/\*[^]*?\*\/|\/\/.*|"[^"]*"/g, "");
    assert(!/\bas (?!const\b)|\bany\b|\w!\./.test(code), `${path} has a cast`);
  }
});
