// Proxies that stand before servers in production: whether each is here, and how it is started, reloaded and ended.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort } from "../free_port.ts";
import { peersAreRemote } from "../peers/remote.ts";
import { recordProcess } from "../process_record.ts";
import { certificateFolder } from "./certificates.ts";
import { accepts } from "./nginx.ts";

/** Debian has them where not everybody's PATH leads. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** What a proxy is configured with. */
export interface Places {
  /** A folder of its own. */
  readonly folder: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Where the server listens. */
  readonly server: number;
  /** Another free port, for its administration. */
  readonly spare: number;
  /** It ends the client's TLS. */
  readonly endsTls: boolean;
}

/** One of them. */
export interface FrontEnd {
  readonly name: string;
  /** Why it cannot run here, or undefined. */
  readonly missing: string | undefined;
  /** The command, after its configuration was written. */
  configure(places: Places): readonly string[];
  /** Has it read its configuration again: the connections of before end as it ends them. */
  reload(child: ChildProcess, places: Places): void;
}

const file = (name: string): string => join(certificateFolder(), name);

function missing(
  command: string,
  args: readonly string[],
  has: RegExp,
  packaged: string,
): string | undefined {
  if (peersAreRemote) return "only scripts of Node are started from Wine";
  const { error, stdout, stderr } = spawnSync(command, args, { env: { PATH }, encoding: "utf8" });
  const isHere = error === undefined && has.test(stdout + stderr);
  return isHere ? undefined : `no ${command} (Debian: ${packaged})`;
}

/** Writes `text` as `name` into the folder, and gives its path. */
function written({ folder }: Places, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text.trim() + "\n");
  return path;
}

const nginx: FrontEnd = {
  name: "nginx",
  missing: missing("nginx", ["-V"], /http_v2_module/, "nginx-light"),
  configure(places) {
    const { folder, port, server, endsTls } = places;
    mkdirSync(join(folder, "logs"));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
      `${name}_temp_path ${name};`
    );
    const secured = `ssl_certificate ${file("server.pem")}; ssl_certificate_key ${file("server.key")};`;
    const user = process.getuid?.() === 0 ? "user root;" : "";
    written(
      places,
      "nginx.conf",
      `daemon off; ${user} worker_processes 1; pid nginx.pid; error_log stderr error;
      events { worker_connections 512; }
      http {
        access_log off; ${temporary.join(" ")} client_max_body_size 0;
        upstream behind { server 127.0.0.1:${server}; keepalive 16; }
        server {
          listen 127.0.0.1:${port} ${endsTls ? "ssl" : ""} http2; ${endsTls ? secured : ""}
          location / { grpc_pass grpc://behind; grpc_read_timeout 60s; }
        }
      }`,
    );
    return ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"];
  },
  reload: (child) => void child.kill("SIGHUP"),
};

const haproxy: FrontEnd = {
  name: "HAProxy",
  missing: missing("haproxy", ["-v"], /version [2-9]/, "haproxy"),
  configure(places) {
    const { folder, port, server, endsTls } = places;
    const both = written(
      places,
      "server.pem",
      readFileSync(file("server.pem"), "utf8") + readFileSync(file("server.key"), "utf8"),
    );
    const configuration = written(
      places,
      "haproxy.cfg",
      `global
        stats socket ${folder}/socket
      defaults
        mode http
        timeout connect 5s
        timeout client 60s
        timeout server 60s
      frontend front
        bind 127.0.0.1:${port} ${endsTls ? `ssl crt ${both} alpn h2` : "proto h2"}
        default_backend back
      backend back
        server one 127.0.0.1:${server} proto h2
      `,
    );
    return ["haproxy", "-W", "-f", configuration];
  },
  reload: (child) => void child.kill("SIGUSR2"),
};

const nghttpx: FrontEnd = {
  name: "nghttpx",
  missing: missing("nghttpx", ["--version"], /nghttpx/, "nghttp2-proxy"),
  configure({ port, server, endsTls, folder }) {
    return [
      "nghttpx",
      `-f127.0.0.1,${port}${endsTls ? "" : ";no-tls"}`,
      `-b127.0.0.1,${server};;proto=h2`,
      ...["--workers=1", "--errorlog-file=/dev/stderr", "--log-level=ERROR", "--conf=/dev/null"],
      `--pid-file=${folder}/pid`,
      ...(endsTls ? [file("server.key"), file("server.pem")] : []),
    ];
  },
  reload: (child) => void child.kill("SIGHUP"),
};

const caddy: FrontEnd = {
  name: "Caddy",
  missing: missing("caddy", ["version"], /\d/, "caddy"),
  configure(places) {
    const { port, server, spare, endsTls } = places;
    const configuration = written(
      places,
      "Caddyfile",
      `{
        admin 127.0.0.1:${spare}
        auto_https off
        servers {
          protocols h1 h2 h2c
        }
      }
      ${endsTls ? "https" : "http"}://localhost:${port} {
        bind 127.0.0.1
        ${endsTls ? `tls ${file("server.pem")} ${file("server.key")}` : ""}
        reverse_proxy h2c://127.0.0.1:${server}
      }
      `,
    );
    return ["caddy", "run", "--config", configuration, "--adapter", "caddyfile"];
  },
  reload(_child, { folder, spare }) {
    const args = ["reload", "--force", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
    spawn("caddy", [...args, "--address", `127.0.0.1:${spare}`], {
      env: { PATH, HOME: folder },
      stdio: "ignore",
    });
  },
};

/** All of them. */
export const FRONT_ENDS: readonly FrontEnd[] = [nginx, haproxy, nghttpx, caddy];

/** One that runs. */
export interface RunningFrontEnd {
  readonly port: number;
  reload(): void;
}

/** Starts `frontEnd` before the server on port `server`, calls `use`, and ends it. */
export async function behind(
  frontEnd: FrontEnd,
  server: number,
  use: (running: RunningFrontEnd) => Promise<void>,
  { endsTls = false } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pollwire-front-"));
  const places: Places = { folder, port: await freePort(), server, spare: await freePort(), endsTls };
  const [command, ...args] = frontEnd.configure(places);
  // A group of its own: processes that it leaves, as those of before a reload, end with it.
  const child = spawn(command!, args, {
    env: { PATH, HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  recordProcess([command, ...args].join(" "), child);
  const ended = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
  try {
    await accepts(places.port);
    await use({ port: places.port, reload: () => frontEnd.reload(child, places) });
  } finally {
    endGroup(child);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends what `child` started, where it has not ended by itself: its test says then why nothing listened. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // nobody of the group is left
  }
}
