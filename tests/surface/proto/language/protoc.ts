// The real protoc, where it is installed: what it makes of files, and what it complains of.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const command = process.env["POLLWIRE_PROTOC"] || "protoc";
const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });

/** "3.21.12" or "35.1"; undefined where there is no protoc. */
export const protocVersion = /^libprotoc ([\d.]+)/.exec(stdout ?? "")?.[1];

/** Whether protoc knows editions, and says what it says since 27. */
export const isNewer = Number.parseInt(protocVersion ?? "0") >= 27;

/** Why tests that need protoc are skipped; undefined where it is there. */
export const withoutProtoc = protocVersion === undefined
  ? "protoc is not installed (Debian has it in protobuf-compiler)"
  : isNewer || protocVersion.startsWith("3.21.")
  ? undefined
  : `protoc ${protocVersion} is neither 3.21 nor 27 or later, whose complaints are known`;

/** Gives `body` protoc in a folder of its own, which is removed afterwards. */
export function withProtoc<T>(body: (protoc: Protoc) => T): T {
  const folder = mkdtempSync(path.join(os.tmpdir(), "pollwire-protoc-"));
  try {
    return body(new Protoc(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs protoc in a folder. */
export class Protoc {
  constructor(private readonly folder: string) {}

  /** A FileDescriptorSet of `entry` and all that it imports, or the first complaint without its full stop. */
  compile(files: Readonly<Record<string, string>>, entry: string): Uint8Array | string {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const { status, stderr } = spawnSync(
      command,
      ["--include_imports", "--descriptor_set_out=set.bin", "-I.", entry],
      { cwd: this.folder, encoding: "utf8" },
    );
    if (status === 0) return new Uint8Array(readFileSync(path.join(this.folder, "set.bin")));
    const complaint = stderr.split("\n").find((line) =>
      line.includes(": ") && !line.includes(": warning:") && !/^\[|^[WIE]\d{4} /.test(line)
    );
    return (complaint ?? stderr).replace(`${this.folder}/`, "").replace(/\.$/, "")
      .replace(" (i.e. via import option after edition 2024)", "");
  }
}
