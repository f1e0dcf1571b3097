import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import process from "node:process";
import { UsageError } from "../../../surface/cli/exit_codes.ts";
import { readHeaders } from "../../../surface/cli/connect.ts";
import { test } from "../../harness.ts";
import { pollwire } from "./fake_terminal.ts";
import { SHOP_PROTO, withShop } from "./shop.ts";

test("-H takes name and value, of -bin names base64 of either alphabet", () => {
  const metadata = readHeaders(["X-A: one", "x-a:two: 3", "empty", "x-bin: /+8=", "y-bin: _-8"]);
  assertEquals(metadata.getAll("x-a"), ["one", "two: 3"]);
  assertEquals(metadata.get("empty"), "");
  assertEquals(metadata.get("x-bin"), new Uint8Array([255, 239]));
  assertEquals(metadata.get("y-bin"), new Uint8Array([255, 239]));
  const { message } = assertThrows(() => readHeaders(["x-bin: *"]), UsageError);
  assertEquals(message, 'Cannot read -H "x-bin: *": its value is no base64');
  assertThrows(() => readHeaders(["a b: c"]), UsageError);
});

test("a header that cannot be read is said with the flag that it was given by", () =>
  withShop(async ({ target }) => {
    for (const flag of ["-H", "-rpc-header", "-reflect-header"]) {
      const { code, err } = await pollwire(["call", target, "shop.v1.Cart/Get", flag, "a b: c"]);
      assertEquals([flag, code], [flag, 2]);
      assertStringIncludes(err, `Cannot read ${flag} "a b: c": `);
    }
  }));

test("flags of TLS that do not go together are refused before anything is connected", async () => {
  for (
    const [flags, says] of [
      [["-plaintext", "-cacert", "x.pem"], "Cannot connect in plaintext"],
      [["-plaintext", "-tls"], "Cannot connect in plaintext"],
      [
        ["-insecure"],
        "`openssl s_client -alpn h2 -connect example.com:1 </dev/null | openssl x509 -out server.pem`",
      ],
      [["-cert", "x.pem"], "Cannot use --cert alone: give --cert and --key"],
      [["-key", "x.pem"], "Cannot use --key alone: give --cert and --key"],
    ] as const
  ) {
    const { code, err } = await pollwire(["health", "example.com:1", ...flags]);
    assertEquals(code, 2);
    assertStringIncludes(err, says);
  }
});

test("a file that cannot be used is a message and 1", async () => {
  const file = await pollwire(["health", "localhost:1", "-cacert", "no/such.pem"]);
  assertEquals(file.code, 1);
  assertStringIncludes(file.err, "no/such.pem");
  const noPem = await pollwire(["health", "localhost:1", "-cacert", SHOP_PROTO]);
  assertEquals(noPem.code, 1);
  assertStringIncludes(
    noPem.err,
    `error: Cannot use ${SHOP_PROTO}: it is no PEM, which begins with -----BEGIN;`,
  );
});

test("a target, a name or a poller that is none is the command line's fault: a message and 2", async () => {
  for (
    const [given, says] of [
      [["health", "a:b:c", "-plaintext"], 'Cannot parse address "a:b:c": expected "host:port"'],
      [["health", "host:99999", "-plaintext"], 'Cannot parse address "host:99999": port must be 0 to 65535'],
      [["list", "", "-plaintext"], 'Cannot parse address "": the host is empty'],
      [["bench", "host:99999", "a.B/C", "-plaintext"], "port must be 0 to 65535"],
      [["health", "localhost:1", "--authority", "a b"], "Cannot make a channel: authority is the string"],
      [["health", "localhost:1", "--servername", ""], "serverName is the string"],
      [["health", "localhost:1", "--poller=eppol"], '"eppol" is unknown'],
      [["health", "localhost:1", "--poller=native,eppol"], '"eppol" is unknown'],
      [["health", "localhost:1", "--poller="], "the list is empty"],
      [["pollers", "--poller=eppol"], '"eppol" is unknown'],
    ] as const
  ) {
    const { code, out, err } = await pollwire(given);
    assertEquals([code, out], [2, ""], given.join(" "));
    assertStringIncludes(err, says);
    assertStringIncludes(err, `\nTry: pollwire help ${given[0]}\n`);
  }
});

test("a poller that does not run here is no fault of the command line: a message and 1", async () => {
  const missing = process.platform === "win32" ? "epoll" : "iocp";
  const { code, err } = await pollwire(["health", "localhost:1", `--poller=${missing}`]);
  assertEquals([code, err.includes("Cannot select a poller")], [1, true], err);
});

test("servers of this machine are connected to in plaintext, however their address is written", async () => {
  await withShop(async ({ target }) => {
    const port = target.split(":").at(-1);
    for (
      const written of [
        `ipv4:127.0.0.1:${port}`,
        `ipv4:127.0.0.1:${port},127.0.0.1:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
        `passthrough:///127.0.0.1:${port}`,
        `dns:///LocalHost:${port}`,
      ]
    ) {
      const { code, err } = await pollwire(["health", written]);
      assertEquals([code, err], [0, ""], written);
    }
  });
});

test("0 is a limit's default, as in grpcurl", async () => {
  await withShop(async ({ target }) => {
    const limits = ["-max-time", "-connect-timeout", "-keepalive-time", "-max-msg-sz"];
    const { code, err } = await pollwire(["health", target, ...limits.flatMap((flag) => [flag, "0"])]);
    assertEquals([code, err], [0, ""]);
  });
});

test("a message above the limit of size is said with the flag that has it", () =>
  withShop(async ({ target }) => {
    const { code, err } = await pollwire(["list", target, "-max-msg-sz", "10"]);
    assertEquals(code, 72);
    assertStringIncludes(err, "\n  --max-msg-sz says how large they may be\n");
  }));
