// Every attack that needs no more than a moment, against a server of this runtime and poller: an honest client beside it
// has no call that fails, and memory stays within a bound. `npm run attack` runs all of them for longer.
import { assertEquals } from "@std/assert";
import process from "node:process";
import { runtime, test } from "../harness.ts";
import { nodeMissing } from "../peers/processes.ts";
import { ATTACKS } from "./list.mjs";
import { aloneRate, runAttack, startHonest, startServer } from "./stage.mjs";

/** What holds on a machine that does other things as well. */
const BOUNDS = { memoryMb: 300, share: 0.05, p99Ms: 3_000 };

/** Milliseconds of an attack that does not end by itself. */
const ATTACK_MS = 120;

/** These take seconds, or gigabytes: thousands of connections, and messages of megabytes. */
const LONG = [
  "unread-",
  "decode-",
  "gzip-requests",
  "gzip-bomb",
  "idle-",
  "half-prefaces",
  "headers-without-end",
  "tls-half",
  "tls-idle",
];

const SERVICE = "/attack.Target/*";

test(
  "hostile peers: beside each attack an honest client's calls succeed, and memory is bounded",
  async () => {
    const server = await startServer(runtime, process.env.POLLWIRE_POLLER || "native");
    const honest = await startHonest(server.target, SERVICE.replace("*", "Unary"));
    const fallen: string[] = [];
    try {
      const alone = await aloneRate(honest);
      for (const attack of ATTACKS) {
        if (LONG.some((name) => attack.name.startsWith(name))) continue;
        const seconds = attack.name === "mass-cancel" ? 4 : ATTACK_MS / 1_000; // which ends by itself after one
        const short = { ...attack, seconds, bounds: { ...attack.bounds, ...BOUNDS } };
        const { fell } = await runAttack(short, { ...server, service: SERVICE, honest, alone, seconds });
        if (fell !== undefined) fallen.push(`${attack.name}: ${fell}`);
      }
    } finally {
      await honest.stop();
      await server.stop();
    }
    assertEquals(fallen, []);
  },
  {
    skip: nodeMissing,
    leaves: "sockets that attackers have destroyed close after the test",
    timeoutMs: 60_000,
  },
);
