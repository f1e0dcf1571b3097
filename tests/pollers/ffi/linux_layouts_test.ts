import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as uring from "../../../pollers/ffi/io_uring_layouts.ts";
import * as errnoTable from "../../../pollers/ffi/linux_errno_table.ts";
import * as layouts from "../../../pollers/ffi/linux_layouts.ts";
import { SOCKADDR_BYTES } from "../../../pollers/ffi/sockaddr.ts";
import { test } from "../../harness.ts";
import { compiler, libc, noLibc } from "./setup.ts";

const URING_HEADER = "/usr/include/linux/io_uring.h";

const cc = noLibc === undefined ? compiler() : undefined;
const skip = noLibc ?? (cc === undefined ? "there is no C compiler on PATH" : undefined);

/** What the C programs say: name -> number. */
const printed = new Map<string, ReadonlyMap<string, number>>();

function fromC(file = "layouts.c"): ReadonlyMap<string, number> {
  if (!printed.has(file)) printed.set(file, compileAndRun(file));
  return printed.get(file)!;
}

function compileAndRun(file: string): ReadonlyMap<string, number> {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    const source = fileURLToPath(new URL(`./${file}`, import.meta.url));
    const program = `${folder}/layouts`;
    const built = spawnSync(cc!, ["-Wall", "-Werror", "-o", program, source], { encoding: "utf8" });
    assertEquals(built.status, 0, built.stderr);
    const { stdout } = spawnSync(program, [], { encoding: "utf8" });
    return new Map(
      stdout.trim().split("\n").map((line) => {
        const [name, value] = line.split(" ");
        return [name!, Number(value)];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The numbers of `prefix` alone, without it. */
function under(prefix: string, file?: string): Record<string, number> {
  const mine = [...fromC(file)].filter(([name]) => name.startsWith(`${prefix}.`));
  return Object.fromEntries(mine.map(([name, value]) => [name.slice(prefix.length + 1), value]));
}

test("structs are laid out as a C compiler does it", () => {
  const { IOVEC, MSGHDR, POLLFD, RLIMIT, SIGSET, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN, TIMESPEC } = layouts;
  const tables = { IOVEC, MSGHDR, POLLFD, RLIMIT, SIGSET, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN, TIMESPEC };
  for (const [name, table] of Object.entries(tables)) assertEquals(table, under(name) as never, name);
  assertEquals(libc().layouts.epollEvent, under("epollEvent") as never);
  // What signatures and reads of lengths take for granted.
  assertEquals(under("sizeof"), { socklen_t: 4, size_t: 8, sa_family_t: 2, storage: SOCKADDR_BYTES });
}, { skip });

test("constants are those of the C headers", () => {
  assertEquals({ ...layouts.C } as Record<string, number>, under("C"));
}, { skip });

test("io_uring's structs and constants are those of the kernel's headers", () => {
  for (const [name, table] of Object.entries(uring)) {
    assertEquals({ ...table } as Record<string, number>, under(name, "io_uring_layouts.c"), name);
  }
}, { skip: skip ?? (existsSync(URING_HEADER) ? undefined : `there is no ${URING_HEADER}`) });

test("error numbers have the names that the C headers give them", () => {
  const errors = under("errno");
  const named = Object.entries(errnoTable).filter(([, value]) => typeof value === "number");
  for (const [name, value] of named) assertEquals(value, errors[name], name);
  const known: Record<string, number> = {};
  for (let errno = -1; errno < 4096; errno++) {
    const name = errnoTable.errnoName(errno);
    if (name !== `errno ${errno}`) known[name] = errno;
  }
  assertEquals(known, errors);
}, { skip });

test("every architecture whose layouts are known has them, and no other", () => {
  assertEquals(layouts.KNOWN_ARCHITECTURES, ["x64", "arm64"]);
  for (const name of layouts.KNOWN_ARCHITECTURES) assertEquals(typeof layouts.linuxLayouts(name), "object");
  assertEquals(layouts.linuxLayouts("ia32"), undefined);
}, { skip: process.platform === "linux" ? undefined : "the layouts are Linux's" });
