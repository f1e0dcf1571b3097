// Run by contract/starved.ts in a process of its own with few descriptors: uses them up twice, and says what happens.
import { closeSync, existsSync, openSync, readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import {
  createEngine,
  type Endpoint,
  type IoError,
  parseTarget,
  type SocketAddress,
} from "../../../pollers/mod.ts";
import { runtime } from "../../harness.ts";
import { PlainSocket } from "../plain_peer.ts";
import { connect, readExactly, sleep, until, write } from "../promised.ts";
import { callsLinux } from "../powers.ts";

const [, , poller, options, target] = process.argv;
process.on("SIGUSR2", () => {}); // Deno opens what signals need a moment after its start, and dies where it cannot

const engine = createEngine(poller, JSON.parse(options!));
const accepted: Endpoint[] = [];
const pauses: string[] = [];
let ended = false;
let logged = 0;
console.error = (text: string) => logged += text.includes("thrown while no descriptor is left") ? 1 : 0;
const listener = engine.listen(
  {
    onAcceptPaused: (error) => {
      pauses.push(`${error.kind} ${error.syscall} ${error.code}`);
      throw new Error("thrown while no descriptor is left"); // and logged then, for which Deno wants one
    },
  },
  (endpoint) => accepted.push(endpoint),
  () => ended = true,
);
const wanted = parseTarget(target!) as SocketAddress;
const bound = await listener.bind(wanted);
if (!bound.ok) throw new Error(bound.error.message);
listener.start();
const at = "port" in wanted ? { ...wanted, port: bound.value } : wanted;

const plains: PlainSocket[] = [];
const files: number[] = [];
/** Opens whatever can be opened. */
function fill(): void {
  try {
    for (;;) files.push(openSync("/dev/null", "r"));
  } catch {
    // That was all.
  }
}

/** Waits until as many descriptors are open for a while. */
async function settled(): Promise<void> {
  for (let same = 0, before = -1; same < 20; await sleep(10)) {
    const open = readdirSync("/proc/self/fd").length;
    same = open === before ? same + 1 : 0;
    before = open;
  }
}

/** Sockets that this process has a second descriptor of. */
function doubled(): number {
  const sockets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // that of the folder itself
    }
  }).filter((what) => what.startsWith("socket:"));
  return sockets.length - new Set(sockets).size;
}

/** The share of a processor that this process takes: the calmest of several spans. */
async function share(): Promise<number> {
  let least = 1;
  for (let span = 0; span < 5 && least > 0.2; span++) {
    const [before, began] = [process.cpuUsage(), performance.now()];
    await sleep(200);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000 / (performance.now() - began));
  }
  return least;
}

function words(error: IoError): string {
  return `${error.kind} ${error.code}`;
}

const client = await connect(engine, at);
await until(() => accepted.length === 1, "the first connection");
const served = accepted[0]!;
await write(client, "once");
await readExactly(served, 4);
await settled(); // a poller thread has its descriptors
// Bun's listeners need a descriptor of their own from before.
if (runtime === "bun" && !callsLinux(poller!)) await until(() => doubled() > 0, "a second descriptor");

for (let round = 1; round <= 2; round++) {
  const before = accepted.length;
  fill();
  closeSync(files.pop()!); // the next one's
  const waiting = await PlainSocket.connect(at);
  await until(() => pauses.length === round, `pause ${round}`);
  console.log(`paused once: ${pauses[round - 1]}`);
  fill(); // what the pause has set free
  await write(client, "hello");
  console.log(`established: ${new TextDecoder().decode(await readExactly(served, 5))}`);
  const taken = await share();
  console.log(taken < 0.2 ? "processor: idle" : `processor: ${taken} of one`);
  const made = await new Promise<string>((resolve) =>
    engine.connect(at, {}, (result) => resolve(result.ok ? "connected" : words(result.error)))
  );
  console.log(`connect: ${made}`);
  const found = await new Promise<string>((resolve) =>
    engine.resolver().lookup("localhost", 1, (result) => resolve(result.ok ? "found" : words(result.error)))
  );
  console.log(`lookup: ${found}`);
  console.log(pauses.length === round && accepted.length === before ? "paused once still" : `${pauses}`);
  console.log(logged === round ? "logged" : `logged ${logged} times in round ${round}`);

  for (const file of files.splice(0)) closeSync(file);
  const gone = waiting.readToEnd().then(() => "reset");
  const taking = until(() => accepted.length > before, "who waited").then(() => "accepted", () => "left");
  console.log(`who waited: ${await Promise.race([taking, gone])}`);
  const then = accepted.length;
  const next = await PlainSocket.connect(at);
  await until(() => accepted.length > then, "who comes");
  console.log("who comes: accepted");
  plains.push(waiting, next); // what closes while descriptors are used up would set some free
}

for (const endpoint of [client, ...accepted]) endpoint.close();
for (const plain of plains) plain.destroy();
listener.shutdown();
await until(() => ended, "the end of the listener");
await engine.shutdown();
console.log(at.family === "unix" && existsSync(at.path) ? "the file is left" : "closed");
process.exit(0);
