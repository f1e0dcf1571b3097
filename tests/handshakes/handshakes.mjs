// Handshakes against a server in a process of its own, half of them given up somewhere, and what the server keeps of them.
import { spawn } from "node:child_process";
import { connect as connectTcp } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../.ci/runtimes.mjs";

/** How many are under way at once. */
const AT_ONCE = 16;

/** Milliseconds in which one is over, or something is wrong. */
const LIMIT_MS = 20_000;

/** A server opens so many descriptors of its own at most while it serves: spare ones, and those of the runtime's loop. */
export const MOST_DESCRIPTORS = 8;

/** Deno shows its collector only to those who ask. */
const COLLECTABLE = { deno: ["--v8-flags=--expose-gc"] };

/** Starts a server of `kind` ("pollwire", or one of `bare.ts`), which is as `provider` and `poller` say. */
export async function startServer({ runtime, kind = "pollwire", provider, poller }) {
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL(kind === "pollwire" ? "server.ts" : "bare.ts", import.meta.url));
  const child = spawn(command, [...before, ...(COLLECTABLE[runtime] ?? []), script, provider, kind], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, POLLWIRE_POLLER: poller, POLLWIRE_VERBOSITY: "error" },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The ${kind} server on ${runtime} ended`);
    return JSON.parse(value);
  };
  return {
    port: await answer(),
    /** What it holds once garbage is collected: `Resources` of the soak. */
    resources: () => {
      child.stdin.write("\n");
      return answer();
    },
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

/** Makes `count` handshakes, every second one to its end; `done` is called after each. `random` says where others end. */
export async function handshakes(port, count, random, done = () => {}) {
  const whole = (await handshake(port)).octets;
  let next = 0;
  const one = async () => {
    while (next < count) {
      const number = next++;
      const isWhole = number % 2 === 0;
      const { isSecure } = await handshake(port, isWhole ? undefined : Math.floor(random() * whole));
      if (isWhole && !isSecure) throw new Error("A handshake that was not given up was not completed");
      done();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/**
 * One handshake over a connection that is cut after `octets` of both directions; without them it is ended after the server's
 * first plaintext. Gives how far it came.
 */
function handshake(port, octets = Infinity) {
  const socket = connectTcp(port, "127.0.0.1");
  let passed = 0;
  const pass = (bytes) => {
    const part = bytes.subarray(0, octets - passed);
    passed += part.length;
    return part;
  };
  const cut = () => {
    if (passed < octets) return;
    // Some end as closed programs do, and some as those that are killed.
    if (octets % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  };
  const wire = new Duplex({
    read() {},
    write(bytes, _encoding, written) {
      socket.write(pass(bytes), () => written());
      cut();
    },
    final: (finished) => socket.end(finished),
  });
  let isSecure = false;
  const secure = connectTls({ socket: wire, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  secure.on("error", () => {});
  secure.once("data", () => {
    isSecure = true;
    secure.end();
  });
  socket.on("data", (bytes) => {
    wire.push(pass(bytes));
    cut();
  });
  socket.on("end", () => wire.push(null));
  socket.on("error", () => {});
  socket.on("connect", cut);
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`A handshake was not over after ${LIMIT_MS} ms, and ${passed} octets`));
    }, LIMIT_MS);
    socket.on("close", () => {
      clearTimeout(limit);
      secure.destroy();
      wire.destroy();
      resolve({ isSecure, octets: passed });
    });
  });
}
