// What is written for macOS, which has never run there: against bytes and numbers of its headers, and on Linux over calls
// that have macOS' numbers.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import {
  asLinux,
  type DarwinCalls,
  FCNTL,
  fromDarwinAddress,
  openDarwinLibc,
  passesArguments,
  toDarwinAddress,
} from "../../../pollers/ffi/darwin_libc.ts";
import { DARWIN, DARWIN_ERRORS, darwinOption, linuxErrno } from "../../../pollers/ffi/darwin_layouts.ts";
import { errnoName } from "../../../pollers/ffi/linux_errno_table.ts";
import { C } from "../../../pollers/ffi/linux_layouts.ts";
import { Arena } from "../../../pollers/ffi/memory.ts";
import { readSockaddr, SOCKADDR_BYTES, writeSockaddr } from "../../../pollers/ffi/sockaddr.ts";
import { unixCaution } from "../../../pollers/ffi/unix_libc.ts";
import { describePollers, type EngineFactory, type SocketAddress } from "../../../pollers/mod.ts";
import { PollEngine } from "../../../pollers/poll/engine.ts";
import { pollingFactory } from "../../../pollers/threads/factory.ts";
import { toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import {
  Acceptor,
  connect,
  LOOPBACK,
  NOBODY,
  readExactly,
  tryConnect,
  withEngine,
  write,
} from "../promised.ts";
import { Darwin } from "./darwin.ts";
import { libc, noLibc } from "./setup.ts";

const skip = noLibc;

/** An address, and the bytes that macOS has for it: its length, its family, and the rest as Linux has it. */
const LAYOUTS: ReadonlyArray<readonly [SocketAddress, string]> = [
  [{ family: "ipv4", host: "1.2.3.4", port: 0x5678 }, "10 02 5678 01020304 0000000000000000"],
  [{ family: "ipv6", host: "::1", port: 80 }, `1c 1e 0050 00000000 ${"00".repeat(15)}01 00000000`],
  [
    { family: "ipv6", host: "fe80::1%7", port: 9 },
    "1c 1e 0009 00000000 fe800000000000000000000000000001 07000000",
  ],
  [{ family: "unix", path: "/a" }, "05 01 2f61 00"],
];

function addressMemory() {
  return new Arena(SOCKADDR_BYTES).allocate(SOCKADDR_BYTES);
}

test("macOS: addresses have their length, and their family in one byte, and are read back", () => {
  for (const [address, hex] of LAYOUTS) {
    const memory = addressMemory();
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, writeSockaddr(address, memory, C, Number), true);
    const count = length.getUint32(0, true);
    assert(toDarwinAddress(memory.bytes, count));
    assertEquals(toHex(memory.bytes.subarray(0, count)), hex.replaceAll(" ", ""));
    fromDarwinAddress(memory.bytes, length);
    assertEquals(readSockaddr(memory, length.getUint32(0, true), C), address);
  }
}, { skip });

test("macOS: a unix socket without a name has NULs for one, and abstract names there are none", () => {
  const memory = addressMemory();
  memory.bytes.set([16, C.AF_UNIX]);
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, 16, true);
  fromDarwinAddress(memory.bytes, length);
  assertEquals(readSockaddr(memory, length.getUint32(0, true), C), { family: "unix", path: "" });
  const count = writeSockaddr({ family: "unix-abstract", name: "x" }, memory, C, Number);
  assertEquals(toDarwinAddress(memory.bytes, count), false);
}, { skip });

test("macOS: the argument that is variadic is behind eight that are in registers on arm64", () => {
  assertEquals(FCNTL["x64"], ["i32", "i32", "i64"]);
  assertEquals(FCNTL["arm64"]!.length, 8 + 1);
});

test("macOS: error numbers become Linux's, and one that is unknown is none of them", () => {
  const numbers = [35, 36, 48, 54, 61, 0].map(linuxErrno);
  assertEquals(numbers, [11, 115, 98, 104, 111, 0]);
  for (const [number, name] of Object.entries(DARWIN_ERRORS)) {
    assertEquals(errnoName(linuxErrno(Number(number))), name);
  }
  assertEquals(errnoName(linuxErrno(29)), "errno 100029");
});

/** Go has what C's headers say, for macOS too. */
const GO = `${process.env.GOROOT ?? "/usr/lib/go"}/src/syscall/zerrors_darwin_arm64.go`;

test("macOS: constants and error numbers are those that Go has of its headers", () => {
  const found = [...readFileSync(GO, "utf8").matchAll(/^\t(\w+) +=\s+(?:Errno\()?(0x[0-9a-f]+|\d+)\)?$/gm)];
  const headers = new Map(found.map(([, name, value]) => [name, Number(value)]));
  for (const [name, value] of Object.entries(DARWIN)) assertEquals(value, headers.get(name), name);
  for (const [number, name] of Object.entries(DARWIN_ERRORS)) {
    const same = name === "EOPNOTSUPP" ? [45, 102] : [headers.get(name)];
    assert(same.includes(Number(number)), `${name} ${number}`);
  }
  // Linux's and macOS' alike.
  for (
    const name of ["AF_UNIX", "AF_INET", "SOCK_STREAM", "IPPROTO_TCP", "IPPROTO_IPV6", "TCP_NODELAY"] as const
  ) {
    assertEquals(C[name], headers.get(name), name);
  }
  for (const name of ["F_GETFL", "F_SETFL"] as const) assertEquals(C[name], headers.get(name), name);
}, { skip: existsSync(GO) ? undefined : "Go is not installed" });

test("macOS: an option without one there is refused", () => {
  assertEquals(darwinOption(C.IPPROTO_TCP, C.TCP_USER_TIMEOUT), undefined);
  const darwin = new Darwin(libc());
  const ours = asLinux(darwin.calls(), darwin.errno);
  assertEquals(ours.setsockopt(0, C.IPPROTO_TCP, C.TCP_USER_TIMEOUT, new Uint8Array(4), 4), -1);
  assertEquals(errnoName(ours.errno()), "ENOPROTOOPT");
}, { skip });

test("macOS: fcntl that does not get its argument is found out before anything blocks", () => {
  const darwin = new Darwin(libc());
  const calls = darwin.calls();
  assert(passesArguments(calls));
  const deaf: DarwinCalls = { ...calls, fcntl: (fd, command) => calls.fcntl(fd, command, 0) };
  assertEquals(passesArguments(deaf), false);
  const random: DarwinCalls = { ...calls, fcntl: (_, command) => command === C.F_GETFL ? 4 : 0 };
  assertEquals(passesArguments(random), false);
  assertThrows(() => calls.fcntl(0, 12, 0));
}, { skip });

/** The poll engine over macOS' numbers. */
function factory(darwin: Darwin): EngineFactory {
  const opened = { ok: true, libc: asLinux(darwin.calls(), darwin.errno) } as const;
  const open = (): typeof opened => opened;
  const pollerModule = (): URL => new URL("../../../pollers/poll/poller_worker.ts", import.meta.url);
  return pollingFactory(
    "poll",
    open,
    pollerModule,
    (system, options) => new PollEngine(system.libc, options),
  );
}

test(
  "macOS: the poll engine over its numbers echoes over TCP of both versions and unix sockets",
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
    const darwin = new Darwin(libc());
    try {
      await withEngine(factory(darwin), async (engine) => {
        const places: SocketAddress[] = [LOOPBACK, { family: "ipv6", host: "::1", port: 0 }, {
          family: "unix",
          path: `${folder}/socket`,
        }];
        for (const place of places) {
          const [acceptor, port] = await Acceptor.listen(engine, place);
          const at = "port" in place ? { ...place, port } : place;
          const ours = await connect(engine, at);
          const theirs = await acceptor.accept();
          assertEquals(ours.peer, at);
          assertEquals(theirs.local, at);
          assertEquals(theirs.peer, "port" in at ? ours.local : { family: "unix", path: "" });
          for (let times = 0; times < 3; times++) {
            assertEquals(await write(ours, "ping"), undefined);
            assertEquals(await readExactly(theirs, 4), new TextEncoder().encode("ping"));
            assertEquals(await write(theirs, "pong"), undefined);
            assertEquals(await readExactly(ours, 4), new TextEncoder().encode("pong"));
          }
          ours.close();
          theirs.close();
          await acceptor.shutdown();
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert(darwin.log.filter((line) => line === "SO_NOSIGPIPE").length >= 9, darwin.log.join());
  },
  { skip },
);

test("macOS: what fails has Linux's words: a refused connect, and an abstract name", async () => {
  await withEngine(factory(new Darwin(libc())), async (engine) => {
    const refused = await tryConnect(engine, NOBODY);
    assertEquals(refused.ok ? "" : refused.error.kind, "refused");
    const abstract = await tryConnect(engine, { family: "unix-abstract", name: "x" });
    assertEquals(abstract.ok ? "" : abstract.error.kind, "unsupported");
  });
}, { skip });

test("macOS: descriptors that are adopted raise no signal", async () => {
  const darwin = new Darwin(libc());
  await withEngine(factory(darwin), (engine) => {
    const ends = new Arena(8).allocate(8);
    assertEquals(libc().pipe2(ends.bytes, 0), 0);
    const [reads, writes] = [ends.view.getInt32(0, true), ends.view.getInt32(4, true)];
    (engine as PollEngine).adopt(reads, writes).close();
  });
  assertEquals(darwin.log, ["F_SETNOSIGPIPE", "F_SETNOSIGPIPE"]);
}, { skip });

test("macOS: poll says that it has never run there, and elsewhere nothing", () => {
  assertEquals(unixCaution("darwin"), "written for macOS but never run there");
  assertEquals(unixCaution("linux"), undefined);
  const untried: EngineFactory = {
    ...pollingFactory("untried", () => ({ ok: true }) as const, () => new URL(import.meta.url), () => {
      throw new Error("not needed here");
    }, unixCaution("darwin")),
  };
  assertEquals(describePollers([untried]), [
    { name: "untried", usable: true, caution: "written for macOS but never run there" },
  ]);
  const here = openDarwinLibc();
  assertEquals(here.ok ? "" : here.because.slice(0, 34), "it needs macOS on x64 or arm64, an");
}, { skip });
