// Channels and servers over TLS, by every provider that can be used here.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  type ConnectionSecurity,
  createClient,
  Server,
  Status,
  tls,
  type TlsClientOptions,
  type TlsServerOptions,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import type { TlsProvider } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { runtime, test } from "../../harness.ts";
import { logged } from "../../logged.ts";
import { collect, echo, failure, numbersOf, Trial, type TrialClient, until } from "../serving.ts";

const authority = new Authority();
const shown = authority.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1"] });
/** A certificate in PEM that is none. */
const NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const own = authority.issue({ name: "client", uri: ["spiffe://example/client"] });

function suite(library: TlsProvider): void {
  const { name: provider, probe } = library;
  const probed = probe();
  const leaves = provider === "node"
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {};
  const options = probed.usable ? leaves : { skip: probed.because };
  const ca = authority.cert;

  /** Runs `body` with a server whose handlers note what its connections established. */
  async function served(
    server: Partial<TlsServerOptions>,
    body: (port: number, seen: Array<ConnectionSecurity | undefined>) => Promise<void>,
  ): Promise<void> {
    const seen: Array<ConnectionSecurity | undefined> = [];
    const serving = new Server({ credentials: tls.server({ ...shown, provider, ...server }) });
    serving.addService(Trial, {
      ...echo,
      one: (request, call) => {
        seen.push(call.security);
        return request;
      },
    });
    const port = await serving.listen("127.0.0.1:0");
    try {
      await body(port, seen);
    } finally {
      serving.close();
      await serving.shutdown();
    }
  }

  /** Calls `body` with a client of `channel`, which is closed after it. */
  async function using(channel: Channel, body: (client: TrialClient) => Promise<void>): Promise<void> {
    try {
      await body(createClient(Trial, channel));
    } finally {
      channel.close();
    }
  }

  test(
    `[C87] ${provider}: calls of all four kinds, by a name and by an address`,
    () =>
      served({}, async (port, seen) => {
        for (const host of ["localhost", "127.0.0.1"]) {
          await using(
            new Channel(`${host}:${port}`, { credentials: tls.client({ ca, provider }) }),
            async (client) => {
              assertEquals((await client.one({ text: "secret" })).text, "secret");
              assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
              assertEquals((await client.up([{ number: 4 }, { number: 5 }])).number, 9);
              assertEquals(numbersOf(await collect(client.both([{ number: 6 }, { number: 7 }]))), [12, 14]);
              assertEquals((await client.one({ body: new Uint8Array(2_000_000) })).body!.length, 2_000_000);
            },
          );
        }
        const [byName, , byAddress] = seen;
        assertEquals(byName!.protocol, "TLSv1.3");
        assertEquals(byName!.alpn, "h2");
        assertEquals(byName!.serverName, "localhost");
        assertEquals(byAddress!.serverName, undefined);
        assertEquals(byName!.peerCertificate, undefined);
      }),
    options,
  );

  test(
    `${provider}: a handler knows the client by its certificate, and who has none is UNAVAILABLE`,
    () =>
      served({ clientCa: ca }, async (port, seen) => {
        const target = `localhost:${port}`;
        await using(
          new Channel(target, { credentials: tls.client({ ca, ...own, provider }) }),
          async (client) => {
            await client.one({ text: "a" });
            assertEquals(seen[0]!.peerCertificate!.names.uri, ["spiffe://example/client"]);
            assertEquals(seen[0]!.peerCertificate!.subject, "CN=client");
          },
        );
        await using(new Channel(target, { credentials: tls.client({ ca, provider }) }), async (client) => {
          const error = await failure(client.one({}));
          assertEquals(error.code, Status.UNAVAILABLE);
          assertMatch(error.details, /certificate|closed/i);
        });
      }),
    options,
  );

  test(
    `[C87] ${provider}: a certificate for another name is UNAVAILABLE, and serverName says which is expected`,
    () =>
      served({ ...authority.issue({ name: "x", dns: ["service.example"] }) }, async (port) => {
        const target = `127.0.0.1:${port}`;
        await using(new Channel(target, { credentials: tls.client({ ca, provider }) }), async (client) => {
          const error = await failure(client.one({}));
          assertEquals(error.code, Status.UNAVAILABLE);
          assertMatch(error.details, /TLS handshake failed: .*(?:IP|address|altnames)/i);
        });
        const named = tls.client({ ca, provider, serverName: "service.example" });
        await using(new Channel(target, { credentials: named }), async (client) => {
          assertEquals((await client.one({ text: "b" })).text, "b");
        });
      }),
    options,
  );

  test(
    `${provider}: a name that ends with a dot, as a full one may, is asked for and checked without it`,
    () =>
      served({}, async (port, seen) => {
        const byAuthority = [{}, { authority: `localhost.:${port}` }] as const;
        const byOption = [{ serverName: "localhost." }, {}] as const;
        for (const [named, options] of [byAuthority, byOption]) {
          const credentials = tls.client({ ca, provider, ...named });
          await using(new Channel(`127.0.0.1:${port}`, { credentials, ...options }), async (client) => {
            await client.one({});
          });
        }
        assertEquals(seen.map((security) => security!.serverName), ["localhost", "localhost"]);
      }),
    options,
  );

  test(`${provider}: plaintext to a server that wants TLS is UNAVAILABLE`, async () => {
    await served({}, async (port) => {
      await using(new Channel(`127.0.0.1:${port}`), async (client) => {
        const error = await failure(client.one({}));
        assertEquals(error.code, Status.UNAVAILABLE);
        assertMatch(error.details, /handshake failed/);
      });
    });
  }, options);

  test(`${provider}: TLS to a server that speaks plaintext is UNAVAILABLE`, async () => {
    const server = new Server();
    server.addService(Trial, echo);
    const port = await server.listen("127.0.0.1:0");
    await using(
      new Channel(`127.0.0.1:${port}`, { credentials: tls.client({ ca, provider }) }),
      async (client) => {
        const error = await failure(client.one({}));
        assertEquals(error.code, Status.UNAVAILABLE);
        assertMatch(error.details, /TLS handshake failed/);
      },
    );
    server.close();
    await server.shutdown();
  }, options);

  /** A server, and one client that begins no handshake with it. */
  async function silent(options: { readonly handshakeTimeoutMs?: number }) {
    const server = new Server({ credentials: tls.server({ ...shown, provider }), ...options });
    const port = await server.listen("127.0.0.1:0");
    const clients = { ended: 0 };
    server.engine.connect({ family: "ipv4", host: "127.0.0.1", port }, {}, (result) => {
      assert(result.ok);
      const { value } = result;
      value.read(new SliceBuffer(), () => {
        clients.ended++;
        value.close();
      });
    });
    return { server, clients };
  }

  test(`${provider}: a handshake that never ends has its time`, async () => {
    const { server, clients } = await silent({ handshakeTimeoutMs: 100 });
    await until(() => clients.ended === 1);
    await server.shutdown();
  }, options);

  test(`${provider}: a shutdown does not wait for handshakes`, async () => {
    const { server, clients } = await silent({});
    await until(() => server.describePending().includes("1 in a TLS handshake"));
    await server.shutdown();
    await until(() => clients.ended === 1);
  }, { ...options, timeoutMs: 10_000 });

  test(`${provider}: a server has certificates by name`, async () => {
    const one = authority.issue({ name: "one", dns: ["one.example"] });
    const all = authority.issue({ name: "all", dns: ["*.two.example"] });
    await served({ more: [one, all] }, async (port) => {
      for (const serverName of ["localhost", "one.example", "a.two.example"]) {
        const credentials = tls.client({ ca, provider, serverName });
        await using(new Channel(`127.0.0.1:${port}`, { credentials }), async (client) => {
          assertEquals((await client.one({ text: serverName })).text, serverName);
        });
      }
      for (const serverName of ["b.a.two.example", ".two.example"]) {
        const credentials = tls.client({ ca, provider, serverName });
        await using(new Channel(`127.0.0.1:${port}`, { credentials }), async (client) => {
          assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
        });
      }
    });
  }, options);

  test(
    `${provider}: a certificate with the name itself is shown before one with a pattern for it`,
    async () => {
      const pattern = authority.issue({ name: "pattern", dns: ["*.many.example"] });
      const itself = authority.issue({ name: "itself", dns: ["One.many.example"] });
      for (const certificates of [{ ...pattern, more: [itself] }, { more: [pattern, itself] }]) {
        await served(certificates, async (port) => {
          for (const [label, expected] of [["one", "CN=itself"], ["two", "CN=pattern"]]) {
            const credentials = tls.client({ ca, provider, serverName: `${label}.many.example` });
            const channel = new Channel(`127.0.0.1:${port}`, { credentials });
            await using(channel, async (client) => {
              await client.one({});
              assertEquals(channel.security!.peerCertificate!.subject, expected);
            });
          }
        });
      }
    },
    options,
  );

  test(
    `${provider}: a certificate that cannot be read here costs calls with an authority, and no others`,
    async () => {
      const unreadable: TlsProvider = {
        ...library,
        clientContext(config) {
          const context = library.clientContext(config);
          const begin: typeof context.begin = (serverName, onProgress) => {
            const session = context.begin(serverName, onProgress);
            session.security = () => {
              throw new Error("no such curve");
            };
            return session;
          };
          return { begin, release: () => context.release() };
        },
      };
      await served({}, async (port) => {
        const credentials = tls.client({ ca, provider: unreadable });
        await using(new Channel(`localhost:${port}`, { credentials }), async (client) => {
          const named = failure(client.one({}, { authority: "localhost" })); // which others wait behind
          assertEquals((await client.one({ text: "d" })).text, "d");
          const { code, details } = await named;
          assertEquals(code, Status.UNAUTHENTICATED);
          assertEquals(details, "the server's certificate cannot be read: no such curve");
        });
      });
    },
    options,
  );

  test(
    `${provider}: where later certificates cannot be used, the earlier ones are, and onError says why`,
    async () => {
      let given: TlsServerOptions = { ...shown, provider };
      const errors: string[] = [];
      const server = new Server({
        credentials: tls.server(() => given),
        onError: (error, { where }) => void errors.push(`${where}: ${(error as Error).message}`),
      });
      server.addService(Trial, echo);
      const port = await server.listen("127.0.0.1:0");
      given = { ...shown, key: authority.issue({ name: "other" }).key, provider };
      await using(
        new Channel(`localhost:${port}`, { credentials: tls.client({ ca, provider }) }),
        async (client) => {
          assertEquals((await client.one({ text: "c" })).text, "c");
        },
      );
      assertEquals(errors.length, 1);
      assertMatch(errors[0]!, /^credentials: Cannot make TLS credentials for a server: .*key/);
      await server.shutdown();
    },
    options,
  );

  test(`${provider}: later options begin with a connection, and so does their verifyPeer`, async () => {
    const refused = { verifyPeer: () => "revoked meanwhile" };
    for (const later of ["client", "server"]) {
      let atServer: TlsServerOptions = { ...shown, provider };
      let atClient: TlsClientOptions = { ca, provider };
      const logged: string[] = [];
      const log = (line: string): void => void logged.push(line);
      const server = new Server({
        credentials: tls.server(() => atServer),
        logger: { error: log, warn: log, info: log, debug: log },
      });
      server.addService(Trial, echo);
      const port = await server.listen("127.0.0.1:0");
      const channel = new Channel(`localhost:${port}`, { credentials: tls.client(() => atClient) });
      if (later === "client") atClient = { ...atClient, ...refused };
      else atServer = { ...atServer, ...refused };
      await using(channel, async (client) => {
        const { code, details } = await failure(client.one({}));
        assertEquals(code, Status.UNAVAILABLE);
        const isSaid = (line: string): boolean => line.includes("refused by verifyPeer: revoked meanwhile");
        if (later === "client") assert(isSaid(details), details);
        else await until(() => logged.some(isSaid));
      });
      await server.shutdown();
    }
  }, options);

  test(
    `${provider}: verifyPeer may end the channel or the server that asks it`,
    () =>
      logged(async (lines) => {
        let ended: Promise<void> | undefined = undefined;
        const endServer = (): true => {
          ended = server.shutdown({ graceMs: 0 });
          return true;
        };
        const server = new Server({ credentials: tls.server({ ...shown, provider, verifyPeer: endServer }) });
        server.addService(Trial, echo);
        const target = `localhost:${await server.listen("127.0.0.1:0")}`;
        const endChannel = (): true => {
          ending.close();
          return true;
        };
        const ending = new Channel(target, {
          credentials: tls.client({ ca, provider, verifyPeer: endChannel }),
        });
        assertEquals((await failure(createClient(Trial, ending).one({}))).details, "channel is closed");
        await using(new Channel(target, { credentials: tls.client({ ca, provider }) }), async (client) => {
          assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
        });
        await until(() => ended !== undefined);
        await ended;
        assertEquals(lines, []);
      }),
    options,
  );

  const UNCHECKED = "gives a name that cannot be checked";
  for (const then of ["gives others", "throws", UNCHECKED]) {
    test(
      `${provider}: a function of options may end the channel or the server that asks it, and ${then}`,
      () =>
        logged(async (lines) => {
          const problems: string[] = [];
          const onError = (error: unknown): void => void problems.push((error as Error).message);
          let ended: Promise<void> | undefined = undefined;
          let asked = 0;
          const server = new Server({
            onError,
            credentials: tls.server(() => {
              if (asked++ > 0) ended = server.shutdown({ graceMs: 0 });
              if (ended !== undefined && then === "throws") throw new Error("none for servers");
              return { ...shown, provider };
            }),
          });
          server.addService(Trial, echo);
          const target = `localhost:${await server.listen("127.0.0.1:0")}`;
          let isMade = false;
          const ending = new Channel(target, {
            onError,
            credentials: tls.client(() => {
              if (isMade) ending.close();
              if (isMade && then === "throws") throw new Error("none for clients");
              return { ca, provider, ...(isMade && then === UNCHECKED && { serverName: "fe80::1%lo" }) };
            }),
          });
          isMade = true;
          assertEquals((await failure(createClient(Trial, ending).one({}))).details, "channel is closed");
          await using(new Channel(target, { credentials: tls.client({ ca, provider }) }), async (client) => {
            assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
          });
          await until(() => ended !== undefined);
          await ended;
          const thrown = problems.filter((one) => one.startsWith("none"));
          assertEquals(thrown, then === "throws" ? ["none for clients", "none for servers"] : []);
          assertEquals(lines, []);
        }),
      options,
    );
  }

  test(
    `[C87] ${provider}: no connection is made to a server whose name cannot be checked`,
    () =>
      served({}, async (port) => {
        const credentials = tls.client({ ca, provider });
        const target = `127.0.0.1:${port}`;
        assertThrows(() => new Channel(target, { credentials, authority: "" }), TypeError, "it is empty");
        for (const serverName of ["", "\0", "localhost\0.example", 5 as unknown as string]) {
          assertThrows(() => tls.client({ ca, provider, serverName }), TypeError, "serverName is the ");
        }
        const zone = tls.client({ ca, provider, serverName: "fe80::1%lo" });
        const problems: unknown[] = [];
        const onError = (error: unknown): void => void problems.push(error);
        await using(new Channel(target, { credentials: zone, onError }), async (client) => {
          assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
        });
      }),
    options,
  );

  test(`${provider}: certificates and keys may stand with others in their files`, async () => {
    const files = [
      { cert: shown.key + shown.cert, key: shown.cert + shown.key },
      { cert: `\ufeff${shown.cert}`, key: `\ufeff${shown.key}` },
      { cert: `of the server\n${shown.cert}and no more`, key: `Its key:\n${shown.key}` },
    ];
    for (const { cert, key } of files) {
      await served({ cert, key }, async (port) => {
        const credentials = tls.client({ ca: `\ufeff${own.key}${ca}`, provider });
        await using(new Channel(`localhost:${port}`, { credentials }), async (client) => {
          await client.one({});
        });
      });
    }
  }, options);

  test(`${provider}: what is wrong with certificates and keys is said with the option's name`, () => {
    const makes = (name: string, text: string) => () => tls.server({ ...shown, provider, [name]: text });
    const broken = /^Cannot make TLS credentials for a (server|channel): (cert|ca) has .*certificate/;
    for (const text of [shown.cert + NO_CERTIFICATE, shown.cert.slice(0, -40)]) {
      assertMatch(assertThrows(makes("cert", text), Error).message, broken);
      assertMatch(assertThrows(() => tls.client({ ca: ca + text, provider }), Error).message, broken);
    }
    const key = shown.key.replace(/\n.*\n/, "\nAAAA\n");
    assertThrows(makes("key", key), Error, "for a server: key is no private key in PEM");
  }, options);

  test(`${provider}: credentials that cannot be used are refused when they are made`, () => {
    const key = authority.issue({ name: "other" }).key;
    assertThrows(() => tls.server({ cert: shown.cert, key, provider }), Error, "key does not belong to cert");
    assertThrows(
      () => tls.server({ cert: "server.pem", key, provider }),
      TypeError,
      "not the name of its file",
    );
    const bare = assertThrows(
      () => tls.server({ cert: shown.cert, key: "MIGHAgEAMBMG", provider }),
      TypeError,
    );
    assert(!bare.message.includes("MIGH"), bare.message); // a key without its first line is not shown
    assertThrows(() => tls.client({ cert: own.cert, provider }), TypeError, "there is no key; give both");
    assertThrows(
      () => tls.client({ ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", provider }),
      Error,
    );
    assertThrows(() => tls.client({ caa: ca } as object), TypeError, 'no option "caa"; did you mean ca');
  }, options);
}

suite(OPENSSL);
suite(NODE_TLS);

test("node: a server whose chain has a certificate that is none is UNAVAILABLE, at once", async () => {
  // Not one of ours, which refuses to be made with it.
  const { createServer } = await import("node:tls");
  const peer = createServer({ cert: shown.cert + NO_CERTIFICATE, key: shown.key, ALPNProtocols: ["h2"] });
  peer.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", () => resolve()));
  const { port } = peer.address() as { port: number };
  const channel = new Channel(`localhost:${port}`, {
    credentials: tls.client({ ca: authority.cert, provider: "node" }),
  });
  const { code, details } = await failure(createClient(Trial, channel).one({}));
  assertEquals(code, Status.UNAVAILABLE);
  assertMatch(details, /TLS handshake failed: /);
  channel.close();
  await new Promise<void>((resolve) => peer.close(() => resolve()));
}, {
  ...(runtime === "deno" ? {} : { skip: "this runtime's server does not send it" }),
  leaves: "a runtime's TLS sockets have timers that end after them",
});

test("a TLS provider that there is not is named with those that there are", () => {
  assertThrows(
    () => tls.client({ provider: "boring" }),
    Error,
    'no TLS provider "boring"; there are openssl, node',
  );
});
