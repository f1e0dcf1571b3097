// Starts the server of a fault as a process of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { runtime } from "../harness.ts";
import type { Namespace } from "./namespace.ts";

/** Starts the server, in `namespace` where there is one: its port, and how it ends. */
export async function startServer(
  poller: string,
  namespace?: Namespace,
): Promise<{ readonly port: number; end(): Promise<void> }> {
  const program = fileURLToPath(new URL("./server.ts", import.meta.url));
  const host = namespace?.host ?? "127.0.0.1";
  const [command, ...rest] = [
    ...namespace?.command ?? [],
    ...runtimeCommand(runtime),
    program,
    `--poller=${poller}`,
    `--host=${host}`,
  ];
  const child = spawn(command!, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (bytes: Uint8Array) => {
      const found = new TextDecoder().decode(bytes).match(/port (\d+)/);
      if (found !== null) resolve(Number(found[1]));
    });
    child.on("exit", (code) => reject(new Error(`The server ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return { port, end: () => (child.stdin.end(), ended) };
}
