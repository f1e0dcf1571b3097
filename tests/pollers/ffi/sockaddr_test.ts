import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import process from "node:process";
import { errnoError, Sockets } from "../../../pollers/readiness/sockets.ts";
import { ENODEV } from "../../../pollers/ffi/linux_errno_table.ts";
import { Arena } from "../../../pollers/ffi/memory.ts";
import { C } from "../../../pollers/ffi/linux_layouts.ts";
import { readSockaddr, SOCKADDR_BYTES, writeSockaddr } from "../../../pollers/ffi/sockaddr.ts";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { libc, noLibc } from "./setup.ts";

const skip = noLibc;

const inet = (host: string, port: number): SocketAddress => ({
  family: host.includes(":") ? "ipv6" : "ipv4",
  host,
  port,
});
const unix = (path: string): SocketAddress => ({ family: "unix", path });
const abstract = (name: string): SocketAddress => ({ family: "unix-abstract", name });

/** An address, the bytes that C has for it, and the length. */
const LAYOUTS: ReadonlyArray<readonly [SocketAddress, string, number]> = [
  [inet("1.2.3.4", 0x5678), "0200 5678 01020304 0000000000000000", 16],
  [inet("255.255.255.255", 65_535), "0200 ffff ffffffff 0000000000000000", 16],
  [inet("::1", 80), `0a00 0050 00000000 ${"00".repeat(15)}01 00000000`, 28],
  [inet("2001:db8::ff00:42:8329", 443), "0a00 01bb 00000000 20010db8000000000000ff0000428329 00000000", 28],
  [inet("::ffff:10.0.0.1", 1), `0a00 0001 00000000 ${"00".repeat(10)}ffff0a000001 00000000`, 28],
  [inet("fe80::1%7", 9), "0a00 0009 00000000 fe800000000000000000000000000001 07000000", 28],
  [unix("/a"), "0100 2f61 00", 5],
  [unix("é"), "0100 c3a9 00", 5],
  [abstract("x"), "0100 00 78", 4],
  [abstract("a\0b\n"), "0100 00 61 00 62 0a", 7],
];

test("addresses are laid out as the kernel has them, and read back", () => {
  const memory = new Arena(SOCKADDR_BYTES).allocate(SOCKADDR_BYTES);
  for (const [address, hex, length] of LAYOUTS) {
    memory.bytes.fill(0xee); // what was there before is not seen
    assertEquals(writeSockaddr(address, memory, C, Number), length, JSON.stringify(address));
    assertEquals(toHex(memory.bytes.subarray(0, length)), hex.replaceAll(" ", ""));
    assertEquals(readSockaddr(memory, length, C), address);
  }
}, { skip });

test("an address without a name is an unnamed one, whatever lies behind its length", () => {
  const memory = new Arena(SOCKADDR_BYTES).allocate(SOCKADDR_BYTES);
  writeSockaddr(unix("/path"), memory, C, Number);
  for (const length of [0, 2]) assertEquals(readSockaddr(memory, length, C), unix(""));
}, { skip });

/** A socket bound to `at`, as the kernel names it. */
function boundAs(sockets: Sockets, at: SocketAddress): SocketAddress | undefined {
  const fd = sockets.socket(at);
  assert(fd >= 0);
  const result = sockets.bindAndListen(fd, at, false);
  const local = result === 0 ? sockets.localAddress(fd) : undefined;
  sockets.libc.close(fd);
  return local;
}

test("unix addresses come back from the kernel as they were given, up to 107 bytes", () => {
  const sockets = new Sockets(libc());
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    const longest = `${folder}/${"p".repeat(106 - folder.length)}`;
    assertEquals(new TextEncoder().encode(longest).length, 107);
    for (const path of [`${folder}/s`, `${folder}/with space é\n`, longest]) {
      assertEquals(boundAs(sockets, unix(path)), unix(path));
      assert(statSync(path).isSocket());
      sockets.removeFile(path);
      assertEquals(statSync(path, { throwIfNoEntry: false }), undefined);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (
    const name of [`pollwire ${process.pid}`, `\0${process.pid}`, `é\n\0 ${process.pid}`, "n".repeat(107)]
  ) {
    assertEquals(boundAs(sockets, abstract(name)), abstract(name));
  }
}, { skip });

test("inet addresses come back from the kernel as they were given", () => {
  const sockets = new Sockets(libc());
  const hosts = ["127.0.0.1", "0.0.0.0", "127.255.255.254", "::1", "::"];
  const here = Object.values(networkInterfaces()).flat().map((one) => one!.address);
  for (const host of hosts) {
    if (host.includes(":") && !here.includes("::1")) continue; // a machine without IPv6
    const bound = boundAs(sockets, inet(host, 0));
    assert(bound !== undefined && "port" in bound && bound.port > 0, host);
    assertEquals(bound.host, host);
  }
}, { skip });

test("a zone is an interface's name or number; the kernel gives the number", () => {
  const sockets = new Sockets(libc());
  const local = Object.entries(networkInterfaces()).flatMap(([name, all]) =>
    all!.filter(({ address }) =>
      address.startsWith("fe80:")
    ).map(({ address }) => ({ name, address }))
  )[0];
  if (local === undefined) {
    // Without a link-local address the number of loopback shows that its name was looked up.
    const memory = new Arena(SOCKADDR_BYTES).allocate(SOCKADDR_BYTES);
    writeSockaddr(inet("fe80::1%lo", 1), memory, C, (zone) =>
      sockets.libc.if_nametoindex(new TextEncoder().encode(`${zone}\0`)));
    assertEquals(readSockaddr(memory, 28, C), inet("fe80::1%1", 1));
    return;
  }
  const host = local.address.split("%")[0]!;
  const byName = boundAs(sockets, inet(`${host}%${local.name}`, 0));
  assert(byName !== undefined && "host" in byName);
  const [, number] = byName.host.split("%");
  assert(Number(number) > 0, byName.host);
  const byNumber = boundAs(sockets, inet(`${host}%${number}`, 0));
  assertEquals(byNumber !== undefined && "host" in byNumber && byNumber.host, byName.host);
}, { skip });

test("a zone that is no interface has no socket", () => {
  const sockets = new Sockets(libc());
  for (const zone of ["nope", "7e0", "0x1", "4294967296"]) {
    assertEquals(sockets.socket(inet(`::1%${zone}`, 1)), -ENODEV, zone);
  }
  for (const zone of ["lo", "1"]) {
    const fd = sockets.socket(inet(`::1%${zone}`, 1));
    assert(fd !== -ENODEV, zone);
    if (fd >= 0) sockets.libc.close(fd);
  }
  assertEquals(errnoError(-ENODEV, "connect").kind, "address-not-available");
}, { skip });

test("both sides' addresses are those that the runtime's own sockets have", async () => {
  const sockets = new Sockets(libc());
  for (const at of [inet("127.0.0.1", 0), inet("::1", 0)]) {
    const fd = sockets.socket(at);
    if (fd < 0 || sockets.bindAndListen(fd, at, false) < 0) continue; // a machine without IPv6
    const bound = sockets.localAddress(fd) as { host: string; port: number };
    const plain = connectPlain({ host: bound.host, port: bound.port });
    await new Promise((resolve) => plain.once("connect", resolve));
    const accepted = sockets.accept(fd);
    const peer = sockets.acceptedPeer();
    assertEquals(peer, inet(plain.localAddress!, plain.localPort!));
    assertEquals(sockets.localAddress(accepted), inet(plain.remoteAddress!, plain.remotePort!));
    assertEquals(sockets.peerAddress(accepted), peer);
    plain.destroy();
    for (const one of [accepted, fd]) sockets.libc.close(one);
  }
  assertEquals(sockets.localAddress(-1), undefined);
  assertEquals(sockets.peerAddress(-1), undefined);
}, { skip });
