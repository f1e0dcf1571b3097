// The soak itself: a short one passes, and its calls see wrong answers.
import "../shared_engines.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Channel, createClient, Metadata, Server, type ServiceHandlers } from "pollwire";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { peersAreRemote } from "../peers/remote.ts";
import { runtime, test } from "../harness.ts";
import { handlers, part, Soak, type SoakClient } from "./service.ts";
import { draw, KINDS } from "./traffic.ts";

test("soak: a few seconds of every kind of call pass, with a verdict", async () => {
  const script = fileURLToPath(new URL("./run.mjs", import.meta.url));
  const before = runtime === "deno" ? ["run", "-A", "--quiet"] : ["run"];
  const poller = process.env["POLLWIRE_POLLER"] || "native";
  const args = ["--minutes=0.05", "--every=1", "--rate=200", `--runtime=${runtime}`, `--poller=${poller}`];
  const [code, output] = await new Promise<[number | null, string]>((resolve) => {
    const child = spawn(process.execPath, [...before, script, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => output += String(text));
    child.on("close", (code) => resolve([code, output]));
  });
  assertEquals(code, 0, output);
  assertStringIncludes(output, "soak passed");
  assertStringIncludes(output, "no wrong call: 0 of ");
  for (const { name } of KINDS) assert(Number(new RegExp(`(\\d+) ${name}`).exec(output)?.[1]) > 0, output);
}, {
  timeoutMs: 60_000,
  skip: peersAreRemote ? "what it starts is not found from Wine" : undefined,
});

/** Runs `check` with a client of a server that has `broken` in place of some handlers. */
async function soaking(
  broken: Partial<ServiceHandlers<typeof Soak>>,
  check: (client: SoakClient) => Promise<void>,
): Promise<void> {
  const server = new Server();
  server.addService(Soak, { ...handlers, ...broken });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  try {
    await check(createClient(Soak, channel));
  } finally {
    channel.close();
    server.close();
  }
}

for (const { name, run } of KINDS) {
  test(`soak: ${name} are right as long as the server is`, () =>
    soaking({}, async (client) => {
      for (let number = 1; number <= 3; number++) {
        const failed = await run({ client, random: new SeededRandom(number), number });
        assertEquals(failed, ["errors", "deadlines", "aborts"].includes(name));
      }
    }));
}

const faults: Array<[kinds: string[], what: string, handlers: Partial<ServiceHandlers<typeof Soak>>]> = [
  [["unary"], "other bytes", { unary: ({ call = 0, size = 0 }) => part(call + 1, 0, size) }],
  [["downloads", "loops left early"], "parts out of order", {
    async *download({ call = 0, count = 0, size = 0 }) {
      await Promise.resolve();
      for (let place = count - 1; place >= 0; place--) yield part(call, place, size);
    },
  }],
  [["downloads"], "one part too few", {
    async *download({ call = 0, count = 0, size = 0 }) {
      await Promise.resolve();
      for (let place = 0; place < count - 1; place++) yield part(call, place, size);
    },
  }],
  [["uploads"], "a request lost", {
    async upload(requests) {
      let count = 0;
      let call = 0;
      for await (const found of requests) [call, count] = [found.call ?? 0, count + 1];
      return part(call, count - 1, 16);
    },
  }],
  [["chats"], "an answer lost", {
    async *chat(requests) {
      let place = 0;
      for await (const { call = 0, body } of requests) {
        if (place++ > 0) yield part(call, place - 1, body!.length);
      }
    },
  }],
  [["with metadata"], "no metadata", { unary: ({ call = 0, size = 0 }) => part(call, 0, size) }],
  [["with metadata"], "other metadata", {
    unary: ({ call = 0, size = 0 }, serverCall) => {
      serverCall.sendMetadata(new Metadata({ "soak-echo": "another call" }));
      return part(call, 0, size);
    },
  }],
  [["errors", "deadlines"], "an answer in place of an error", { unary: ({ call = 0 }) => part(call, 0, 0) }],
  [["aborts"], "an end before the abort", { async *download() {} }],
];
for (const [kinds, what, broken] of faults) {
  for (const name of kinds) {
    test(`soak: ${name} see ${what}`, () =>
      soaking(broken, async (client) => {
        const { run } = KINDS.find((kind) => kind.name === name)!;
        await assertRejects(() => run({ client, random: new SeededRandom(3), number: 7 }));
      }));
  }
}

test("soak: kinds are drawn by their weights", () => {
  const random = new SeededRandom(1);
  const counts = new Map(KINDS.map(({ name }) => [name, 0]));
  for (let i = 0; i < 10_000; i++) {
    const { name } = draw(random);
    counts.set(name, counts.get(name)! + 1);
  }
  for (const { name, weight } of KINDS) {
    const share = counts.get(name)! / 100;
    assert(share > weight / 2 && share < weight * 2, `${share}% are ${name}`);
  }
});
