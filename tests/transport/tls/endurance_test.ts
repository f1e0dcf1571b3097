// What is left of many handshakes, half of which are given up, and of a peer that does not read.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createEngine } from "../../../pollers/mod.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import type { NativePointer } from "../../../pollers/ffi/library.ts";
import { OpenSslContext } from "../../../transport/tls/openssl/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { openOpenSsl, type OpenSsl } from "../../../transport/tls/openssl/library.ts";
import { SecureEndpoint } from "../../../transport/tls/secure_endpoint.ts";
import { test } from "../../harness.ts";
import { until } from "../../surface/serving.ts";
import {
  authority,
  pattern,
  readAll,
  readExactly,
  secureClient,
  securedPair,
  secureServer,
} from "./secured_pair.ts";
import { shown, writeAll } from "./secured_pair.ts";

/** Handshakes of the test, each of which costs both sides some milliseconds; the last one leaves a session. */
const HANDSHAKES = 121;

const opened = openOpenSsl();
const options = opened.ok ? {} : { skip: opened.because };

/** What makes something of the library's that is freed later, and what frees it. */
const OWNED = [
  ["SSL_new", "SSL_free"],
  ["SSL_get1_session", "SSL_SESSION_free"],
  ["SSL_get1_peer_certificate", "X509_free"],
] as const;

/** The library, with an account of what was made of it and not freed. */
function counting(openssl: OpenSsl): { readonly openssl: OpenSsl; readonly alive: Map<string, number> } {
  const alive = new Map<string, number>();
  const counted = { ...openssl } as Record<string, unknown>;
  for (const [make, free] of OWNED) {
    alive.set(make, 0);
    counted[make] = (of: never): number => {
      const made = (openssl[make] as (of: never) => number)(of);
      if (made !== 0) alive.set(make, alive.get(make)! + 1);
      return made;
    };
    counted[free] = (one: never): void => {
      alive.set(make, alive.get(make)! - 1);
      (openssl[free] as (one: never) => void)(one);
    };
  }
  return { openssl: counted as unknown as OpenSsl, alive };
}

/** A key of 512 bits, which the library takes nowhere. */
const WEAK_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdTCCAR+gAwIBAgIUDmqQvBWf88mfGYGjpo4FMBan3twwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEd2VhazAeFw0yNjExMjcxOTU0MDVaFw0zNTAyMTMxOTU0
MDVaMA8xDTALBgNVBAMMBHdlYWswXDANBgkqhkiG9w0BAQEFAANLADBIAkEAqolZ
tdHRJb4UDLI1covgk9KRcEaRF7Pf8gZC5RtVL3zdggzDGa+kHkeq6Iipx4u6RfDm
x03x2zPsG8FbVSVkVQIDAQABo1MwUTAdBgNVHQ4EFgQU7lSGBjdgkwl11H8VsgD/
mieywdIwHwYDVR0jBBgwFoAU7lSGBjdgkwl11H8VsgD/mieywdIwDwYDVR0TAQH/
BAUwAwEB/zANBgkqhkiG9w0BAQsFAANBAIwfS+jI5QLD9Exkc31Ypd415kxG7g8G
fvCjqTMndJZvbCWJS2LbP1XBeq4oj9A8BDvo0aAWmTZ5gsWyhuRUs0o=
-----END CERTIFICATE-----
`;

test(
  "TLS by openssl: a certificate that the library refuses, of the chain too, is an error, and is freed",
  () => {
    assert(opened.ok);
    const { openssl } = opened;
    let [read, freed] = [0, 0];
    const counted: OpenSsl = {
      ...openssl,
      PEM_read_bio_X509(...given) {
        const one = openssl.PEM_read_bio_X509(...given);
        if (one !== 0) read++;
        return one;
      },
      X509_free(one) {
        freed++;
        openssl.X509_free(one);
      },
    };
    const { cert, key } = authority.issue({ name: "localhost" });
    for (const chain of [WEAK_CERTIFICATE + cert, cert + WEAK_CERTIFICATE]) {
      const identity = { cert: chain, key };
      const make = () => new OpenSslContext(counted, { identity, requireClientCertificate: false });
      assertThrows(make, Error, "cert cannot be used: ");
      assertEquals([read, freed], [2, 2]);
      [read, freed] = [0, 0];
    }
  },
  options,
);

test("TLS by openssl: nothing is left of handshakes, half of which are given up somewhere", async () => {
  assert(opened.ok);
  const { openssl, alive } = counting(opened.openssl);
  const identity = authority.issue({ name: "client" });
  const client = new OpenSslContext(openssl, { ca: authority.cert, identity });
  const server = new OpenSslContext(openssl, {
    identity: shown,
    clientCa: authority.cert,
    requireClientCertificate: true,
  });
  for (const made of alive.keys()) alive.set(made, 0); // contexts free certificates that they have read
  const engine = createEngine();
  const turn = (): Promise<void> => new Promise((resolve) => engine.run(resolve));
  let secured = 0;
  for (let i = 0; i < HANDSHAKES; i++) {
    const [a, b] = await engine.pair();
    const accepted = secureServer(engine, OPENSSL, b, undefined, server);
    const connected = new SecureEndpoint(engine, a);
    const done = new Promise<string | undefined>((resolve) => {
      connected.handshake(() => client.begin("localhost"), new SliceBuffer(), resolve);
    });
    if (i % 2 === 1) {
      for (let turns = (i >> 1) % 8; turns > 0; turns--) await turn();
    } else {
      assertEquals(await done, undefined);
      const end = await accepted as SecureEndpoint;
      assertEquals(end.security.peerCertificate!.subject, "CN=client");
      await Promise.all([writeAll(end, pattern(10)), readExactly(connected, 10)]);
      secured++;
    }
    connected.close();
    const end = await accepted;
    if (typeof end !== "string") end.close();
  }
  for (let turns = 0; turns < 3; turns++) await turn(); // what was closed is released in another one
  client.release();
  server.release();
  await engine.shutdown();
  assertEquals(secured, (HANDSHAKES + 1) / 2);
  assertEquals([...alive], OWNED.map(([make]) => [make, 0]));
}, options);

test(
  "TLS by openssl: what was established is known when the connection is gone, and is not asked of what was freed",
  async () => {
    assert(opened.ok);
    const freed = new Set<unknown>();
    const library = opened.openssl;
    const openssl: OpenSsl = {
      ...library,
      SSL_free(ssl) {
        freed.add(ssl);
        library.SSL_free(ssl);
      },
      SSL_get_version(ssl) {
        assert(!freed.has(ssl), "asked of what was freed");
        return library.SSL_get_version(ssl);
      },
    };
    const context = new OpenSslContext(openssl, { ca: authority.cert });
    const engine = createEngine();
    const turn = (): Promise<void> => new Promise((resolve) => engine.run(resolve));
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, OPENSSL, a, undefined, "localhost", context),
      secureServer(engine, OPENSSL, b),
    ]) as [SecureEndpoint, SecureEndpoint];
    client.close();
    server.close();
    while (freed.size === 0) await turn();
    const { protocol, peerCertificate } = client.security;
    assertEquals([protocol, peerCertificate!.subject], ["TLSv1.3", "CN=server"]);
    await engine.shutdown();
    context.release();
  },
  options,
);

test(
  "TLS by openssl: an open session gives back the memory of its handshake, and later that of large messages",
  async () => {
    assert(opened.ok);
    const given: Array<readonly [unknown, unknown, unknown]> = [];
    const openssl: OpenSsl = {
      ...opened.openssl,
      SSL_set_bio(ssl, incoming, outgoing) {
        given.push([ssl, incoming, outgoing]);
        opened.openssl.SSL_set_bio(ssl, incoming, outgoing);
      },
    };
    const context = new OpenSslContext(openssl, { identity: shown, requireClientCertificate: false });
    const engine = createEngine();
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, OPENSSL, a),
      secureServer(engine, OPENSSL, b, undefined, context),
    ]) as [SecureEndpoint, SecureEndpoint];
    for (let i = 0; i < 3; i++) {
      await Promise.all([writeAll(server, pattern(10)), readExactly(client, 10)]);
      await Promise.all([writeAll(client, pattern(10)), readExactly(server, 10)]);
    }
    const many = pattern(100_000);
    await Promise.all([writeAll(server, many), readExactly(client, many.length)]);
    const few = [...given];
    await until(() => given.length > few.length); // what they took, a little later
    const large = pattern(50_000);
    await Promise.all([writeAll(client, large), readExactly(server, large.length)]);
    await until(() => given.length > few.length + 1);
    const [[ssl, incoming, outgoing], [again, ...renewed]] = few as [typeof given[0], typeof given[0]];
    assertEquals([few.length, again], [2, ssl]);
    assert(!renewed.includes(incoming) && !renewed.includes(outgoing));
    client.close();
    server.close();
    await engine.shutdown();
    context.release();
  },
  options,
);

test(
  "TLS by openssl: what a peer does not read is not encrypted, and what is not wanted is not read",
  async () => {
    const engine = createEngine();
    const [client, server] = await securedPair(engine, OPENSSL);
    // 64 MB are offered in writes of 256 KB; the peer reads nothing, so the writes come to an end.
    let written = 0;
    const piece = pattern(262_144);
    let ended = false;
    const writing = (async () => {
      while (written < 2 ** 26 && !ended) {
        await writeAll(client, piece);
        written += piece.length;
      }
    })().catch(() => {});
    for (let before = -1; before !== written;) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert(written < 2 ** 25, `${written} bytes were taken of a peer that does not read`);
    // What lies in the sockets is all there is; it comes when it is wanted.
    ended = true;
    const reading = readAll(server);
    await writing;
    client.close();
    const { bytes } = await reading;
    assertEquals(bytes.length, written);
    server.close();
    await engine.shutdown();
  },
  options,
);

const SSL_CTRL_SESS_NUMBER = 20;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
const SSL_OP_NO_TICKET = 2 ** 14;

test("TLS by openssl: a server keeps no session of a client that takes none by tickets", async () => {
  assert(opened.ok);
  const library = opened.openssl;
  const contexts: NativePointer[] = [];
  const openssl: OpenSsl = {
    ...library,
    SSL_CTX_set_options(context, options) {
      contexts.push(context!);
      library.SSL_CTX_set_options(context, options + (contexts.length === 1 ? SSL_OP_NO_TICKET : 0));
    },
  };
  const client = new OpenSslContext(openssl, { ca: authority.cert });
  library.SSL_CTX_ctrl(contexts[0]!, SSL_CTRL_SET_MAX_PROTO_VERSION, 0x0303, null);
  const server = new OpenSslContext(openssl, { identity: shown, requireClientCertificate: false });
  const engine = createEngine();
  for (let i = 0; i < 3; i++) {
    const [a, b] = await engine.pair();
    const [here, there] = await Promise.all([
      secureClient(engine, OPENSSL, a, undefined, "localhost", client),
      secureServer(engine, OPENSSL, b, undefined, server),
    ]) as [SecureEndpoint, SecureEndpoint];
    await Promise.all([writeAll(there, pattern(10)), readExactly(here, 10)]);
    assertEquals([there.security.protocol, there.security.resumed], ["TLSv1.2", false]);
    const ended = readAll(there);
    here.close();
    await ended; // by close_notify, without which the library drops a session
    there.close();
    await new Promise<void>((resolve) => engine.run(() => engine.run(resolve)));
  }
  assertEquals(library.SSL_CTX_ctrl(contexts[1]!, SSL_CTRL_SESS_NUMBER, 0, null), 0);
  client.release();
  server.release();
  await engine.shutdown();
}, options);

test(
  "TLS by openssl: the second connection of a client resumes the first one's session, and is known the same",
  async () => {
    const identity = authority.issue({ name: "client", uri: ["spiffe://example/client"] });
    const client = OPENSSL.clientContext({ ca: authority.cert, identity });
    const server = OPENSSL.serverContext({
      identity: shown,
      clientCa: authority.cert,
      requireClientCertificate: true,
    });
    const engine = createEngine();
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const [a, b] = await engine.pair();
      const [here, there] = await Promise.all([
        secureClient(engine, OPENSSL, a, undefined, "localhost", client),
        secureServer(engine, OPENSSL, b, undefined, server),
      ]) as [SecureEndpoint, SecureEndpoint];
      await Promise.all([writeAll(there, pattern(10)), readExactly(here, 10)]); // tickets come before it
      const { resumed, peerCertificate } = there.security;
      seen.push([here.security.resumed, resumed, peerCertificate!.names.uri[0]]);
      const ended = readAll(there);
      here.close();
      await ended;
      there.close();
      await new Promise<void>((resolve) => engine.run(() => engine.run(resolve)));
    }
    const who = "spiffe://example/client";
    assertEquals(seen, [[false, false, who], [true, true, who], [true, true, who]]);
    client.release();
    server.release();
    await engine.shutdown();
  },
  options,
);
