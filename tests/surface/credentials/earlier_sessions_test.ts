// Sessions that are resumed show no more than the handshake that began them: who may connect is this server's to say.
import { assert, assertEquals } from "@std/assert";
import {
  Channel,
  type ConnectionSecurity,
  createClient,
  Server,
  Status,
  tls,
  type TlsServerOptions,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { runtime, test } from "../../harness.ts";
import { echo, failure, Trial } from "../serving.ts";

const authority = new Authority();
const other = new Authority("Another CA");
const shown = authority.issue({ name: "server", dns: ["localhost"] });
const own = authority.issue({ name: "client", uri: ["spiffe://example/client"] });

/** A server whose handlers note what their connections established. */
class Serving {
  readonly seen: Array<ConnectionSecurity | undefined> = [];
  readonly server: Server;
  port = 0;

  constructor(readonly options: Partial<TlsServerOptions>, provider: string) {
    this.server = new Server({ credentials: tls.server({ ...shown, provider, ...options }) });
    this.server.addService(Trial, {
      ...echo,
      one: (request, call) => {
        this.seen.push(call.security);
        return request;
      },
    });
  }

  async listen(): Promise<void> {
    this.port = await this.server.listen("127.0.0.1:0");
  }

  async end(): Promise<void> {
    this.server.close();
    await this.server.shutdown();
  }
}

const ASKS = { clientCa: authority.cert };
const MAY_SHOW = { clientCa: authority.cert, requireClientCertificate: false };
const ASKS_OTHERS = { clientCa: other.cert };
const MAY_SHOW_OTHERS = { clientCa: other.cert, requireClientCertificate: false };

/** The options of the server that began a session, and of the one that it is offered to; what becomes of the call there. */
const CASES: ReadonlyArray<
  readonly [string, object, Partial<TlsServerOptions>, Partial<TlsServerOptions>, string]
> = [
  ["one that asks for nothing is no entry where a certificate is required", {}, {}, ASKS, "refused"],
  ["one that shows no certificate is anonymous where none is required", {}, {}, MAY_SHOW, "anonymous"],
  ["one that shows a certificate is known to another server of the same authority", own, ASKS, ASKS, "known"],
  ["one that shows a certificate is not the client of another authority", own, ASKS, ASKS_OTHERS, "refused"],
  ["... and not where none is required", own, ASKS, MAY_SHOW_OTHERS, "refused"],
  ["one that shows a certificate shows none to a server that does not ask", own, ASKS, {}, "anonymous"],
];

for (const { name: provider, probe } of [OPENSSL, NODE_TLS]) {
  for (const [what, identity, first, second, expected] of CASES) {
    test(
      `sessions resumed by ${provider}: ${what}`,
      async () => {
        assert(probe().usable);
        const servers = [first, second].map((options) => new Serving(options, provider));
        for (const server of servers) await server.listen();
        // A session of the client's is kept by the server's name, not by its port.
        const credentials = tls.client({ ca: authority.cert, ...identity, provider: "openssl" });
        const outcomes: string[] = [];
        for (const server of [servers[0]!, servers[0]!, servers[1]!, servers[1]!]) {
          const channel = new Channel(`localhost:${server.port}`, { credentials });
          const client = createClient(Trial, channel);
          try {
            await client.one({ number: 1 });
            outcomes.push(server.seen.at(-1)!.peerCertificate === undefined ? "anonymous" : "known");
          } catch {
            const { code } = await failure(client.one({ number: 1 }));
            assertEquals(code, Status.UNAVAILABLE);
            outcomes.push("refused");
          }
          channel.close();
          for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve)); // it is let go then
        }
        const atFirst = "cert" in identity ? "known" : "anonymous";
        assertEquals(outcomes, [atFirst, atFirst, expected, expected]);
        for (const server of servers) await server.end();
      },
      OPENSSL.probe().usable
        ? { leaves: "a runtime's TLS sockets have timers that end after them" }
        : { skip: "the client's sessions are OpenSSL's, and there is none" },
    );
  }
}

test(
  "sessions resumed by node: one that was refused is not offered again",
  async () => {
    // The second server trusts both authorities, so it knows nobody yet whom the first one has verified.
    const servers = [ASKS, { clientCa: authority.cert + other.cert }].map((options) =>
      new Serving(options, "node")
    );
    for (const server of servers) await server.listen();
    const credentials = tls.client({ ca: authority.cert, ...own, provider: "openssl" });
    const outcomes: unknown[] = [];
    for (const { port } of [servers[0]!, servers[1]!, servers[1]!]) {
      const channel = new Channel(`localhost:${port}`, { credentials });
      outcomes.push(
        await createClient(Trial, channel).one({ number: 1 }).then(() => "known", ({ code }) => code),
      );
      channel.close();
      for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve));
    }
    // Bun's servers resume nothing of others.
    assertEquals(outcomes, ["known", runtime === "deno" ? Status.UNAVAILABLE : "known", "known"]);
    for (const server of servers) await server.end();
  },
  OPENSSL.probe().usable
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : { skip: "the client's sessions are OpenSSL's, and there is none" },
);

for (const { name: provider } of [OPENSSL, NODE_TLS]) {
  test(
    `sessions resumed by ${provider}: a large client certificate, which is in the ticket, is let in again`,
    async () => {
      const dns = Array.from({ length: 1_200 }, (_, i) => `name-${i}.of.the.client.example`);
      const large = authority.issue({ name: "client", dns });
      const serving = new Serving(ASKS, provider);
      await serving.listen();
      const credentials = tls.client({ ca: authority.cert, ...large, provider: "openssl" });
      for (let i = 0; i < 3; i++) {
        const channel = new Channel(`localhost:${serving.port}`, { credentials });
        await createClient(Trial, channel).one({ number: 1 });
        channel.close();
        for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve));
      }
      const known = serving.seen.map((security) => security!.peerCertificate!.names.dns.length);
      assertEquals(known, [1_200, 1_200, 1_200]);
      if (provider === "openssl") assert(serving.seen[2]!.resumed, "it was not resumed");
      await serving.end();
    },
    OPENSSL.probe().usable
      ? { leaves: "a runtime's TLS sockets have timers that end after them" }
      : { skip: "the client's sessions are OpenSSL's, and there is none" },
  );
}
