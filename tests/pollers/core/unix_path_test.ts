import { assert, assertEquals } from "@std/assert";
import { unixPathError } from "../../../pollers/core/unix_path.ts";
import { selectPoller, type SocketAddress } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { Acceptor, tryConnect, withEngine } from "../promised.ts";

test("unix path: 107 bytes are right, 108 are too long, as characters of several bytes too", () => {
  for (const letter of ["p", "é", "\u{1f600}"]) {
    const size = new TextEncoder().encode(letter).length;
    const fits = letter.repeat(Math.floor(107 / size)) + "p".repeat(107 % size);
    for (const [path, fine] of [[fits, true], [`${fits}p`, false]] as const) {
      for (const address of [{ family: "unix", path }, { family: "unix-abstract", name: path }] as const) {
        const error = unixPathError(address, "bind");
        assertEquals(
          [error?.kind, error?.code],
          fine ? [undefined, undefined] : ["unsupported", "ENAMETOOLONG"],
        );
      }
    }
  }
});

test("unix path: a NUL is refused in a path, and is part of an abstract name", () => {
  for (const path of ["\0name", "/tmp/a\0b", "/tmp/a\0"]) {
    const error = unixPathError({ family: "unix", path }, "connect");
    assertEquals([error?.kind, error?.code, error?.syscall], ["unsupported", "EINVAL", "connect"]);
    assertEquals(unixPathError({ family: "unix-abstract", name: path }, "connect"), undefined);
  }
  assertEquals(unixPathError({ family: "ipv4", host: "127.0.0.1", port: 1 }, "bind"), undefined);
});

test("unix path: an engine neither binds nor connects to a path with a NUL", () =>
  withEngine(selectPoller("epoll,native"), async (engine) => {
    const at: SocketAddress = { family: "unix", path: "\0pollwire" };
    const acceptor = Acceptor.create(engine);
    const bound = await acceptor.bind(at);
    const made = await tryConnect(engine, at);
    assert(!bound.ok && !made.ok);
    assertEquals([bound.error.kind, made.error.kind], ["unsupported", "unsupported"]);
    await acceptor.shutdown();
  }));
