// Starts the Node side of a real-peer test, and reads what it says.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const directory = new URL("./", import.meta.url);

/** Why Node peers cannot run here, or undefined when they can. */
export const nodeMissing: string | undefined = await findNode();

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

/** Starts the grpc-js Peer server on `port` (0: any). */
export function startGrpcJsServer(port = 0): Promise<PeerServer> {
  const child = spawnNode("grpc_js_server.mjs", [String(port)]);
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const kill = () => {
    child.kill("SIGKILL");
    return exited;
  };
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk) => {
      output += String(chunk);
      const match = /listening (\d+)/.exec(output);
      if (match) resolve({ port: Number(match[1]), kill });
    });
    child.on("exit", (code) => reject(new Error(`The grpc-js server ended with ${code} before it listened`)));
  });
}

/** Runs one scenario of `grpc_js_client.mjs` against `port`; gives the JSON it printed. */
export function runGrpcJsClient(port: number, scenario: string): Promise<Record<string, unknown>> {
  const child = spawnNode("grpc_js_client.mjs", [String(port), scenario]);
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk) => output += String(chunk));
    child.on("close", (code) => {
      const line = output.trim();
      if (code === 0 && line !== "") resolve(JSON.parse(line));
      else {reject(
          new Error(`grpc-js client, scenario ${scenario}: exit ${code}, output ${JSON.stringify(line)}`),
        );}
    });
  });
}

function spawnNode(script: string, args: string[]): ChildProcess {
  return spawn("node", [fileURLToPath(new URL(script, directory)), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}
