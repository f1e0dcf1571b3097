// Certificates for tests with other implementations, in a folder of this process that goes with it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Authority, type Issued } from "../../examples/tls/authority.ts";

/** Vouches for both sides. */
export const authority = new Authority("Interop CA");
/** Vouches for nothing that anybody here trusts. */
export const rogue = new Authority("Rogue CA");
/** For servers on this machine. */
export const shown: Issued = authority.issue({
  name: "server",
  dns: ["localhost"],
  ip: ["127.0.0.1"],
});
/** What the clients' certificates are for. */
export const CLIENT = "spiffe://interop.example/client";
/** For clients. */
export const own: Issued = authority.issue({ name: "client", uri: [CLIENT] });

let folder: string | undefined;

/** A folder with ca.pem, and with server, client and rogue as .pem and .key. */
export function certificateFolder(): string {
  if (folder !== undefined) return folder;
  const made = folder = mkdtempSync(join(tmpdir(), "pollwire-interop-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  writeFileSync(join(made, "ca.pem"), authority.cert);
  const all = { server: shown, client: own, rogue: rogue.issue({ name: "rogue", uri: [CLIENT] }) };
  for (const [name, { cert, key }] of Object.entries(all)) {
    writeFileSync(join(made, `${name}.pem`), cert);
    writeFileSync(join(made, `${name}.key`), key, { mode: 0o600 });
  }
  return made;
}
