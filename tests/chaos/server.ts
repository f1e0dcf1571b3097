// A server of a chaos run: a process that may end at any moment, so what it executes stands in its log before it answers.
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { announce, Server } from "pollwire";
import { readArguments } from "../../.ci/arguments.mjs";
import { Chaos, handlers, SERVER } from "./service.ts";

const { port, log, etcd, prefix, announced } = readArguments("A server of a chaos run", {
  port: [0, "where it listens"],
  log: ["", "its log"],
  etcd: ["", "where it is announced"],
  prefix: ["", "and as what"],
  announced: [0, "the port that clients connect to"],
});

const server = new Server(SERVER);
server.addService(
  Chaos,
  handlers(
    (kind, id) => appendFileSync(log, `${kind} ${id}\n`),
    async () => void await sleep(Math.random() * 10),
  ),
);
const at = await server.listen(`127.0.0.1:${port}`);
if (etcd !== "") {
  const addresses = [`127.0.0.1:${announced}`];
  announce(server, { etcd: { endpoints: [etcd] }, prefix, addresses, ttlMs: 2_000 });
}
console.log(`listening ${at}`);
process.stdin.on("data", () => void server.shutdown().then(() => process.exit(0)));
process.stdin.on("end", () => process.exit(0));
