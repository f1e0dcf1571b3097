// A place for a server process: it is started, killed, frozen, drained and moved, and its log stays.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildGo, cacheFolder } from "../../.ci/grpc_toolchains.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { Relay } from "./relay.ts";

/** A server that drains has its last calls ended by then. */
const DRAIN_MS = 20_000;

/** What places have in common. */
export interface PlaceSetup {
  /** "deno", "bun" or "go". */
  readonly kind: string;
  readonly log: string;
  readonly poller: string;
  /** Where it is announced: "127.0.0.1:2379" and a prefix; without one others say where it is. */
  readonly etcd?: { readonly endpoint: string; readonly prefix: string };
}

/** See the head of this file. */
export class Place {
  /** Where its server listens, or did. */
  port = 0;
  /** The network before it: where clients connect to. */
  readonly relay = new Relay();
  /** What it is at, in a word. */
  state = "new";
  private child: ChildProcess | undefined = undefined;
  private exited: Promise<number | string | null> = Promise.resolve(0);

  constructor(readonly setup: PlaceSetup) {}

  /** Starts a server at the port of the last one, or at another: 0. */
  async start(port = this.port): Promise<void> {
    const { kind, log, poller, etcd } = this.setup;
    const args = [`--port=${port}`, `--log=${log}`];
    if (port === 0) await this.relay.open(() => this.port);
    if (kind !== "go" && etcd !== undefined) {
      args.push(`--etcd=${etcd.endpoint}`, `--prefix=${etcd.prefix}`, `--announced=${this.relay.port}`);
    }
    const [command, ...before] = commandOf(kind);
    const child = this.child = spawn(command!, [...before, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, POLLWIRE_POLLER: poller, POLLWIRE_VERBOSITY: "none" },
    });
    this.exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
    child.stdin!.on("error", () => {}); // of one that was killed
    const { value, done } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
    if (done) throw new Error(`The server on ${kind} ended with ${await this.exited} before it listened`);
    this.port = Number(value.split(" ")[1]);
    this.state = "up";
  }

  /** Sends a signal: SIGKILL, SIGSTOP, SIGCONT. */
  async signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    process.kill(this.child!.pid!, signal);
    this.state = { SIGKILL: "down", SIGSTOP: "frozen", SIGCONT: "up" }[signal];
    if (signal === "SIGKILL") await this.exited;
  }

  /** Has it finish its calls and end. Throws where it does not. */
  async drain(): Promise<void> {
    this.state = "draining";
    this.child!.stdin!.write("drain\n");
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => limit = setTimeout(() => resolve("late"), DRAIN_MS));
    const how = await Promise.race([this.exited, late]);
    clearTimeout(limit);
    this.state = "down";
    if (how === 0) return;
    if (how === "late") await this.signal("SIGKILL");
    throw new Error(`the server on ${this.setup.kind}, which was to drain, was ${how}`);
  }

  /** Ends it at once, if it runs. */
  async end(): Promise<void> {
    this.relay.close();
    if (this.child?.exitCode === null && this.child.signalCode === null) await this.signal("SIGKILL");
  }

  /** What its servers executed, in order. */
  executed(): Array<readonly [kind: string, id: string]> {
    if (!existsSync(this.setup.log)) return [];
    const lines = readFileSync(this.setup.log, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => line.split(" ") as [string, string]);
  }
}

function commandOf(kind: string): string[] {
  const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  if (kind !== "go") return [...runtimeCommand(kind), here("server.ts")];
  const program = `${cacheFolder()}chaos_go/server`;
  buildGo({ what: "chaos server on Go gRPC", program, source: here("go_server.go") });
  return [program];
}
