// What grpc-node's examples of TLS and authentication do, by certificates made here.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import nodeTls, { type PeerCertificate } from "node:tls";
import type { CallCredentials, ClientUnaryCall, sendUnaryData, ServerUnaryCall } from "pollwire/grpc-js";
import * as grpc from "pollwire/grpc-js";
import { EVERY_TLS_LIBRARY } from "../../../../surface/credentials/every_tls_library.ts";
import { tlsLibrary } from "../../../../surface/credentials/tls_library.ts";
import { runtime, test } from "../../../harness.ts";
import { authority, rogue, shown } from "../../../transport/tls/secured_pair.ts";
import { bound, guideClient, libraries, type Library, type Note, outcome } from "./sides.ts";

tlsLibrary({}, EVERY_TLS_LIBRARY); // opens its library, once

/** Of a server of theirs that is given no authority for clients. */
const ASKS_TOO_MUCH = runtime === "deno"
  ? "grpc-js on Deno's TLS names every authority of the system to clients, which is more than OpenSSL reads"
  : undefined;

const LEAVES = { leaves: "sockets of @grpc/grpc-js close in their own time" };

const pem = (text: string): Buffer => Buffer.from(text);
const pair = { private_key: pem(shown.key), cert_chain: pem(shown.cert) };
const client = authority.issue({ name: "client", dns: ["client.example"] });

/** Says who called, and by what; what theirs makes of the sockets of these runtimes is not asked. */
const handlers = (isOurs: boolean) => ({
  one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
    const { transportSecurityType, sslPeerCertificate } = isOurs ? call.getAuthContext() : THEIRS;
    const who = sslPeerCertificate === undefined ? "nobody" : "somebody";
    callback(null, { text: `${transportSecurityType} ${who} ${call.metadata.get("authorization")}` });
  },
});
const THEIRS: grpc.AuthContext = { transportSecurityType: "ssl" };

/** The outcome of one call with TLS, from `calling` to `serving`. `checks`: the server asks for the client's certificate. */
async function call(
  calling: Library,
  serving: Library,
  credentials: (library: Library) => grpc.ChannelCredentials,
  options: grpc.ClientOptions = {},
  clientCa: Buffer | null = null,
  checks = clientCa !== null,
) {
  const server = new serving.Server();
  server.addService(guideClient(serving).service, handlers(serving === libraries.ours) as never);
  const port = await bound(
    server,
    serving.ServerCredentials.createSsl(clientCa, [pair], checks),
    "localhost:0",
  );
  const made = new (guideClient(calling))(`localhost:${port}`, credentials(calling), options);
  try {
    return await outcome((done) => made["one"]({}, { deadline: Date.now() + 10_000 }, done));
  } finally {
    made.close();
    server.forceShutdown();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  }
}

test("grpc-js: a server that does not check certificates of clients asks for none", async () => {
  const other = rogue.issue({ name: "client", dns: ["client.example"] });
  const credentials = ({ credentials }: Library) =>
    credentials.createSsl(pem(authority.cert), pem(other.key), pem(other.cert));
  const { value } = await call(grpc, grpc, credentials, {}, pem(authority.cert), false);
  assertEquals(value?.text, "ssl nobody ");
});

const ROOTS = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";

/** Runs `body` while the environment names `file` for authorities, or none. */
async function withRoots(file: string, body: () => Promise<void>): Promise<void> {
  const before = process.env[ROOTS] ?? "";
  process.env[ROOTS] = file;
  try {
    await body();
  } finally {
    process.env[ROOTS] = before;
  }
}

test("grpc-js: a server that checks certificates of clients needs an authority", () =>
  withRoots("", () => {
    const { ServerCredentials } = grpc;
    assertThrows(() => ServerCredentials.createSsl(null, [pair], true), Error, "vouch for clients");
    return Promise.resolve();
  }));

test("grpc-js: the environment may name the authorities of servers and of clients", async () => {
  const folder = mkdtempSync(`${tmpdir()}/grpc-js-roots-`);
  const file = `${folder}/roots.pem`;
  writeFileSync(file, authority.cert);
  await withRoots(file, async () => {
    const keys = [pem(client.key), pem(client.cert)] as const;
    const shows = ({ credentials }: Library) => credentials.createSsl(null, ...keys);
    assertMatch((await call(grpc, grpc, shows, {}, null, true)).value!.text!, /^ssl somebody/);
    const silent = await call(grpc, grpc, ({ credentials }) => credentials.createSsl(), {}, null, true);
    assertEquals(silent.error?.code, grpc.status.UNAVAILABLE);
  });
  rmSync(folder, { recursive: true });
});

test("grpc-js: credentials of the same octets are the same", async () => {
  const { ServerCredentials } = grpc;
  const made = (ca: string): grpc.ServerCredentials =>
    ServerCredentials.createSsl(
      pem(ca),
      [{ private_key: pem(shown.key), cert_chain: pem(shown.cert) }],
      true,
    );
  const server = new grpc.Server();
  const port = await bound(server, made(authority.cert), "localhost:0");
  assertEquals(await bound(server, made(authority.cert), `localhost:${port}`), port);
  await assertRejects(() => bound(server, made(rogue.cert), `localhost:${port}`), Error, "already bound");
  server.forceShutdown();
  const { createSsl } = grpc.credentials;
  assert(createSsl(pem(authority.cert))._equals(createSsl(pem(authority.cert))));
  assert(!createSsl(pem(authority.cert))._equals(createSsl(pem(rogue.cert))));
  assert(!createSsl(pem(authority.cert))._equals(createSsl()));
});

test("grpc-js: the name of a certificate, and what an app says of it", async () => {
  const trusted = ({ credentials }: Library) => credentials.createSsl(pem(authority.cert));
  const named = { "grpc.ssl_target_name_override": "other.example" };
  const refused = await call(grpc, grpc, trusted, named);
  assertMatch(refused.error!.details, /certificate is not accepted/);
  const checks: string[] = [];
  const checkServerIdentity = (host: string, cert: { raw: Uint8Array }): Error | undefined => {
    checks.push(`${host} ${cert.raw instanceof Uint8Array}`);
    return checks.length === 1 ? undefined : new Error("revoked");
  };
  const content = ({ credentials }: Library) =>
    credentials.createSsl(pem(authority.cert), null, null, { checkServerIdentity: () => null as never });
  assertEquals((await call(grpc, grpc, content)).error, null);
  const checked = ({ credentials }: Library) =>
    credentials.createSsl(pem(authority.cert), null, null, { checkServerIdentity });
  const passed = await call(grpc, grpc, checked);
  assertEquals(passed.error, null);
  assertEquals(checks, ["localhost true"]);
  const stopped = await call(grpc, grpc, checked);
  assertMatch(stopped.error!.details, /revoked/);
});

test("grpc-js: an app's check has the name or the address, and certificates as Node shows them", async () => {
  const seen: unknown[] = [];
  const checkServerIdentity = (host: string, cert: PeerCertificate): Error | undefined => {
    seen.push(host, cert.subject.CN, cert.subjectaltname);
    return nodeTls.checkServerIdentity(host, cert);
  };
  const checked = grpc.credentials.createSsl(pem(authority.cert), pem(client.key), pem(client.cert), {
    checkServerIdentity,
  });
  const server = new grpc.Server();
  const one = (call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
    const { subject, subjectaltname } = call.getAuthContext().sslPeerCertificate!;
    callback(null, { text: `${subject.CN} ${subjectaltname}` });
  };
  server.addService(guideClient(grpc).service, { one } as never);
  const port = await bound(server, grpc.ServerCredentials.createSsl(pem(authority.cert), [pair], true));
  for (const host of ["localhost", "127.0.0.1"]) {
    const made = new (guideClient(grpc))(`${host}:${port}`, checked);
    const { error, value } = await outcome((done) =>
      made["one"]({}, { deadline: Date.now() + 10_000 }, done)
    );
    assertEquals([error, value?.text], [null, "client DNS:client.example"]);
    made.close();
    assertEquals(seen.splice(0), [host, "server", "DNS:localhost, IP Address:127.0.0.1"]);
  }
  server.forceShutdown();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});

test("grpc-js: call credentials that fail, fail the call", async () => {
  const { error } = await call(grpc, grpc, ({ credentials }) =>
    credentials.combineChannelCredentials(
      credentials.createSsl(pem(authority.cert)),
      credentials.createFromMetadataGenerator((_options, callback) => callback(new Error("no token today"))),
    ));
  assertEquals(error?.code, grpc.status.UNAUTHENTICATED);
  assertMatch(error!.details, /no token today/);
});

test("grpc-js: call credentials of an async function, and headers that cannot be sent, fail the call", async () => {
  const { createFromMetadataGenerator, createFromGoogleCredential } = grpc.credentials;
  const failing = [
    createFromMetadataGenerator(() => Promise.reject(new Error("no token today")) as unknown as void),
    createFromGoogleCredential({ getRequestHeaders: () => Promise.resolve({ authorization: "two\nlines" }) }),
    createFromGoogleCredential({ getRequestHeaders: () => Promise.resolve(undefined as never) }),
  ];
  const reasons = [/no token today/, /illegal characters/, /call credentials failed/];
  for (const [at, credentials] of failing.entries()) {
    const { error } = await call(
      grpc,
      grpc,
      () => grpc.credentials.createSsl(pem(authority.cert)).compose(credentials),
    );
    assertEquals(error?.code, grpc.status.UNAUTHENTICATED);
    assertMatch(error!.details, reasons[at]!);
  }
});

test("grpc-js: a call whose credentials give what is no Metadata does not go without them", async () => {
  const token = { authorization: "token" };
  const given = [token, new Map(Object.entries(token)), new Headers(token), "authorization: token"];
  const generators = given.map((one) =>
    grpc.credentials.createFromMetadataGenerator((_options, callback) => callback(null, one as never))
  );
  for (const credentials of [...generators, generators[0]!.compose(generators[1]!)]) {
    const { error } = await call(
      grpc,
      grpc,
      () => grpc.credentials.createSsl(pem(authority.cert)).compose(credentials),
    );
    assertEquals(error?.code, grpc.status.UNAUTHENTICATED);
    assert(!error!.details.includes("authorization"), error!.details);
  }
  const none = grpc.credentials.createFromMetadataGenerator((_options, callback) =>
    callback(null, null as never)
  );
  const { error } = await call(
    grpc,
    grpc,
    () => grpc.credentials.createSsl(pem(authority.cert)).compose(none),
  );
  assertEquals(error, null);
});

test("grpc-js: a call shows the certificate of its own server, and none before it has one", async () => {
  const pairs = [shown, authority.issue({ name: "second", dns: ["localhost"] })];
  const servers = pairs.map(() => new grpc.Server());
  const ports = await Promise.all(servers.map((server, at) => {
    const { key, cert } = pairs[at]!;
    const handler = (_call: unknown, callback: sendUnaryData<Note>) => callback(null, { text: cert });
    server.addService(guideClient(grpc).service, { one: handler } as never);
    const secured = grpc.ServerCredentials.createSsl(null, [{
      private_key: pem(key),
      cert_chain: pem(cert),
    }]);
    return bound(server, secured);
  }));
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const made = new (guideClient(grpc))(target, grpc.credentials.createSsl(pem(authority.cert)), {
    "grpc.ssl_target_name_override": "localhost",
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
  const seen = new Set<string>();
  for (const begin = Date.now(); seen.size < 2 && Date.now() - begin < 10_000;) {
    let call: ClientUnaryCall | undefined = undefined;
    const { value } = await outcome((done) => {
      call = made["one"]({}, { deadline: Date.now() + 10_000 }, done) as ClientUnaryCall;
      if (seen.size === 0) assertEquals(call.getAuthContext(), null);
      return call;
    });
    const { raw } = call!.getAuthContext()!.sslPeerCertificate!;
    assertEquals(raw, new X509Certificate(value!.text!).raw);
    seen.add(value!.text!);
  }
  assertEquals(seen.size, 2);
  made.close();
  for (const server of servers) {
    server.forceShutdown();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  }
});

test("grpc-js: credentials of calls are combined", async () => {
  const one = (name: string): CallCredentials =>
    grpc.credentials.createFromMetadataGenerator((_options, callback) => {
      const metadata = new grpc.Metadata();
      metadata.set(name, name);
      callback(null, metadata);
    });
  const google = grpc.credentials.createFromGoogleCredential({
    getRequestHeaders: (url) => Promise.resolve({ authorization: `Bearer ${url}` }),
  });
  const all = grpc.credentials.combineCallCredentials(
    one("a"),
    one("b"),
    google,
    grpc.credentials.createEmpty(),
  );
  const metadata = await all.generateMetadata({ service_url: "https://x/y" });
  assertEquals(metadata.getMap(), { a: "a", b: "b", authorization: "Bearer https://x/y" });
});

test("grpc-js: credentials that cannot be are refused", () => {
  const { createSsl, createInsecure, createEmpty, createFromSecureContext } = grpc.credentials;
  assertThrows(
    () => createSsl("text" as never),
    TypeError,
    "Root certificate, if provided, must be a Buffer",
  );
  assertThrows(() => createSsl(null, pem(client.key)), Error, "accompanying certificate chain");
  assertThrows(() => createSsl(null, null, pem(client.cert)), Error, "accompanying private key");
  assertThrows(() => createSsl(null, null, null, { rejectUnauthorized: false }), Error, "anybody could pose");
  assertThrows(() => createInsecure().compose(createEmpty()), Error, "Cannot compose insecure credentials");
  assertThrows(() => createFromSecureContext(), Error, "SecureContext");
  assert(createInsecure()._equals(createInsecure()));
  const { ServerCredentials } = grpc;
  assertThrows(() => ServerCredentials.createSsl("text" as never, []), TypeError, "rootCerts");
  assertThrows(
    () => ServerCredentials.createSsl(null, [{} as never]),
    TypeError,
    "private_key must be a Buffer",
  );
});

// Last, for their client tries again for a while to reach a server that it did not trust: no timer of it goes into others.
for (const [from, to] of [["ours", "ours"], ["ours", "theirs"], ["theirs", "ours"]] as const) {
  const [calling, serving] = [libraries[from], libraries[to]];
  const sides = `${from} to ${to}`;
  const options = from === to ? {} : LEAVES;

  test(`grpc-js: TLS, and call credentials with it, ${sides}`, async () => {
    const asked: string[] = [];
    const { value, error } = await call(calling, serving, ({ credentials }) => {
      const token = credentials.createFromMetadataGenerator(({ service_url }, callback) => {
        asked.push(service_url);
        const metadata = new calling.Metadata();
        metadata.set("authorization", "Bearer t");
        callback(null, metadata);
      });
      return credentials.combineChannelCredentials(credentials.createSsl(pem(authority.cert)), token);
    });
    assertEquals(error, null);
    assertEquals(value?.text, "ssl nobody Bearer t");
    assertMatch(asked[0]!, /^https:\/\/localhost(:\d+)?\/guide\.Guide$/);
  }, to === "theirs" ? { ...options, skip: ASKS_TOO_MUCH } : options);

  test(`grpc-js: certificates of both sides, ${sides}`, async () => {
    const keys = [pem(client.key), pem(client.cert)] as const;
    const { value } = await call(
      calling,
      serving,
      ({ credentials }) => credentials.createSsl(pem(authority.cert), ...keys),
      {},
      pem(authority.cert),
    );
    assertMatch(value!.text!, to === "ours" ? /^ssl somebody/ : /^ssl/);
  }, options);

  test(`grpc-js: an authority that nobody trusts, ${sides}`, async () => {
    const { error } = await call(
      calling,
      serving,
      ({ credentials }) => credentials.createSsl(pem(rogue.cert)),
    );
    assertEquals(error?.code, grpc.status.UNAVAILABLE);
  }, options);
}
