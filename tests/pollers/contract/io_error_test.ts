// Kinds and messages of I/O errors.
import { assertEquals } from "@std/assert";
import { endOfStream, IoError, ioErrorFromCode } from "../../../pollers/contract/io_error.ts";
import { test } from "../../harness.ts";

const AT = { family: "ipv4", host: "127.0.0.1", port: 1 } as const;

test("an error says what was tried, where, what came of it, and the system's code", () => {
  assertEquals(
    ioErrorFromCode("ECONNREFUSED", "connect", AT).message,
    "connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
  );
  assertEquals(
    ioErrorFromCode("EADDRINUSE", "bind", { family: "unix", path: "/a" }).message,
    "bind to unix:/a failed: address already in use (EADDRINUSE)",
  );
  assertEquals(
    ioErrorFromCode("ECONNRESET", "read", { family: "ipv6", host: "::1", port: 2 }).message,
    "read on [::1]:2 failed: connection reset by peer (ECONNRESET)",
  );
  assertEquals(
    ioErrorFromCode("ENOTFOUND", "getaddrinfo", { family: "dns", host: "no.such", port: 3 }).message,
    "getaddrinfo of no.such:3 failed: not found (ENOTFOUND)",
  );
  assertEquals(new IoError("closed", "write").message, "write failed: closed on this side");
  assertEquals(String(endOfStream(AT)), "read on 127.0.0.1:1 failed: end of stream");
});

test("system codes become kinds", () => {
  const kinds = {
    ECONNREFUSED: "refused",
    ECONNRESET: "reset",
    EPIPE: "reset",
    ETIMEDOUT: "timed-out",
    EHOSTUNREACH: "unreachable",
    ENETUNREACH: "unreachable",
    EADDRINUSE: "address-in-use",
    EADDRNOTAVAIL: "address-not-available",
    EACCES: "permission",
    ENOENT: "not-found",
    EAI_AGAIN: "not-found",
    EMFILE: "too-many-files",
    ENFILE: "too-many-files",
    ECANCELED: "cancelled",
    EAFNOSUPPORT: "unsupported",
    EWHATEVER: "other",
    toString: "other",
  };
  for (const [code, kind] of Object.entries(kinds)) {
    const error = ioErrorFromCode(code, "read", AT);
    assertEquals([error.kind, error.code, error.syscall, error.address], [kind, code, "read", AT]);
  }
});

test("an unknown error keeps the words it came with", () => {
  assertEquals(
    ioErrorFromCode(undefined, "accept", AT, "the roof fell in").message,
    "accept on 127.0.0.1:1 failed: the roof fell in",
  );
  assertEquals(ioErrorFromCode(undefined, "accept").message, "accept failed: unexpected error");
});
