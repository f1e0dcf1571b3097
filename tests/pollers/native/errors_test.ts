import { assertEquals } from "@std/assert";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { toIoError, toOpenError } from "../../../pollers/native/errors.ts";
import { test } from "../../harness.ts";

const AT: SocketAddress = { family: "ipv4", host: "127.0.0.1", port: 80 };
const refused = Object.assign(new Error("said the runtime"), { name: "NotCapable" });

test("errors of runtimes: what Deno does not permit is of kind permission, in its words", () => {
  for (const error of [toIoError(refused, "read", AT), toOpenError(refused, "connect", AT)]) {
    assertEquals([error.kind, error.code], ["permission", undefined]);
    assertEquals(error.message.endsWith("said the runtime"), true);
  }
});

test("errors of runtimes: the system's code stands, else what the table has for the code or the name", () => {
  const codes = { OWN_CODE: "EPIPE", OwnName: "ECONNRESET" };
  const codeOf = (properties: object) =>
    toIoError(Object.assign(new Error("x"), properties), "read", AT, codes).code;
  assertEquals(codeOf({ code: "ECONNREFUSED", name: "OwnName" }), "ECONNREFUSED");
  assertEquals(codeOf({ code: "OWN_CODE" }), "EPIPE");
  assertEquals(codeOf({ name: "OwnName" }), "ECONNRESET");
  assertEquals(codeOf({}), undefined);
});

test("errors of runtimes: what opens a descriptor has a code of its own where the runtime gives none", () => {
  assertEquals(toOpenError({}, "getaddrinfo", AT, "ENOTFOUND").code, "ENOTFOUND");
  assertEquals(toOpenError({ code: "EACCES" }, "getaddrinfo", AT, "ENOTFOUND").code, "EACCES");
});
