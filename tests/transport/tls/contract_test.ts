// What every provider of TLS does, over every engine of this machine, and with the other provider as its peer.
import process from "node:process";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { createEngine, type Endpoint, type EventEngine } from "../../../pollers/mod.ts";
import { IoError } from "../../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import type { TlsSession } from "../../../transport/tls/session.ts";
import type { TlsContext, TlsProvider, TlsServerConfig } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { SecureEndpoint } from "../../../transport/tls/secure_endpoint.ts";
import { Authority } from "../../../examples/tls/authority.ts";
import { runtime, test } from "../../harness.ts";
import {
  authority,
  pattern,
  readAll,
  readExactly,
  readLent,
  rogue,
  secureClient,
  securedPair,
  secureServer,
  shown,
  writeAll,
} from "./secured_pair.ts";

// Of a certificate by another authority than the roots node:tls on Deno says no more than that it cannot verify it.
const EXPIRED = /expired|unable to verify/i;
const NOT_YET = /not yet valid|not valid yet|unable to verify/i;

/** Runs `body` on an engine, which must have nothing open at the end. */
async function onEngine(body: (engine: EventEngine) => Promise<void>): Promise<void> {
  const engine = createEngine();
  await body(engine);
  await engine.shutdown();
}

function rules(provider: TlsProvider): void {
  const probed = provider.probe();
  const leaves = provider === NODE_TLS
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {};
  const options = probed.usable ? leaves : { skip: probed.because };
  const rule = (name: string, body: (engine: EventEngine) => Promise<void>): void =>
    test(`TLS by ${provider.name}: ${name}`, () => onEngine(body), options);

  rule("both sides know what was established", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    const { protocol, alpn, resumed, peerCertificate } = client.security;
    assertEquals([protocol, alpn, resumed], ["TLSv1.3", "h2", false]);
    assertMatch(client.security.cipher, /^TLS_/);
    assertEquals(client.security.cipher, server.security.cipher);
    assertEquals(peerCertificate!.subject, "CN=server");
    assertEquals(peerCertificate!.issuer, "CN=Test CA");
    assertEquals(peerCertificate!.names.dns, ["localhost"]);
    assertEquals(server.security.serverName, "localhost");
    assertEquals(server.security.peerCertificate, undefined);
    client.close();
    server.close();
  });

  rule("a client certificate is verified, and known to the server", async (engine) => {
    const identity = authority.issue({ name: "client", uri: ["spiffe://example/client"] });
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a, { ca: authority.cert, identity }),
      secureServer(engine, provider, b, { clientCa: authority.cert, requireClientCertificate: true }),
    ]);
    assertInstanceOf(client, SecureEndpoint);
    assertInstanceOf(server, SecureEndpoint);
    assertEquals(server.security.peerCertificate!.names.uri, ["spiffe://example/client"]);
    client.close();
    server.close();
  });

  rule("a client whose certificate cannot be read here is refused, and harms nobody", async (engine) => {
    const context = provider.serverContext({ identity: shown, requireClientCertificate: false });
    const unreadable: TlsContext = {
      begin(serverName, onProgress) {
        const session = context.begin(serverName, onProgress);
        session.security = () => {
          throw new Error("no such curve");
        };
        return session;
      },
      release: () => context.release(),
    };
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a),
      secureServer(engine, provider, b, undefined, unreadable),
    ]);
    assertEquals(server, "the peer's certificate cannot be read: no such curve");
    if (typeof client !== "string") client.close(); // with TLS 1.3 its handshake is complete before the server's
  });

  for (
    const [what, identity, required, why] of [
      ["none", undefined, true, /certificate|closed|reset/i],
      [
        "one of an authority that is not trusted",
        rogue.issue({ name: "client" }),
        true,
        /certificate|issuer|verify|signature|unknown|hang up/i,
      ],
      [
        "one of an authority that is not trusted, where none is required",
        rogue.issue({ name: "client" }),
        false,
        /certificate|issuer|verify|signature|unknown|hang up/i,
      ],
    ] as const
  ) {
    rule(`a client that shows ${what} is refused`, async (engine) => {
      const [a, b] = await engine.pair();
      const [client, server] = await Promise.all([
        secureClient(engine, provider, a, {
          ca: authority.cert,
          ...(identity === undefined ? {} : { identity }),
        }),
        secureServer(engine, provider, b, { clientCa: authority.cert, requireClientCertificate: required }),
      ]);
      assert(typeof server === "string", "the server accepted it");
      assertMatch(server, why);
      // With TLS 1.3 a client has completed its handshake when it is refused: it learns of it when it reads.
      if (typeof client === "string") return;
      const { bytes, error } = await readAll(client);
      assertEquals(bytes.length, 0);
      assert(error.kind !== "closed", error.message);
      client.close();
    });
  }

  rule("a client without a certificate is served where none is required", async (engine) => {
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a),
      secureServer(engine, provider, b, { clientCa: authority.cert, requireClientCertificate: false }),
    ]);
    assertInstanceOf(server, SecureEndpoint);
    assertEquals(server.security.peerCertificate, undefined);
    (client as SecureEndpoint).close();
    server.close();
  });

  rule("an authority that is trusted need not be a root, on either side", async (engine) => {
    const [below, beside] = [new Authority("below", authority), new Authority("beside", authority)];
    const required = { requireClientCertificate: true };
    const outcome = async (client: Authority, server: Authority): Promise<boolean[]> => {
      const [identity, other] = [server, client].map((by) => by.issue({ name: "peer", dns: ["localhost"] }));
      const [a, b] = await engine.pair();
      const ends = await Promise.all([
        secureClient(engine, provider, a, { ca: below.cert, identity: other! }),
        secureServer(engine, provider, b, { identity: identity!, clientCa: below.cert, ...required }),
      ]);
      for (const end of ends) if (typeof end !== "string") end.close();
      return ends.map((end) => typeof end !== "string");
    };
    assertEquals(await outcome(below, below), [true, true]);
    assertEquals(await outcome(below, beside), [false, false]);
    assertEquals((await outcome(beside, below))[1], false);
  });

  const HOUR_MS = 3_600_000;
  for (
    const [what, issued, serverName, why] of [
      [
        "for another host",
        authority.issue({ name: "other", dns: ["other.example"] }),
        "localhost",
        /hostname|altname/i,
      ],
      [ // RFC 9525, section 6.4: of a client's certificate it may be what the client is called
        "with the host as its common name alone",
        authority.issue({ name: "localhost", uri: ["spiffe://example/client"] }),
        "localhost",
        /hostname/i,
      ],
      [
        "with a part of a label as a pattern",
        authority.issue({ name: "other", dns: ["lo*.example"] }),
        "localhost.example",
        /hostname/i,
      ],
      [ // gRPC's core, does_entry_match_name: a pattern for all that there is below one label would be for anybody
        "with a pattern right under one label",
        authority.issue({ name: "other", dns: ["*.internal"] }),
        "service.internal",
        /hostname/i,
      ],
      [ // OpenSSL takes a dot at the beginning for every name below it
        "for a name below what is asked for with a dot before it",
        authority.issue({ name: "other", dns: ["service.many.example"] }),
        ".many.example",
        /hostname|no certificate can be checked/i,
      ],
      ...["\0", "\0.example", "service.many.example\0"].map((host) =>
        [ // where a text ends in C: OpenSSL would check nothing, or the name before it
          `for a name that has an end in it, ${JSON.stringify(host)}`,
          authority.issue({ name: "other", dns: ["service.many.example"] }),
          host,
          /hostname|no certificate can be checked/i,
        ] as const
      ),
      [
        "for another address",
        authority.issue({ name: "other", ip: ["127.0.0.2"] }),
        "127.0.0.1",
        /address|altname|hostname|ip/i,
      ],
      [
        "of an authority that is not trusted",
        rogue.issue({ name: "server", dns: ["localhost"] }),
        "localhost",
        /issuer|verify|signature|unknown|self/i,
      ],
      [
        "that has expired",
        authority.issue({
          name: "server",
          dns: ["localhost"],
          from: new Date(Date.now() - 2 * HOUR_MS),
          to: new Date(Date.now() - HOUR_MS),
        }),
        "localhost",
        EXPIRED,
      ],
      [
        "that is not valid yet",
        authority.issue({
          name: "server",
          dns: ["localhost"],
          from: new Date(Date.now() + HOUR_MS),
          to: new Date(Date.now() + 2 * HOUR_MS),
        }),
        "localhost",
        NOT_YET,
      ],
    ] as const
  ) {
    rule(`a server that shows a certificate ${what} is refused`, async (engine) => {
      const [a, b] = await engine.pair();
      const server = secureServer(engine, provider, b, { identity: issued });
      const client = await secureClient(engine, provider, a, { ca: authority.cert }, serverName)
        .catch(({ message }: Error) => { // before a handshake
          a.close();
          return message;
        });
      assert(typeof client === "string", "the client accepted it");
      assertMatch(client, why);
      const end = await server;
      if (typeof end !== "string") end.close();
    });
  }

  rule("no variable of the environment turns verification off", async (engine) => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const [a, b] = await engine.pair();
      const server = secureServer(engine, provider, b, {
        identity: rogue.issue({ name: "server", dns: ["localhost"] }),
      });
      const client = await secureClient(engine, provider, a);
      assertEquals(typeof client, "string");
      await server;
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
  });

  rule("the address of a server is no name, but its certificate has it", async (engine) => {
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a, { ca: authority.cert }, "127.0.0.1"),
      secureServer(engine, provider, b),
    ]);
    assertInstanceOf(client, SecureEndpoint);
    assertEquals((server as SecureEndpoint).security.serverName, undefined);
    client.close();
    (server as SecureEndpoint).close();
  });

  rule("bytes come whole and in order, both ways at once", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    for (const size of [1, 17, 16_384, 16_385, 300_000]) {
      const [up, down] = [pattern(size, 3), pattern(size, 5)];
      const [atServer, atClient] = await Promise.all([
        readExactly(server, size),
        readExactly(client, size),
        writeAll(client, up.subarray(0, size >> 1), up.subarray(size >> 1)),
        writeAll(server, down),
      ]);
      assertEquals(atServer, up);
      assertEquals(atClient, down);
    }
    client.close();
    server.close();
  });

  rule("a write is not done before what is below has taken it", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    const size = 16 * 1024 * 1024;
    let written = false;
    const writing = writeAll(client, pattern(size)).then(() => written = true);
    await readExactly(server, 1);
    assertEquals(written, false);
    const all = readAll(server);
    await writing;
    client.close();
    assertMatch((await all).error.kind, /end-of-stream|reset/);
    server.close();
  });

  rule("what is being sent, and what a read lends, is nobody else's meanwhile", async (engine) => {
    const pairs = await Promise.all([1, 2, 3].map(() => securedPair(engine, provider)));
    const size = 4_000_000;
    await Promise.all(pairs.map(async ([client, server], i) => {
      const bytes = pattern(size, i + 1);
      const reading = readLent(server, size);
      for (let at = 0; at < size; at += 300_000) await writeAll(client, bytes.subarray(at, at + 300_000));
      assertEquals(await reading, bytes);
      client.close();
      server.close();
    }));
  });

  rule("reads that lend are into the same memory, where the provider has its own", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    const reading = readLent(server, 3_000_000, (view) => buffers.add(view.buffer));
    const buffers = new Set<ArrayBufferLike>();
    await writeAll(client, pattern(3_000_000));
    await reading;
    if (server.lends) assert(buffers.size <= 2, `${buffers.size} buffers`);
    else assertEquals(provider.name, NODE_TLS.name);
    client.close();
    server.close();
  });

  rule("one read and one write may be outstanding", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    const ended = readAll(client);
    assertThrows(() => client.read(new SliceBuffer(), () => {}), TypeError, "a read is outstanding");
    const data = new SliceBuffer();
    data.append(pattern(8 * 1024 * 1024));
    const failed = new Promise((resolve) => assertEquals(client.write(data, resolve), false));
    assertThrows(() => client.write(data, () => {}), TypeError, "a write is outstanding");
    client.close();
    assertEquals((await ended).error.kind, "closed");
    assert(await failed !== undefined);
    server.close();
  });

  rule("close_notify is the end of the stream", async (engine) => {
    const [client, server] = await securedPair(engine, provider);
    // Or session tickets would be unread, and closing would reset the connection.
    await Promise.all([writeAll(server, pattern(1)), readExactly(client, 1)]);
    const ended = readAll(server);
    await writeAll(client, pattern(100));
    client.close();
    const { bytes, error } = await ended;
    assertEquals([bytes.length, error.kind], [100, "end-of-stream"]);
    server.close();
  });

  rule("what was established is known of a peer that ends with its handshake", async (engine) => {
    const [a, b] = await engine.pair();
    const late: Endpoint = { // there is more to read each time
      local: b.local,
      peer: b.peer,
      read(into, done, lend) {
        engine.runAt(engine.now() + 30, () => {
          if (b.read(into, done, lend)) done();
        });
        return false;
      },
      write: (data, done) => b.write(data, done),
      close: (reason) => b.close(reason),
    };
    const config: TlsServerConfig = {
      identity: shown,
      clientCa: authority.cert,
      requireClientCertificate: true,
    };
    const accepted = secureServer(engine, provider, late, config);
    const other = OPENSSL.probe().usable ? OPENSSL : provider; // which sends its close_notify at once
    const client = await secureClient(engine, other, a, { ca: authority.cert, identity: shown });
    assertInstanceOf(client, SecureEndpoint);
    const { cipher } = client.security;
    await writeAll(client, pattern(100));
    client.close();
    const server = await accepted;
    assertInstanceOf(server, SecureEndpoint);
    assertEquals([server.security.cipher, server.security.peerCertificate!.subject], [cipher, "CN=server"]);
    server.close();
  });

  rule("a stream that is cut is no end, where the provider can tell", async (engine) => {
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a),
      secureServer(engine, provider, b),
    ]) as [SecureEndpoint, SecureEndpoint];
    await Promise.all([writeAll(server, pattern(1)), readExactly(client, 1)]);
    const ended = readAll(server);
    a.close(); // below TLS
    const { error } = await ended;
    assertEquals(error.kind, provider === OPENSSL ? "insecure" : "end-of-stream");
    client.close();
    server.close();
  });

  rule("what the peer sent before a write failed is read", async (engine) => {
    const [a, b] = await engine.pair();
    let isGone = false;
    const breaking: Endpoint = {
      local: a.local,
      peer: a.peer,
      read: (into, done, lend) => a.read(into, done, lend),
      write(data, done) {
        if (!isGone) return a.write(data, done);
        data.clear();
        engine.run(() => done(new IoError("reset", "write", a.peer, "EPIPE")));
        return false;
      },
      close: (reason) => a.close(reason),
    };
    const [client, server] = await Promise.all([
      secureClient(engine, provider, breaking),
      secureServer(engine, provider, b),
    ]);
    assert(typeof client !== "string" && typeof server !== "string");
    const sent = pattern(10_000);
    await writeAll(server, sent);
    isGone = true;
    await assertRejects(() => writeAll(client, Uint8Array.of(1)), Error, "EPIPE");
    await assertRejects(() => writeAll(client, Uint8Array.of(2)), Error, "EPIPE");
    const all = readAll(client);
    server.close();
    const { bytes, error } = await all;
    assertEquals([bytes, error.kind], [sent, "end-of-stream"]);
    client.close();
  });

  rule("a peer that closes in the handshake ends it", async (engine) => {
    const [a, b] = await engine.pair();
    const client = secureClient(engine, provider, a);
    await readExactly(b, 5);
    b.close();
    assertMatch(await client as string, /closed|end of stream|disconnected|reset/i);
    const [c, d] = await engine.pair();
    const server = secureServer(engine, provider, d);
    c.close();
    assertMatch(await server as string, /closed the connection|reset/);
  });

  rule("what is no TLS is an error that says so", async (engine) => {
    const [a, b] = await engine.pair();
    const client = secureClient(engine, provider, a);
    await readExactly(b, 5);
    await writeAll(b, new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assertMatch(await client as string, /version|packet|protocol|record|corrupt/i);
    b.close();
  });

  rule("no connection is made where another protocol than h2 was negotiated, or none", async (engine) => {
    for (const protocol of ["", "http/1.1"]) {
      const [a, b] = await engine.pair();
      const context = provider.clientContext({ ca: authority.cert });
      const begin = (name: string | undefined, onProgress: () => void): TlsSession => {
        const session = context.begin(name, onProgress);
        session.alpn = () => protocol; // a library that goes on
        return session;
      };
      const server = secureServer(engine, provider, b);
      const client = await secureClient(engine, provider, a, undefined, "localhost", { begin, release() {} });
      const what = protocol === "" ? "no protocol" : '"http/1.1"';
      assertEquals(client, `${what} was negotiated (ALPN), and gRPC needs "h2"`);
      const end = await server; // which may not be complete
      if (typeof end !== "string") end.close();
    }
  });

  rule(
    "a client that leaves a handshake by close_notify has left, though its stream has not ended",
    async (engine) => {
      const [a, b] = await engine.pair();
      const { local, peer } = a;
      let writes = 0;
      const leaving: Endpoint = {
        ...{ local, peer },
        read: (into, done) => a.read(into, done),
        close: () => a.close(),
        write(data, done) {
          if (++writes > 1) data.clear();
          if (writes === 2) data.append(Uint8Array.of(21, 3, 3, 0, 2, 1, 0)); // after its hello
          return data.byteLength === 0 || a.write(data, done);
        },
      };
      const client = secureClient(engine, provider, leaving);
      const server = await secureServer(engine, provider, b);
      assert(typeof server === "string" && !server.includes("in time"), String(server));
      const end = await client;
      if (typeof end !== "string") end.close();
    },
  );

  rule("records that are broken end the connection", async (engine) => {
    const [a, b] = await engine.pair();
    const cut = new Tamper(engine, b);
    const [client, server] = await Promise.all([
      secureClient(engine, provider, a),
      secureServer(engine, provider, cut),
    ]) as [SecureEndpoint, SecureEndpoint];
    cut.breaking = true;
    const ended = readAll(server);
    await writeAll(client, pattern(100));
    const { bytes, error } = await ended;
    assertEquals([bytes.length, error.kind], [0, "insecure"]);
    client.close();
    server.close();
  });

  test(`TLS by ${provider.name}: what cannot be used is refused when the context is made`, () => {
    const other = authority.issue({ name: "other" });
    const identity = { cert: shown.cert, key: other.key };
    const make = (): unknown => provider.serverContext({ identity, requireClientCertificate: false });
    assertThrows(make, Error, undefined, "a key of another certificate");
    assertThrows(() =>
      provider.clientContext({ ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" })
    );
  }, options);
}

/** An endpoint whose received bytes are broken. */
class Tamper implements Endpoint {
  readonly local;
  readonly peer;
  breaking = false;

  constructor(_engine: EventEngine, private readonly inner: Endpoint) {
    this.local = inner.local;
    this.peer = inner.peer;
  }
  read(
    into: SliceBuffer,
    done: (error?: import("../../../pollers/contract/io_error.ts").IoError) => void,
  ): boolean {
    const tamper = (): void => {
      const last = into.slices.at(-1);
      if (this.breaking && last !== undefined) last[last.length - 1]! ^= 1;
    };
    const now = this.inner.read(into, (error) => {
      tamper();
      done(error);
    });
    if (now) tamper();
    return now;
  }
  write(
    data: SliceBuffer,
    done: (error?: import("../../../pollers/contract/io_error.ts").IoError) => void,
  ): boolean {
    return this.inner.write(data, done);
  }
  close(): void {
    this.inner.close();
  }
}

rules(OPENSSL);
rules(NODE_TLS);

// By node:tls a session is resumed by Deno's servers and by Bun's clients: Deno's clients keep none over a stream that is
// no socket, and of Bun's servers each has tickets of its own, where one is made for each connection.
const RESUMED: ReadonlyArray<readonly [client: TlsProvider, server: TlsProvider]> = [
  [OPENSSL, OPENSSL],
  runtime === "deno" ? [OPENSSL, NODE_TLS] : [NODE_TLS, OPENSSL],
];
for (const [client, server] of RESUMED) {
  test(
    `TLS by ${client.name} with ${server.name}: an earlier session is resumed`,
    () => onEngine((engine) => assertResumed(engine, client, server)),
    OPENSSL.probe().usable
      ? { leaves: "a runtime's TLS sockets have timers that end after them" }
      : { skip: "there is no OpenSSL" },
  );
}

async function assertResumed(engine: EventEngine, by: TlsProvider, from: TlsProvider): Promise<void> {
  const clientContext = by.clientContext({ ca: authority.cert });
  const serverContext = from.serverContext({ identity: shown, requireClientCertificate: false });
  const resumed: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const [a, b] = await engine.pair();
    const [client, server] = await Promise.all([
      secureClient(engine, by, a, undefined, "localhost", clientContext),
      secureServer(engine, from, b, undefined, serverContext),
    ]) as [SecureEndpoint, SecureEndpoint];
    // The tickets come after the handshake, before the first plaintext.
    await Promise.all([writeAll(server, pattern(10)), readExactly(client, 10)]);
    resumed.push([client.security.resumed, server.security.resumed]);
    assertEquals(client.security.peerCertificate!.names.dns, ["localhost"]);
    const ended = readAll(server);
    client.close();
    await ended;
    server.close();
    await new Promise((resolve) => engine.run(() => engine.run(() => resolve(undefined))));
  }
  assertEquals(resumed, [[false, false], [true, true]]);
  clientContext.release();
  serverContext.release();
}
