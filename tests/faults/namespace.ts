// A network namespace of Linux behind a pair of virtual interfaces, whose packets can be lost. Root alone may make one.
import { execFileSync } from "node:child_process";
import process from "node:process";

/** No interface has it: who sends there sends to nobody, and is not told. */
const NOBODY = "02:00:00:00:00:99";

/** Why no namespace can be made here, or undefined. */
export function noNamespace(): string | undefined {
  if (process.platform !== "linux") return "no network namespaces: not Linux";
  if (process.getuid?.() !== 0) return "no network namespaces: not root";
  try {
    run("netns", "add", "pollwire-probe");
    run("netns", "delete", "pollwire-probe");
    return undefined;
  } catch (error) {
    return `no network namespaces: ${String((error as Error).message).split("\n").at(-1)}`;
  }
}

/** One namespace, at 10.213.INDEX.2; this side is 10.213.INDEX.1. */
export class Namespace {
  /** Its address. */
  readonly host: string;
  private readonly name: string;
  private readonly near: string;
  private readonly far: string;
  private readonly nearMac: string;
  private readonly farMac: string;

  /** `index` is from 0 to 255, and no other namespace's at the time. */
  constructor(private readonly index: number) {
    this.name = `pollwire-${index}`;
    this.near = `pwn${index}`;
    this.far = `pwf${index}`;
    this.host = `10.213.${index}.2`;
    this.close(); // of a run that was killed
    run("netns", "add", this.name);
    run("link", "add", this.near, "type", "veth", "peer", "name", this.far, "netns", this.name);
    run("address", "add", `10.213.${index}.1/30`, "dev", this.near);
    run("link", "set", this.near, "up");
    this.inside("address", "add", `${this.host}/30`, "dev", this.far);
    this.inside("link", "set", this.far, "up");
    this.nearMac = macOf(run("-o", "link", "show", this.near));
    this.farMac = macOf(this.inside("-o", "link", "show", this.far));
    this.heal();
  }

  /** What runs a command inside: put it before the command. */
  get command(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** From now on packets are lost in both directions, connection requests too, and nobody is told. */
  drop(): void {
    this.neighbours(NOBODY, NOBODY);
  }

  /** Packets arrive again. */
  heal(): void {
    this.neighbours(this.nearMac, this.farMac);
  }

  /** Removes it, where it is. */
  close(): void {
    for (const args of [["link", "delete", this.near], ["netns", "delete", this.name]]) {
      try {
        run(...args);
      } catch { /* there is none */ }
    }
  }

  private neighbours(near: string, far: string): void {
    const permanent = ["nud", "permanent"];
    run("neighbour", "replace", this.host, "lladdr", far, "dev", this.near, ...permanent);
    this.inside(
      "neighbour",
      "replace",
      `10.213.${this.index}.1`,
      "lladdr",
      near,
      "dev",
      this.far,
      ...permanent,
    );
  }

  private inside(...args: string[]): string {
    return run("-netns", this.name, ...args);
  }
}

function macOf(line: string): string {
  return line.match(/link\/ether ([0-9a-f:]+)/)![1]!;
}

function run(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
