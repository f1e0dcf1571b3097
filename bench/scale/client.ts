// One channel with many servers: what each costs, how soon they are connected, and what a change of all of them costs.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Channel, createClient, parseAddress } from "pollwire";
import type { ResolverSink } from "../../surface/channel/resolver/resolver.ts";
import { resources } from "../../tests/soak/resources.ts";
import { hostOf, Scale } from "./service.ts";

const [policy, portText, countText] = process.argv.slice(2);
const [port, count] = [Number(portText), Number(countText)];

/** Calls at once. */
const AT_ONCE = 16;
/** Calls of which each costs what is said. */
const CALLS = 20_000;

interface Collectors {
  gc?(): void;
  Bun?: { gc(isSynchronous: boolean): void };
}

async function collected(): Promise<number> {
  const { gc, Bun } = globalThis as Collectors;
  for (let i = 0; i < 3; i++) {
    await sleep(150);
    if (Bun !== undefined) Bun.gc(true);
    else gc?.();
  }
  return resources().rss;
}

/** Microseconds of CPU that this process has used. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let sink!: ResolverSink;
const servers = (first: number) =>
  Array.from({ length: count }, (_, i) => ({ addresses: [parseAddress(`${hostOf(first + i)}:${port}`)] }));
const config = policy === "ring_hash" ? { requestHashHeader: "x-key" } : {};
const makeChannel = (endpoints: ReturnType<typeof servers>) =>
  new Channel("scale:servers", {
    serviceConfig: { loadBalancingConfig: [{ [policy!]: config }] },
    resolvers: {
      scale: {
        make: (_context, given) => ({
          start: () => (sink = given).onResolved(endpoints),
          requestReresolution() {},
          resetBackoff() {},
          describeWait: () => "the servers",
          close() {},
        }),
      },
    },
  });

/** Makes `calls` calls of random keys; gives the numbers of the servers that answered, and what failed. */
async function call(channel: Channel, calls: number): Promise<{ answered: Set<number>; failed: number }> {
  const client = createClient(Scale, channel);
  const answered = new Set<number>();
  let left = calls;
  let failed = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const metadata = { "x-key": String(Math.random()) };
      await client.which({}, { metadata }).then(({ number = 0 }) => answered.add(number), () => failed++);
    }
  }));
  return { answered, failed };
}

/** Microseconds of CPU of a call of `channel`, which is used to them. */
async function cpuOfCall(channel: Channel): Promise<number> {
  await call(channel, CALLS);
  const before = cpu();
  await call(channel, CALLS);
  return (cpu() - before) / CALLS;
}

// One server alone, and the code is compiled.
const alone = makeChannel(servers(0).slice(0, 1));
const one = await cpuOfCall(alone);
alone.close();
const memory = await collected();
const { descriptors = 0 } = resources();
const connections = () => resources().descriptors! - descriptors;

let before = cpu();
let begin = performance.now();
const channel = makeChannel(servers(0));
channel.connect();
const first = call(channel, 1).then(() => performance.now() - begin);
await first;
// ring_hash connects when a call comes, and some servers have a hundredth of others' share: nine of ten will do.
const enough = policy === "ring_hash" ? 0.9 * count : count;
const reached = new Set<number>();
while (reached.size < enough) {
  for (const number of (await call(channel, count / 4)).answered) reached.add(number);
}
const connected = performance.now() - begin;
const connectCpu = cpu() - before;
const each = (await collected() - memory) / reached.size;
const many = await cpuOfCall(channel);

before = cpu();
begin = performance.now();
const isOld = (number: number): boolean => number < count;
sink.onResolved(servers(count));
let failed = 0;
for (let olds = 1; olds > 0 || connections() > count + 8;) {
  const round = await call(channel, 2 * AT_ONCE);
  failed += round.failed;
  olds = [...round.answered].filter(isOld).length;
}
const replaced = performance.now() - begin;
const replaceCpu = cpu() - before;
channel.close();

console.log(JSON.stringify({
  one,
  many,
  firstMs: await first,
  connectedMs: connected,
  connectCpu: connectCpu / reached.size,
  eachKb: each / 1_024,
  replacedMs: replaced,
  replaceCpu: replaceCpu / count,
  failed,
}));
process.exit(0);
