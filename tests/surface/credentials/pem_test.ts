// PEM as files, variables and manifests have it: whatever stands around the lines, each certificate and key is found.
import { assertEquals, assertThrows } from "@std/assert";
import { Channel, createClient, Server, tls } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import type { TlsProvider } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { echo, Trial } from "../serving.ts";

const [authority, other] = [new Authority(), new Authority("Other CA")];
const shown = authority.issue({ name: "server", dns: ["localhost"] });
const own = authority.issue({ name: "client" });

/** Ways to write PEM; each gets one text or several. */
const WRITINGS: Readonly<Record<string, (...texts: string[]) => string>> = {
  "lines that end in CR and LF": (...texts) => texts.join("").replaceAll("\n", "\r\n"),
  "lines that end in CR": (...texts) => texts.join("").replaceAll("\n", "\r"),
  "spaces and tabs at the ends of lines": (...texts) => texts.join("").replaceAll("\n", " \t\n"),
  "lines that are indented": (...texts) => texts.join("").replaceAll(/^/gm, "    "),
  "empty lines between the lines": (...texts) => texts.join("").replaceAll("\n", "\n\n"),
  "files without an end of line, one behind the other": (...texts) =>
    texts.map((one) => one.trimEnd()).join(""),
  "files that begin with the mark of an octet order": (...texts) =>
    texts.map((one) => `\ufeff${one}`).join(""),
  "comments before, between and behind": (...texts) =>
    ["", ...texts, ""].join("# of nobody -- see ----\nsubject=CN = x\n"),
};

function suite({ name: provider, probe }: TlsProvider): void {
  const probed = probe();
  const leaves = { leaves: "a runtime's TLS sockets have timers that end after them" };
  const options = !probed.usable ? { skip: probed.because } : provider === "node" ? leaves : {};

  for (const [what, written] of Object.entries(WRITINGS)) {
    test(`PEM by ${provider}: ${what}`, async () => {
      const ca = written(other.cert, authority.cert);
      const identity = ({ cert, key }: typeof own) => ({
        cert: written(cert, other.cert),
        key: written(key),
        provider,
      });
      const server = new Server({ credentials: tls.server({ ...identity(shown), clientCa: ca }) });
      server.addService(Trial, echo);
      const port = await server.listen("127.0.0.1:0");
      const channel = new Channel(`localhost:${port}`, {
        credentials: tls.client({ ...identity(own), ca }),
      });
      assertEquals((await createClient(Trial, channel).one({ number: 1 })).number, 1);
      channel.close();
      await server.shutdown();
    }, options);
  }
}

suite(OPENSSL);
suite(NODE_TLS);

test("PEM by openssl: what is there instead of a certificate or a key is said, and what to do", () => {
  const provider = "openssl";
  const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  assertThrows(
    () => tls.client({ ca: own.key, provider }),
    Error,
    "ca has no certificate in PEM, or a broken one, but PRIVATE KEY: no start line",
  );
  assertThrows(
    () => tls.server({ cert: shown.cert, key: encrypted, provider }),
    Error,
    'key is no private key in PEM that is not encrypted, but ENCRYPTED PRIVATE KEY ("openssl pkey" writes keys so)',
  );
}, OPENSSL.probe().usable ? {} : { skip: "there is no OpenSSL" });
