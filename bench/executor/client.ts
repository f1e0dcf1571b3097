// Makes light calls at fixed times, and heavy ones beside them; prints how long the light ones took, as JSON.
//
// A call's time counts from when it was due, so that calls which wait for the one before are not left out.
import process from "node:process";
import { Channel, createClient } from "../../mod.ts";
import { Mixed } from "./service.ts";

const [port, seconds, heavyMs, heavyEveryMs] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const LIGHT_EVERY_MS = 5;
const WARM_UP_MS = 500;

const channel = new Channel(`127.0.0.1:${port}`);
const client = createClient(Mixed, channel);
const times: number[] = [];
const calls: Promise<unknown>[] = [client.heavy({ ms: 1 }), client.light({ ms: 0 })];
await Promise.all(calls);
const start = performance.now();
const end = WARM_UP_MS + seconds * 1_000;
let light = 0;
let heavy = 0;
for (let now = 0; now < end; now = performance.now() - start) {
  for (; light <= now; light += LIGHT_EVERY_MS) {
    const due = light;
    calls.push(
      client.light({ ms: 0 }).then(() => {
        if (due > WARM_UP_MS) times.push(performance.now() - start - due);
      }),
    );
  }
  for (; heavy <= now; heavy += heavyEveryMs) calls.push(client.heavy({ ms: heavyMs }));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await Promise.all(calls);
channel.close();
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(share * (times.length - 1))];
console.log(JSON.stringify({ calls: times.length, p50: at(0.5), p99: at(0.99) }));
