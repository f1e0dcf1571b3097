// `npm run attack`: hostile peers against a server, an honest client beside them, and whether the server holds.
import process from "node:process";
import {
  HOST_AND_PORT,
  POLLERS,
  POSITIVE,
  readArguments,
  refuse,
  RUNTIMES,
  WHOLE,
} from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { Progress } from "../progress.mjs";
import { ATTACKS } from "./list.mjs";
import { aloneRate, runAttack, startHonest, startServer } from "./stage.mjs";

const USAGE =
  `npm run attack: hostile peers against a server, with an honest client beside them. A server holds where the
honest client's calls succeed in time, and its memory stays within a bound. Without --target it is one of ours, started on
each poller and runtime. Attack no server that is not yours.

  npm run attack -- --name=rapid --runtime=bun --poller=epoll
  npm run attack -- --target=127.0.0.1:50051 --service=/my.Service/* --pid=4711`;

const { target, service, pid, name, runtime, poller, seconds, list } = readArguments(USAGE, {
  target: ["", "host:port of another server", HOST_AND_PORT],
  service: ["/attack.Target/*", "path of its methods; * is Unary, Slow, Download or Upload (attack.proto)"],
  pid: [0, "its process, for its memory", WHOLE],
  name: ["", "only attacks whose name contains this"],
  runtime: ["deno,bun", "runtimes of our server", RUNTIMES],
  poller: ["native,epoll", "pollers of our server", POLLERS],
  seconds: [2, "how long an attack takes, where it does not say", POSITIVE],
  list: [false, "prints the attacks, and runs none"],
});

const chosen = ATTACKS.filter((attack) => attack.name.includes(name) && !(attack.secure && target !== ""));
if (chosen.length === 0) refuse(`No attack has ${JSON.stringify(name)} in its name; --list prints them all`);
if (list) {
  for (const { name, says } of chosen) console.log(`${name.padEnd(38)} ${says}`);
  process.exit(0);
}
ensureInstalled();

const stages = target !== ""
  ? [undefined]
  : runtime.split(",").flatMap((one) => poller.split(",").map((two) => [one, two]));
const progress = new Progress("attacks", stages.length * chosen.length);
let held = 0;
const fallen = [];
for (const stage of stages) await attackAll(stage);
progress.clear();
for (const line of fallen) console.log(line);
console.log(`\n${held} held, ${fallen.length} fell`);
process.exit(fallen.length === 0 ? 0 : 1);

async function attackAll(stage) {
  const title = stage === undefined ? target : stage.join(" ");
  console.log(`\n${title}\n${"attack".padEnd(38)}    MB  calls/s   alone  p50 ms  p99 ms`);
  let server;
  let honest;
  for (const attack of chosen) {
    progress.show(`${title}: ${attack.name}`);
    try {
      server ??= stage === undefined ? given() : await startServer(...stage);
      honest ??= await startHonest(server.target, service.replace("*", "Unary"));
      const alone = await aloneRate(honest);
      const result = await runAttack(attack, { ...server, service, honest, alone, seconds });
      progress.clear();
      say(title, attack, result, alone);
      if (result.fell === undefined) continue;
    } catch (error) {
      progress.clear();
      fallen.push(`fell: ${title}: ${attack.name}: ${error.message}`);
    }
    // What it left behind is no matter to the next attack.
    honest?.stop();
    server?.stop();
    honest = server = undefined;
  }
  honest?.stop();
  server?.stop();
}

function given() {
  const at = target.lastIndexOf(":");
  const host = target.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return { target: { host, port: Number(target.slice(at + 1)) }, pid: pid || undefined, stop() {} };
}

function say(title, attack, { rate, p50, p99, memoryMb, handlers, outcome, fell }, alone) {
  progress.advance(attack.name);
  const figure = (value, width, digits = 0) =>
    (Number.isFinite(value) ? value.toFixed(digits) : "-").padStart(width);
  const figures = [
    figure(memoryMb, 5),
    figure(rate, 8),
    figure(alone, 7),
    figure(p50, 7, 1),
    figure(p99, 7, 1),
  ].join(" ");
  const ran = handlers > 0 ? `, ${handlers} handlers` : "";
  console.log(`${attack.name.padEnd(38)} ${figures}  ${outcome}${ran}`);
  if (fell === undefined) held++;
  else fallen.push(`fell: ${title}: ${attack.name}: ${fell}`);
}
