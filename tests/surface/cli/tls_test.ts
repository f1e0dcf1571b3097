// What is made of flags of TLS: a server with certificates of an authority that no system knows.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Reflection, Server, tls } from "../../../mod.ts";
import { Authority } from "../../../examples/tls/authority.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { runtime, test } from "../../harness.ts";
import "../../shared_engines.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";

const authority = new Authority();
const shown = authority.issue({ name: "server", dns: ["shop.test"] });
const client = authority.issue({ name: "client" });
OPENSSL.probe(); // its libraries are opened once, and kept

/** A terminal that has the certificates as files. */
function withFiles(): FakeTerminal {
  const terminal = new FakeTerminal();
  const files: Record<string, string> = {
    "ca.pem": authority.cert,
    "cert.pem": client.cert,
    "key.pem": client.key,
  };
  terminal.readFile = (path) => Promise.resolve(new TextEncoder().encode(files[path]!));
  return terminal;
}

test(
  "--cacert, --servername, --cert and --key secure the connection as grpcurl's do",
  async () => {
    const server = new Server({ credentials: tls.server({ ...shown, clientCa: authority.cert }) });
    new Reflection(server);
    const target = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
    const mutual = ["-cacert", "ca.pem", "-cert", "cert.pem", "-key", "key.pem"];
    const whole = await pollwire(["list", target, ...mutual, "-servername", "shop.test"], withFiles());
    assertEquals([whole.code, whole.err], [0, ""]);
    assertStringIncludes(whole.out, "grpc.reflection.v1.ServerReflection\n");
    const named = await pollwire(["list", target, ...mutual, "-authority", "shop.test"], withFiles());
    assertEquals([named.code, named.err], [0, ""]);
    for (
      const [flags, says] of [
        [mutual, "127.0.0.1"],
        [["-cacert", "ca.pem", "-servername", "shop.test"], "certificate"],
        [["-tls", "-servername", "shop.test"], "certificate"],
      ] as const
    ) {
      const { code, out, err } = await pollwire(["list", target, ...flags], withFiles());
      assertEquals([code, out], [78, ""], flags.join(" "));
      assertStringIncludes(err, says);
    }
    const unknown = await pollwire(["list", target, "-tls", "-servername", "shop.test"], withFiles());
    assertStringIncludes(unknown.err, "\n  --cacert takes the certificate of the authority that signed it;");
    const plain = await pollwire(["list", target]);
    assertEquals(plain.code, 78);
    assertStringIncludes(plain.err, "\n  --tls connects with TLS\n");
    server.close();
  },
  runtime === "deno" && !OPENSSL.probe().usable
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {},
);

test("TLS to a server in plaintext says what can be done", async () => {
  const server = new Server();
  const target = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
  const { code, err } = await pollwire(["list", target, "-tls"]);
  assertEquals(code, 78);
  assertStringIncludes(err, "\n  --plaintext connects without TLS\n");
  server.close();
});
