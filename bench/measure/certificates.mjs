// Certificates of the runs over TLS: P-256, made anew for each run, in bench/results/tls.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../.ci/runtimes.mjs";

const folder = fileURLToPath(new URL("../results/tls", import.meta.url));
const script = fileURLToPath(new URL("../../examples/tls/certificates.ts", import.meta.url));
let isMade = false;

/** The flag that servers and clients take: a folder with ca.pem, server.pem and server.key. */
export function certificatesFlag() {
  if (!isMade) {
    const [command, ...args] = [...runtimeCommand("bun"), script, folder];
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`No certificates could be made: ${stderr}`);
    isMade = true;
  }
  return `--tls=${folder}`;
}
