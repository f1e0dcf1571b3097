// A server whose process never accepts and whose backlog is short, so that a connect to it hangs.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import type { SocketAddress } from "../../pollers/mod.ts";
import { peersAreRemote, startRemotePeer } from "../peers/remote.ts";

const SCRIPT = `
  const server = require("node:net").createServer();
  const path = process.argv[1];
  server.listen({ ...(path ? { path } : { host: "127.0.0.1", port: 0 }), backlog: 1 }, () => {
    require("node:fs").writeSync(1, (path || server.address().port) + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000);
    process.exit();
  });`;

/** A server that hears nothing. */
export interface DeafServer {
  readonly address: SocketAddress;
  /** Connections that the kernel still completes for it; those after them hang. */
  readonly fills: number;
  /** Ends the process; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts one, on Node: on a TCP port, or at the path of a unix socket. */
export function startDeafServer(path = ""): Promise<DeafServer> {
  if (peersAreRemote) return startRemoteDeafServer();
  const child = spawn("node", ["-e", SCRIPT, path], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    const gone = new Promise<void>((end) => child.once("close", () => end()));
    child.once("exit", (code) => reject(new Error(`The deaf server ended with ${code}`)));
    child.stdout!.once("data", (line) => {
      const kill = (): Promise<void> => {
        child.kill("SIGKILL");
        return gone;
      };
      resolve(deafServer(String(line), kill));
    });
  });
}

function startRemoteDeafServer(): Promise<DeafServer> {
  return new Promise((resolve) => {
    const peer = startRemotePeer({ source: SCRIPT }, (line) => {
      if (line.includes("\n")) resolve(deafServer(line, () => peer.kill()));
    });
  });
}

function deafServer(line: string, kill: () => Promise<void>): DeafServer {
  const address: SocketAddress = line.startsWith("/")
    ? { family: "unix", path: line.trim() }
    : { family: "ipv4", host: "127.0.0.1", port: Number(line) };
  return { address, fills: 2, kill };
}

/** Connects of this machine to `address` (IPv4) that are under way, or undefined where the system does not say. */
export function connectsUnderWay(address: SocketAddress): number | undefined {
  if (process.platform !== "linux" || peersAreRemote || !("port" in address)) return undefined;
  const port = address.port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").map((line) => line.trim().split(/\s+/));
  return rows.filter(([, , remote, state]) => state === SYN_SENT && remote?.endsWith(`:${port}`)).length;
}

/** As /proc/net/tcp has it. */
const SYN_SENT = "02";
