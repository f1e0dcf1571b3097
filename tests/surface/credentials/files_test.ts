// Certificates in files: read again when they are replaced, in the ways in which that is done.
import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pemFiles, type TlsServerOptions } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
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

const authority = new Authority();
/** Two versions of what a server shows. */
const [first, second] = [authority.issue({ name: "first" }), authority.issue({ name: "second" })];

test("certificate files: they are read once, and again when they are written or replaced", () =>
  inFolder((folder) => {
    const [cert, key, clientCa] = ["cert.pem", "key.pem", "ca.pem"].map((name) => join(folder, name));
    writeFileSync(cert!, first.cert);
    writeFileSync(key!, first.key);
    writeFileSync(clientCa!, "ca 1");
    for (const file of [cert!, key!, clientCa!]) utimesSync(file, 1, 1); // long ago
    const source = pemFiles<TlsServerOptions>({
      cert: cert!,
      key: key!,
      clientCa: clientCa!,
      provider: "node",
    });
    const read = source();
    assertEquals(read, { ...first, clientCa: "ca 1", provider: "node" });
    assertEquals(source() === read, true);
    writeFileSync(clientCa!, "ca 2, longer");
    utimesSync(clientCa!, 1, 1);
    assertEquals(source().clientCa, "ca 2, longer");
    writeFileSync(join(folder, "new.pem"), "ca 3, longer");
    utimesSync(join(folder, "new.pem"), 1, 1);
    renameSync(join(folder, "new.pem"), clientCa!);
    assertEquals(source().clientCa, "ca 3, longer");
    writeFileSync(clientCa!, "ca 4, longer");
    utimesSync(clientCa!, 2, 2);
    assertEquals(source().clientCa, "ca 4, longer");
  }));

test("certificate files: one that is written again within a tick of the file system's clock is read again", () =>
  inFolder((folder) => {
    const paths = { cert: "cert.pem", key: "key.pem", clientCa: "ca.pem" };
    for (const [name, file] of Object.entries(paths)) paths[name as "cert"] = join(folder, file);
    writeFileSync(paths.cert, first.cert);
    writeFileSync(paths.key, first.key);
    const source = pemFiles<TlsServerOptions>(paths);
    for (let version = 10; version < 60; version++) {
      writeFileSync(paths.clientCa, `ca ${version}`);
      assertEquals(source().clientCa, `ca ${version}`);
    }
  }));

test("certificate files: of a certificate without its key, and half of a file, the earlier pair is used", () =>
  inFolder((folder) => {
    const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(paths.cert, first.cert);
    writeFileSync(paths.key, first.key);
    const source = pemFiles<TlsServerOptions>(paths);
    const read = source();
    writeFileSync(paths.cert, second.cert.slice(0, 200));
    assertEquals(source() === read, true);
    writeFileSync(paths.cert, second.cert);
    assertEquals(source() === read, true);
    writeFileSync(paths.key, second.key);
    assertEquals(source(), second);
  }));

test("certificate files: what stays without its key is given, so that its user says what is wrong", () =>
  inFolder((folder) => {
    const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(paths.cert, first.cert);
    writeFileSync(paths.key, first.key);
    const source = pemFiles<TlsServerOptions>(paths);
    source();
    writeFileSync(paths.cert, second.cert);
    assertEquals(source(), first);
    assertEquals(source(), { cert: second.cert, key: first.key });
    writeFileSync(paths.key, second.key);
    assertEquals(source(), second);
  }));

test("certificate files: a folder of symbolic links is swapped at once, as Kubernetes does it", () =>
  inFolder((folder) => {
    for (const [version, { cert, key }] of [["1", first], ["2", second]] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "tls.crt"), cert);
      writeFileSync(join(folder, version, "tls.key"), key);
    }
    symlinkSync("1", join(folder, "..data"));
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), join(folder, name));
    const source = pemFiles<TlsServerOptions>({
      cert: join(folder, "tls.crt"),
      key: join(folder, "tls.key"),
    });
    assertEquals(source(), first);
    symlinkSync("2", join(folder, "..new"));
    renameSync(join(folder, "..new"), join(folder, "..data"));
    assertEquals(source(), second);
  }));

test("certificate files: one that cannot be read is named", () =>
  inFolder((folder) => {
    const source = pemFiles<TlsServerOptions>({
      cert: join(folder, "none.pem"),
      key: join(folder, "none.pem"),
    });
    assertThrows(source, Error, "none.pem");
  }));

test("certificate files: what names no files is said at once, and is not taken for no certificates", () => {
  for (const wrong of ["ca.pem", 5, undefined, null, ["ca.pem"]]) {
    assertThrows(() => pemFiles(wrong as never), TypeError, "give { cert: path, key: path }");
  }
  for (const wrong of [5, null, new URL("file:///ca.pem")]) {
    assertThrows(() => pemFiles({ ca: wrong } as never), TypeError, "give the path of a file");
  }
  assertEquals(pemFiles({ ca: undefined, serverName: "a" } as never)(), { ca: undefined, serverName: "a" });
});
