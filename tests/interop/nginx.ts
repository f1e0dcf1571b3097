// nginx in front of a server: whether it is here, and how it is started with a folder and a port of its own.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { peersAreRemote } from "../peers/remote.ts";
import { freePort } from "../free_port.ts";

/** Debian has it where not everybody's PATH leads. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** Why it cannot run here, or undefined. */
export const nginxMissing: string | undefined = findNginx();

function findNginx(): string | undefined {
  if (peersAreRemote) return "only scripts of Node are started from Wine";
  const { error, status, stderr } = spawnSync("nginx", ["-V"], { env: { PATH }, encoding: "utf8" });
  if (error !== undefined || status !== 0) return "no nginx (Debian: nginx-light)";
  return stderr.includes("http_v2_module") ? undefined : "this nginx has no HTTP/2";
}

/** How connections before and behind nginx are made. */
export interface Passing {
  /** Further parameters of `listen`: "ssl". */
  readonly listen?: string;
  /** "grpcs" for TLS to the server. */
  readonly to?: "grpc" | "grpcs";
}

/** Starts one that passes gRPC on to `port`, with `server` among what it is told; `use` gets its port. */
export async function behindNginx(
  port: number,
  server: string,
  use: (port: number) => Promise<void>,
  passing: Passing = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pollwire-nginx-"));
  const listening = await freePort();
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "nginx.conf"), configuration(listening, port, server, passing));
  const args = ["-p", folder, "-c", "nginx.conf", "-e", "stderr"];
  const child = spawn("nginx", args, { env: { PATH }, stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("exit", () => resolve());
  });
  try {
    await accepts(listening);
    await use(listening);
  } finally {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

function configuration(listening: number, port: number, server: string, passing: Passing): string {
  const { listen = "", to = "grpc" } = passing;
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${name};`
  );
  return `
    daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr error;
    events { worker_connections 512; }
    http {
      access_log off; ${folders.join(" ")} client_max_body_size 0;
      upstream behind { server 127.0.0.1:${port}; keepalive 16; }
      server {
        listen 127.0.0.1:${listening} ${listen} http2; ${server}
        location / { grpc_pass ${to}://behind; }
      }
    }
  `;
}

/** Waits until somebody listens on `port`. */
export async function accepts(port: number): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (await tryConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Nobody listens on port ${port} after 10 s`);
}

function tryConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.on("close", () => resolve(true));
      socket.destroy();
    });
  });
}
