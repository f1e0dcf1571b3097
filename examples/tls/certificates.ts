// Makes an authority and what RouteGuide's server and client show each other, in a folder: `bun certificates.ts FOLDER`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Authority } from "./authority.ts";

const folder = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
if (folder === undefined) {
  console.error("usage: certificates.ts FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const authority = new Authority("RouteGuide CA");
writeFileSync(join(folder, "ca.pem"), authority.cert);
for (
  const [file, subject] of [
    ["server", { name: "RouteGuide", dns: ["localhost"], ip: ["127.0.0.1"] }],
    ["client", { name: "traveller", uri: ["spiffe://example.org/traveller"] }],
  ] as const
) {
  const { cert, key } = authority.issue(subject);
  writeFileSync(join(folder, `${file}.pem`), cert);
  writeFileSync(join(folder, `${file}.key`), key, { mode: 0o600 });
}
console.log(`certificates of ${folder}: ca.pem, server.pem, server.key, client.pem, client.key`);
