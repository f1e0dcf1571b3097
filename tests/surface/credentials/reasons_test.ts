// Why there is no secure connection, or no longer one: for each reason the status of the call, a sentence at the client, and
// what the server logs.
import { assertEquals, assertMatch } from "@std/assert";
import { Channel, createClient, type RpcError, Server, Status, tls } from "pollwire";
import type { ServerOptions, TlsClientOptions, TlsServerOptions } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { runtime, test } from "../../harness.ts";
import { collect, echo, endless, failure, Trial, type TrialClient, until } from "../serving.ts";
import { concat } from "../../bytes.ts";
import { answering, listening, type RawPeer, relay, said } from "./raw_peers.ts";

const authority = new Authority();
const rogue = new Authority("Rogue CA");
const HOUR_MS = 3_600_000;
const server = authority.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1"] });
const own = authority.issue({ name: "client" });

/** node:tls of Deno says of most certificates no more than that it cannot verify them. */
const vague = runtime === "deno" ? "|unable to verify" : "";
const saysOf = (provider: string, exact: string, elsewhere: string): RegExp =>
  new RegExp(provider === "openssl" ? exact : `${elsewhere}${vague}`, "i");

/** One reason, as both sides see it. */
interface Reason {
  readonly what: string;
  readonly server?: Partial<TlsServerOptions>;
  readonly client?: Partial<TlsClientOptions>;
  readonly target?: string;
  readonly plaintext?: "client" | "server";
  /** Listens instead of the server. */
  readonly peer?: (port: number) => Promise<RawPeer>;
  readonly options?: ServerOptions;
  readonly handshakeTimeoutMs?: number;
  readonly deadlineMs?: number;
  readonly code?: number;
  /** The call; default: a unary one. */
  readonly call?: (client: TrialClient) => PromiseLike<unknown>;
  readonly says: (provider: string) => RegExp;
  readonly logs?: RegExp;
}

const dated = (from: number, to: number) =>
  authority.issue({
    name: "server",
    dns: ["localhost"],
    from: new Date(Date.now() + from * HOUR_MS),
    to: new Date(Date.now() + to * HOUR_MS),
  });

const ascii = (text: string) => new TextEncoder().encode(text);
const alert = (description: number): Uint8Array => Uint8Array.of(21, 3, 3, 0, 2, 2, description);

/** A server hello that chooses TLS 1.1. */
const TLS11_HELLO = Uint8Array.of(
  ...[22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2],
  ...new Array<number>(32).fill(7),
  ...[0, 0xc0, 0x13, 0],
);
/** A client hello that offers `version` at most, and `protocols`. */
function clientHello(version: number, protocols: string[]): Uint8Array {
  const names = protocols.flatMap((name) => [name.length, ...ascii(name)]);
  const extensions = protocols.length === 0
    ? []
    : [0, 16, 0, names.length + 2, names.length >> 8, names.length & 255, ...names];
  const body = [
    ...[version >> 8, version & 255, ...new Array<number>(32).fill(7), 0],
    ...[0, 2, 0xc0, 0x2f, 1, 0],
    ...[extensions.length >> 8, extensions.length & 255, ...extensions],
  ];
  return Uint8Array.of(22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length, ...body);
}

const SETTINGS = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);

/** Once so much of a message has passed, `what` happens. */
const midway = (what: (...sockets: Parameters<Parameters<typeof relay>[1]>) => void) => (port: number) =>
  relay(port, (client, server, passed) => {
    server.on("data", () => {
      if (passed() > 20_000) what(client, server, passed);
    });
  });

const download = (client: TrialClient) => collect(client.down({ number: 1_000_000 }));

const REASONS: readonly Reason[] = [
  {
    what: "a certificate that has expired",
    server: dated(-2, -1),
    says: (by) => saysOf(by, "not accepted: certificate has expired", "expired"),
    logs: /expired|unknown|bad certificate|alert|closed/i,
  },
  {
    what: "a certificate that is not valid yet",
    server: dated(1, 2),
    says: (by) => saysOf(by, "not accepted: certificate is not yet valid", "not yet valid|not valid yet"),
  },
  {
    what: "a certificate for another host",
    server: authority.issue({ name: "x", dns: ["other.example"] }),
    says: (by) => saysOf(by, "not accepted: hostname mismatch", "altnames|hostname|not valid for name"),
  },
  {
    what: "a certificate for another address",
    target: "127.0.0.1",
    server: authority.issue({ name: "x", dns: ["localhost"], ip: ["127.0.0.2"] }),
    says: (by) => saysOf(by, "not accepted: ip address mismatch", "altnames|IP|not valid for name"),
  },
  {
    what: "a certificate that vouches for itself",
    server: new Authority("localhost").own,
    says: (by) => saysOf(by, "not accepted: self-signed certificate", "self.signed|unknown.*issuer"),
  },
  {
    what: "a certificate of an authority that is not trusted",
    server: rogue.issue({ name: "server", dns: ["localhost"] }),
    says: (by) => saysOf(by, "unable to get local issuer certificate", "issuer|unable to verify"),
  },
  {
    what: "no client certificate where one is required",
    server: { clientCa: authority.cert },
    says: (by) => saysOf(by, "certificate required", "certificate.?required|closed|hang up|disconnected"),
    logs: /certificate/i,
  },
  {
    what: "a client certificate of an authority that is not trusted",
    server: { clientCa: authority.cert },
    client: rogue.issue({ name: "client" }),
    says: (by) =>
      saysOf(
        by,
        "unknown ca|bad certificate|decrypt error|verify",
        "unknown.?ca|certificate|closed|hang up|decrypt",
      ),
    logs: /certificate|issuer|verify|unknown|hang up/i,
  },
  {
    what: "a server that verifyPeer of the client refuses",
    client: { verifyPeer: ({ peerCertificate }) => `${peerCertificate!.subject} was revoked` },
    says: () => /TLS handshake failed: refused by verifyPeer: CN=server was revoked/,
  },
  {
    what: "a server of which verifyPeer says neither true nor why not",
    client: { verifyPeer: (() => Promise.reject(new Error("nobody"))) as unknown as () => true },
    says: () => /refused by verifyPeer: it returned a Promise, not true or a reason/,
  },
  {
    what: "a client that verifyPeer of the server refuses",
    server: {
      clientCa: authority.cert,
      verifyPeer: ({ peerCertificate }) => {
        throw new Error(`${peerCertificate!.subject} is unknown`);
      },
    },
    client: own,
    says: () => /handshake failed: connection closed by the peer/,
    logs: /verifyPeer threw Error: CN=client is unknown/,
  },
  {
    what: "a server that refuses the protocol, as those of HTTP/1.1 do",
    peer: () => answering(alert(120), true),
    says: () => /refuses it with the alert no_application_protocol: it does not speak "h2"/,
  },
  {
    what: "a server without what the client offers",
    peer: () => answering(alert(40), true),
    says: () => /the alert handshake_failure: it found no version, cipher/,
  },
  {
    what: "a server that warns of the name, which is no refusal, before it refuses",
    peer: () => answering(concat(Uint8Array.of(21, 3, 3, 0, 2, 1, 112), alert(40)), true),
    says: () => /the alert handshake_failure: it found no version, cipher/,
  },
  {
    what: "a server of TLS 1.1",
    peer: () => answering(TLS11_HELLO),
    says: () => /the server speaks TLS 1\.1, and 1\.2 is the oldest/,
  },
  {
    what: "a server that refuses the version",
    peer: () => answering(alert(70), true),
    says: () => /the alert protocol_version: it does not speak TLS 1\.2 or 1\.3/,
  },
  {
    what: "plaintext to a server that wants TLS",
    plaintext: "client",
    says: () => /peer speaks TLS, and this connection is plaintext/,
    logs: /it speaks HTTP\/2 without TLS, and this server wants TLS/,
  },
  {
    what: "TLS to a server of plaintext",
    plaintext: "server",
    says: () => /the server speaks HTTP\/2 without TLS: is this its port for TLS\?/,
  },
  {
    what: "TLS to a server of plaintext HTTP/1",
    peer: () => answering(ascii("HTTP/1.1 400 Bad Request\r\n\r\n")),
    says: () => /the server speaks HTTP\/1 without TLS: is this its port for TLS\?/,
  },
  {
    what: "TLS to a server of neither",
    peer: () => answering(SETTINGS.slice(0, 2)),
    says: () => /what the server sent is not TLS/,
  },
  {
    what: "a handshake that never ends",
    peer: () => listening(() => {}),
    handshakeTimeoutMs: 100,
    says: () => /timed out after 100 ms: connected, but the TLS handshake was not completed/,
  },
  {
    what: "a handshake that takes longer than the call has",
    peer: () => listening(() => {}),
    deadlineMs: 100,
    code: Status.DEADLINE_EXCEEDED,
    says: () => /deadline|exceeded/i,
  },
  {
    what: "an end in the handshake",
    peer: () => listening((socket) => void socket.once("data", () => socket.end())),
    says: () => /closed the connection during the handshake/,
  },
  {
    what: "garbage after the handshake",
    call: download,
    peer: midway((client) => client.write(ascii("garbage, which is no record"))),
    says: (by) => saysOf(by, "TLS: (wrong version number|.*record)", "TLS: "),
  },
  {
    what: "a record that is too large after the handshake",
    call: download,
    peer: midway((client) => client.write(Uint8Array.of(23, 3, 3, 0xff, 0xff, ...new Uint8Array(70_000)))),
    says: (by) => saysOf(by, "TLS: .*(too long|length|record)", "TLS: "),
  },
  {
    what: "a stream that is cut in mid-message",
    call: download,
    peer: midway((client) => client.end()),
    says: (by) =>
      by === "openssl"
        ? /the peer ended the stream without close_notify, so it may have been cut/
        : /connection closed by the peer|TLS: /,
  },
  {
    what: "a server that ends, which is no cut",
    call: async (client) => {
      for await (const _ of client.both(endless(() => {}))) serving!.close();
    },
    says: () => /server closed/,
  },
];

let serving: Server | undefined = undefined;

/** The end of the call of `reason`, and what the server logged. */
async function endOf(reason: Reason, provider: string): Promise<{ error: RpcError; logged: string[] }> {
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const secure = { ...server, provider, ...reason.server };
  serving = new Server({
    ...reason.options,
    ...(reason.plaintext === "server" ? {} : { credentials: tls.server(secure) }),
    logger: { error: log, warn: log, info: log, debug: log },
  });
  serving.addService(Trial, echo);
  const port = await serving.listen("127.0.0.1:0");
  const peer = await reason.peer?.(port);
  const credentials = tls.client({ ca: authority.cert, provider, ...reason.client });
  const { handshakeTimeoutMs } = reason;
  const channel = new Channel(`${reason.target ?? "localhost"}:${peer?.port ?? port}`, {
    ...(reason.plaintext === "client" ? {} : { credentials }),
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
  });
  try {
    const client = createClient(Trial, channel);
    const { deadlineMs, call } = reason;
    const one = () => client.one({ text: "x" }, deadlineMs === undefined ? {} : { deadlineMs });
    const error = await failure(call?.(client) ?? one());
    if (reason.logs !== undefined) await until(() => logged.some((line) => reason.logs!.test(line)), 5_000);
    return { error, logged };
  } catch (error) {
    (error as Error).message += `\nlogged: ${logged.join("\n")}`;
    throw error;
  } finally {
    channel.close();
    await peer?.close();
    serving.close();
    await serving.shutdown();
  }
}

for (const { name: provider, probe } of [OPENSSL, NODE_TLS]) {
  const probed = probe();
  const leaves = { leaves: "sockets of node:net and node:tls close after their tests" };
  for (const reason of REASONS) {
    const code = reason.code ?? Status.UNAVAILABLE;
    test(`TLS by ${provider} fails: ${reason.what}`, async () => {
      const { error } = await endOf(reason, provider);
      assertMatch(error.details, reason.says(provider));
      assertEquals(error.code, code);
    }, probed.usable ? leaves : { skip: probed.because });
  }
}

/** Octets of a raw client, the alert that it is answered with, and what the server logs. */
const CLIENTS: ReadonlyArray<readonly [what: string, octets: Uint8Array, answer: Uint8Array, logs: RegExp]> =
  [
    ["TLS 1.1", clientHello(0x0302, ["h2"]), alert(70), /it offers TLS 1\.1 at most, and 1\.2 is the oldest/],
    ["no ALPN", clientHello(0x0303, []), alert(120), /it offers no protocol \(ALPN\), and gRPC needs "h2"/],
    [
      "http/1.1",
      clientHello(0x0303, ["http/1.1"]),
      alert(120),
      /it offers "http\/1\.1" \(ALPN\), and gRPC needs/,
    ],
    ["HTTP/1", ascii("GET / HTTP/1.1\r\n\r\n"), alert(10), /it speaks HTTP\/1 without TLS/],
    ["HTTP/2", ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), alert(10), /it speaks HTTP\/2 without TLS/],
    ["garbage", ascii("no TLS at all"), alert(10), /what it sent is not TLS/],
    [
      "a record that is too large",
      Uint8Array.of(22, 3, 1, 0xff, 0xff),
      alert(22),
      /first record has 65535 bytes/,
    ],
    [
      "an endless hello",
      Uint8Array.of(22, 3, 1, 0, 4, 1, 0xff, 0, 0),
      alert(50),
      /client hello has \d+ bytes/,
    ],
  ];

test("TLS servers refuse a client with the alert that says why, and log it", async () => {
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const refusing = new Server({
    credentials: tls.server(server),
    logger: { error: log, warn: log, info: log, debug: log },
  });
  const port = await refusing.listen("127.0.0.1:0");
  for (const [what, octets, answer, logs] of CLIENTS) {
    assertEquals([...await said(port, octets)], [...answer], what);
    await until(() => logged.some((line) => logs.test(line)));
  }
  await refusing.shutdown();
  assertEquals(logged.length, CLIENTS.length);
}, { leaves: "sockets of node:net close after their tests" });
