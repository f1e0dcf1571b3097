// Starts the Node side of a real-peer test, and reads what it says.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { recordProcess } from "../process_record.ts";
import { peersAreRemote, startRemotePeer } from "./remote.ts";

const tests = new URL("../", import.meta.url);

/** Why Node peers cannot run here, or undefined when they can. */
export const nodeMissing: string | undefined = peersAreRemote ? undefined : await findNode();

function findNode(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("node", ["--version"], { stdio: "ignore" });
    child.on("error", () => resolve("no `node` on PATH to run @grpc/grpc-js on"));
    child.on("exit", (code) => resolve(code === 0 ? undefined : `\`node --version\` ended with ${code}`));
  });
}

/** A running peer server. */
export interface PeerServer {
  readonly port: number;
  /** Kills it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Starts the grpc-js Peer server on `port` (0: any), or another script that prints "listening PORT". */
export function startGrpcJsServer(port = 0, script = "peers/grpc_js_server.mjs"): Promise<PeerServer> {
  return new Promise((resolve, reject) => {
    const peer = startPeer(script, [String(port)], (output) => {
      const match = /listening (\d+)/.exec(output);
      if (match) resolve({ port: Number(match[1]), kill: peer.kill });
    });
    void peer.ended.then(({ code }) =>
      reject(new Error(`The grpc-js server ended with ${code} before it listened`))
    );
  });
}

/** Runs one scenario of `grpc_js_client.mjs`, or of another script, against `port`; gives the JSON it printed. */
export async function runGrpcJsClient(
  port: number,
  scenario: string,
  script = "peers/grpc_js_client.mjs",
): Promise<Record<string, unknown>> {
  const { code, output } = await startPeer(script, [String(port), scenario]).ended;
  const line = output.trim();
  if (code === 0 && line !== "") return JSON.parse(line);
  throw new Error(`grpc-js client, scenario ${scenario}: exit ${code}, output ${JSON.stringify(line)}`);
}

/** A process of Node. */
interface Peer {
  readonly ended: Promise<{ code: number | null; output: string }>;
  kill(): Promise<void>;
}

/** Runs a script of tests/; `onOutput` gets everything it has printed so far, each time there is more. */
function startPeer(script: string, args: string[], onOutput: (output: string) => void = () => {}): Peer {
  if (peersAreRemote) {
    const { output, kill } = startRemotePeer({ script, args }, onOutput);
    return { ended: output.then((output) => ({ code: 0, output })), kill };
  }
  const child = spawnNode(script, args);
  recordProcess([script, ...args].join(" "), child);
  let output = "";
  child.stdout!.on("data", (chunk) => onOutput(output += String(chunk)));
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const kill = () => {
    child.kill("SIGKILL");
    return exited;
  };
  return { ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, output }))), kill };
}

function spawnNode(script: string, args: string[]): ChildProcess {
  return spawn("node", [fileURLToPath(new URL(script, tests)), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}
