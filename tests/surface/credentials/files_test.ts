// Certificates in files: read again when they are replaced, in the ways in which that is done.
import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pemFiles, type TlsServerOptions } from "pollwire";
import { test } from "../../harness.ts";

/** Runs `body` with a folder of its own. */
function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "pem-files-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("certificate files: they are read once, and again when they are written or replaced", () =>
  inFolder((folder) => {
    const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(paths.cert, "cert 1");
    writeFileSync(paths.key, "key 1");
    const source = pemFiles<TlsServerOptions>({ ...paths, provider: "node" });
    const first = source();
    assertEquals(first, { cert: "cert 1", key: "key 1", provider: "node" });
    assertEquals(source() === first, true);
    writeFileSync(paths.cert, "cert 2, longer");
    assertEquals(source().cert, "cert 2, longer");
    writeFileSync(join(folder, "new.pem"), "key 2");
    renameSync(join(folder, "new.pem"), paths.key);
    assertEquals(source().key, "key 2");
  }));

test("certificate files: a folder of symbolic links is swapped at once, as Kubernetes does it", () =>
  inFolder((folder) => {
    for (const version of ["1", "2"]) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "tls.crt"), `cert ${version}`);
      writeFileSync(join(folder, version, "tls.key"), `key ${version}`);
    }
    symlinkSync("1", join(folder, "..data"));
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), join(folder, name));
    const source = pemFiles<TlsServerOptions>({
      cert: join(folder, "tls.crt"),
      key: join(folder, "tls.key"),
    });
    assertEquals(source(), { cert: "cert 1", key: "key 1" });
    symlinkSync("2", join(folder, "..new"));
    renameSync(join(folder, "..new"), join(folder, "..data"));
    assertEquals(source(), { cert: "cert 2", key: "key 2" });
  }));

test("certificate files: one that cannot be read is named", () =>
  inFolder((folder) => {
    const source = pemFiles<TlsServerOptions>({
      cert: join(folder, "none.pem"),
      key: join(folder, "none.pem"),
    });
    assertThrows(source, Error, "none.pem");
  }));
