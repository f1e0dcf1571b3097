// `npm run demo`: RouteGuide between Deno and Bun, both ways round, then unary calls a second.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { POLLERS, PORT, readArguments } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";

const CHILD_LIMIT_MS = 60_000;
const example = fileURLToPath(new URL("./route_guide/", import.meta.url));
const { poller, port, tls } = readArguments(
  "npm run demo: RouteGuide between Deno and Bun, both ways round, then unary calls a second.",
  {
    poller: [
      process.env.POLLWIRE_POLLER || "native",
      "pollers to choose from, in order: epoll,native",
      POLLERS,
    ],
    tls: [false, "over mutual TLS, with an authority and certificates that are made for it"],
    port: [0, "port of the servers, one after another; 0 for any that is free", PORT],
  },
);

ensureInstalled();
await explainPollers();
const folder = tls ? mkdtempSync(join(tmpdir(), "route-guide-")) : undefined;
const secured = folder === undefined ? [] : [`--tls=${folder}`];
if (folder !== undefined) await run("bun", "../tls/certificates.ts", [folder]);
for (const [server, client] of [["deno", "bun"], ["bun", "deno"]]) {
  console.log(`\nServer on ${server}, client on ${client}, poller ${poller}`);
  await withServer(server, (port) => run(client, "client.ts", [`--port=${port}`, ...secured]));
}
for (const runtime of ["deno", "bun"]) {
  console.log(`\nUnary calls a second, server and client on ${runtime}, two processes`);
  await withServer(
    runtime,
    (port) => run(runtime, "client.ts", [`--port=${port}`, "--unary-ms=2000", ...secured], / in flight /),
  );
}

if (folder !== undefined) rmSync(folder, { recursive: true });

/** Ends the demo where a runtime cannot use the poller, with what there is and why. */
async function explainPollers() {
  for (const runtime of ["deno", "bun"]) {
    const code = await run(runtime, "../pollers.ts", [], undefined, false);
    if (code !== 0) process.exit(code);
  }
}

/** Runs `use` against a server, which is ended in every case. */
async function withServer(runtime, use) {
  const child = start(runtime, "server.ts", [`--port=${port}`, ...secured], ["ignore", "pipe", "inherit"]);
  try {
    await use(await listeningPort(child, runtime));
  } finally {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 6_000).unref();
  }
}

function listeningPort(child, runtime) {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      for (const line of String(chunk).split("\n")) {
        if (line.startsWith("served to ")) console.log(`  ${line}`);
      }
      const match = /listening (\d+)/.exec(output);
      if (match) resolve(match[1]);
    });
    child.on("error", reject);
    child.on(
      "exit",
      (code) => reject(new Error(`The server on ${runtime} ended with ${code} before it listened`)),
    );
  });
}

/** Runs a script to its end and gives its exit code; `only` picks the lines that are shown. */
function run(runtime, script, args, only = /./, mustSucceed = true) {
  const child = start(runtime, script, args, ["ignore", "pipe", "inherit"]);
  const limit = setTimeout(() => child.kill("SIGKILL"), CHILD_LIMIT_MS);
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) if (only.test(line)) console.log(line);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      if (code === 0 || !mustSucceed) resolve(code ?? 1);
      else reject(new Error(`${script} on ${runtime} ended with ${code}`));
    });
  });
}

function start(runtime, script, args, stdio) {
  const [command, ...before] = runtimeCommand(runtime);
  return spawn(command, [...before, example + script, `--poller=${poller}`, ...args], { stdio });
}
