// Records without plaintext: a peer may have new keys as often as it sends data, and not for ever without.
import { assertEquals, assertMatch } from "@std/assert";
import { createEngine, type Endpoint } from "../../../pollers/mod.ts";
import type { IoError } from "../../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { type NativePointer, openLibrary } from "../../../pollers/ffi/library.ts";
import type { TlsProvider } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import type { TlsSession } from "../../../transport/tls/session.ts";
import { test } from "../../harness.ts";
import { authority, secureClient, secureServer, shown } from "./secured_pair.ts";

/** SSL_KEY_UPDATE_REQUESTED of <openssl/ssl.h>: the peer is to answer with new keys of its own. */
const REQUESTED = 1;
/** How long the records are that are sent. */
const SSL_CTRL_SET_MAX_SEND_FRAGMENT = 52;
const probed = OPENSSL.probe();

/** The parts of an endpoint that these tests reach into. */
interface Opened extends Endpoint {
  inner: Endpoint;
  isReading: boolean;
  readonly session: TlsSession & { readonly ssl: NativePointer };
}

/** Stays open, as the library of the provider does. */
const library = probed.usable
  ? openLibrary(["libssl.so.3"], {
    SSL_key_update: { parameters: ["pointer", "i32"], result: "i32" },
    SSL_do_handshake: { parameters: ["pointer"], result: "void" },
    SSL_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i32" },
    SSL_set_block_padding: { parameters: ["pointer", "i64"], result: "i32" },
  })
  : undefined;

/** Those of the library that only tests use. */
function functions() {
  if (library?.ok !== true) throw new Error(`no libssl: ${library?.because}`);
  return library.functions;
}

/** Has a client begin with new keys, and ask for answers. */
function update({ session: { ssl } }: Opened): void {
  assertEquals(functions().SSL_key_update(ssl, REQUESTED), 1);
  functions().SSL_do_handshake(ssl);
}

/** `most` octets that a server reads of the records that `make` has a client make: they lie there when it begins to read. */
async function readOf(
  provider: TlsProvider,
  make: (client: Opened) => void,
  most = 300,
): Promise<{ readonly text: string; readonly error: string | undefined; readonly reads: number }> {
  const engine = createEngine();
  const [a, b] = await engine.pair();
  const ends = await Promise.all([secureClient(engine, OPENSSL, a), secureServer(engine, provider, b)]);
  const [client, server] = ends as unknown as [Opened, Opened];
  make(client);
  const made = new SliceBuffer();
  client.session.transmit(made);
  const octets = made.join();
  let [at, reads] = [0, 0];
  const { inner } = server;
  server.isReading = false;
  server.inner = {
    local: server.local,
    peer: server.peer,
    read(into) {
      if (at === octets.length) return false;
      reads++;
      into.append(octets.slice(at, at += 16_384));
      at = Math.min(at, octets.length);
      return true;
    },
    write: () => false, // nobody reads its answers
    close: (reason) => inner.close(reason),
  };
  const into = new SliceBuffer();
  const error = await new Promise<string | undefined>((resolve) => {
    const read = (): void => {
      while (into.byteLength < most && server.read(into, done));
      if (into.byteLength === most) resolve(undefined);
    };
    const done = (failed?: IoError): void => failed === undefined ? read() : resolve(failed.message);
    read();
  });
  const text = new TextDecoder().decode(into.join());
  for (const end of [client, server]) end.close();
  await engine.shutdown();
  return { text, error, reads };
}

const byOpenSsl = { skip: library?.ok === true ? undefined : "there is no libssl.so.3" };

/** Has a client send `count` octets, with new keys before each. */
function letters(client: Opened, count: number): void {
  for (let i = 0; i < count; i++) {
    update(client);
    const data = new SliceBuffer();
    data.append(Uint8Array.of(97 + i % 26));
    client.session.write(data);
  }
}

test("TLS by openssl: three hundred records in one read, with new keys before each", async () => {
  const { text, error } = await readOf(OPENSSL, (client) => {
    update(client); // so that 32 records end with one that has no plaintext
    letters(client, 300);
  });
  assertEquals([error, text.length, text.slice(0, 30)], [undefined, 300, "abcdefghijklmnopqrstuvwxyzabcd"]);
}, byOpenSsl);

test(
  "TLS by openssl: who asks for new keys and does not read the answers is cut off, though it sends data",
  async () => {
    const count = 20_000; // of 27 octets each
    const { text, error } = await readOf(OPENSSL, (client) => letters(client, count), count);
    assertMatch(error!, /does not read the answers that it asks for/);
    assertEquals(text.length > 5_000, true, `${text.length} octets`);
  },
  byOpenSsl,
);

for (const provider of [OPENSSL, NODE_TLS]) {
  const leaves = provider === NODE_TLS
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {};
  test(`TLS by ${provider.name}: who asks for new keys without end is cut off at once`, async () => {
    const { error, reads } = await readOf(provider, (client) => {
      for (let i = 0; i < 5_000; i++) update(client);
    });
    assertMatch(error!, /records without data|TooManyKeyUpdate|TOO_MANY_KEY_UPDATES/);
    assertEquals(reads, 1); // of 9, each of 600 records
  }, { ...byOpenSsl, ...leaves });
}

/** Two sessions, of which the server sends in records of 512 octets at most. */
function sessions(): [TlsSession, TlsSession] {
  const identity = authority.issue({
    name: "client",
    dns: Array.from({ length: 1_000 }, (_, i) => `name-${i}.of.this.client.example`),
  });
  const chain = { cert: shown.cert + authority.cert.repeat(200), key: shown.key };
  const contexts = [
    OPENSSL.clientContext({ ca: authority.cert, identity }),
    OPENSSL.serverContext({ identity: chain, clientCa: authority.cert, requireClientCertificate: true }),
  ] as const;
  const client = contexts[0].begin("localhost", () => {});
  const server = contexts[1].begin(undefined, () => {});
  const { ssl } = server as unknown as { readonly ssl: NativePointer };
  functions().SSL_ctrl(ssl, SSL_CTRL_SET_MAX_SEND_FRAGMENT, 512, null);
  for (const context of contexts) context.release();
  return [client, server];
}

/** What `session` has to send. */
function sentBy(session: TlsSession): SliceBuffer {
  const sent = new SliceBuffer();
  session.transmit(sent);
  return sent;
}

test("TLS by openssl: long certificates and tickets may come in hundreds of records at once", () => {
  const [client, server] = sessions();
  const flights: number[] = [];
  for (let flight = 0; flight < 3; flight++) {
    server.receive(sentBy(client));
    const sent = sentBy(server);
    flights.push(sent.byteLength);
    client.receive(sent);
    client.read(new SliceBuffer(), false);
  }
  assertEquals([client.state, client.failure, server.state], ["open", "", "open"]);
  assertEquals(flights.slice(0, 2).map((octets) => octets > 64 * 512), [true, true], String(flights));
  for (const session of [client, server]) session.release();
}, byOpenSsl);

test("TLS by openssl: a handshake in records of an octet is cut off, all at once or each by itself", () => {
  for (const atOnce of [true, false]) {
    const [client, server] = sessions();
    server.receive(sentBy(client));
    const all = sentBy(server).join();
    const hello = all.subarray(5, 5 + (all[3]! << 8 | all[4]!));
    const records = new SliceBuffer();
    for (const octet of hello) {
      records.append(Uint8Array.of(22, 3, 3, 0, 1, octet));
      if (!atOnce && client.state === "handshaking") client.receive(records);
    }
    if (atOnce) client.receive(records);
    assertEquals([client.state, client.failure], [
      "failed",
      "the peer sends nothing but records without data",
    ]);
    for (const session of [client, server]) session.release();
  }
}, byOpenSsl);

test("TLS by openssl: who asks for new keys in longer records is cut off a little later", async () => {
  const { error, reads } = await readOf(OPENSSL, (client) => {
    functions().SSL_set_block_padding(client.session.ssl, 128);
    for (let i = 0; i < 5_000; i++) update(client);
  });
  assertMatch(error!, /records without data/);
  assertEquals(reads, 5); // of 45, each of 110 records
}, byOpenSsl);
