// The example of who may call what: each client, each method, and the reason.
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { Program } from "../pollers/program.ts";

const NOBODY_DROPS =
  `drop   PERMISSION_DENIED: the server's authorization policy does not let "spiffe://example.org/front" call /shop.Orders/Drop`;
const denied = (who: string, method: string): string =>
  `${
    method.toLowerCase().padEnd(6)
  } PERMISSION_DENIED: the server's authorization policy does not let ${who} call /shop.Orders/${method}`;
const UNKNOWN = "a client without a certificate";

test("tls example: which of four clients may call what", async () => {
  const program = new Program(new URL("../../examples/tls/who_may_call.ts", import.meta.url), []);
  const { code, output } = await program.ended;
  assertEquals(output.trim().split("\n").map((line) => line.trim()), [
    "the front, with a token:",
    ...["list   OK", "place  OK", NOBODY_DROPS],
    "the front, without:",
    ...["list   OK", "place  UNAUTHENTICATED: for whom is the order? give a token", NOBODY_DROPS],
    "another service:",
    ...["list   OK", denied('"CN=other"', "Place"), denied('"CN=other"', "Drop")],
    "somebody without a certificate:",
    ...[denied(UNKNOWN, "List"), denied(UNKNOWN, "Place"), denied(UNKNOWN, "Drop")],
  ]);
  assertEquals(code, 0);
}, { timeoutMs: 60_000 });
