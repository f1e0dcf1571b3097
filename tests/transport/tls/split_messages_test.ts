// Messages of the library's own that come in parts, such as a session ticket of several records: what is written meanwhile
// waits for the rest.
import { assertEquals, assertMatch } from "@std/assert";
import { createEngine, type Endpoint, type EventEngine } from "../../../pollers/mod.ts";
import type { IoDone } from "../../../pollers/contract/engine.ts";
import { endOfStream } from "../../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { type NativePointer, openLibrary } from "../../../pollers/ffi/library.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { SecureEndpoint } from "../../../transport/tls/secure_endpoint.ts";
import type { TlsSession } from "../../../transport/tls/session.ts";
import { test } from "../../harness.ts";
import { concat } from "../../bytes.ts";
import { authority, shown } from "./secured_pair.ts";

/** Of <openssl/ssl.h>: how long the records are that are sent. */
const SSL_CTRL_SET_MAX_SEND_FRAGMENT = 52;
const probed = OPENSSL.probe();

/** Stays open, as the library of the provider does. */
const library = probed.usable
  ? openLibrary(["libssl.so.3"], {
    SSL_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i32" },
    SSL_do_handshake: { parameters: ["pointer"], result: "void" },
    SSL_new_session_ticket: { parameters: ["pointer"], result: "i32" },
  })
  : undefined;

const byOpenSsl = { skip: library?.ok === true ? undefined : "there is no libssl.so.3" };

/** An endpoint whose peer is the test. */
class Line implements Endpoint {
  readonly local = { family: "ipv4", host: "127.0.0.1", port: 1 } as const;
  readonly peer = { family: "ipv4", host: "127.0.0.1", port: 2 } as const;
  readonly lends = true;
  /** What was written. */
  readonly sent = new SliceBuffer();
  private readonly coming: Uint8Array[] = [];
  private reading: [SliceBuffer, IoDone] | undefined = undefined;
  private lent: Uint8Array | undefined = undefined;

  read(into: SliceBuffer, done: IoDone): boolean {
    this.lent?.fill(0); // it is the line's again
    this.lent = this.coming.shift();
    if (this.lent === undefined) this.reading = [into, done];
    else into.append(this.lent);
    return this.lent !== undefined;
  }

  write(data: SliceBuffer): boolean {
    for (const slice of data.slices) this.sent.append(slice.slice());
    data.clear();
    return true;
  }

  close(): void {}

  /** A read is outstanding. */
  get isRead(): boolean {
    return this.reading !== undefined;
  }

  /** `bytes` come. */
  come(bytes: Uint8Array): void {
    this.coming.push(bytes.slice());
    const { reading } = this;
    if (reading === undefined) return;
    this.reading = undefined;
    this.read(...reading);
    reading[1]();
  }

  /** The peer ends the stream. */
  end(): void {
    this.reading?.[1](endOfStream(this.peer));
  }
}

/** Everything that is to be done now is done. */
async function settled(engine: EventEngine): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => engine.run(resolve));
}

/** A client that is open, and the records of what its server has sent since: a text, then a ticket of several records. */
interface Begun {
  readonly engine: EventEngine;
  readonly line: Line;
  readonly client: SecureEndpoint;
  readonly server: TlsSession;
  readonly records: readonly Uint8Array[];
}

/** It is in the tickets of its server, so that these have no room in one record. */
const identity = authority.issue({
  name: "client",
  dns: Array.from({ length: 40 }, (_, i) => `name-${i}.of.this.client.example`),
});

/** Has the server send in records of 512 octets. */
async function begin(): Promise<Begun> {
  if (library?.ok !== true) throw new Error(`no libssl: ${library?.because}`);
  const { SSL_ctrl, SSL_do_handshake, SSL_new_session_ticket } = library.functions;
  const engine = createEngine();
  const line = new Line();
  const contexts = [
    OPENSSL.clientContext({ ca: authority.cert, identity }),
    OPENSSL.serverContext({ identity: shown, clientCa: authority.cert, requireClientCertificate: true }),
  ] as const;
  const server = contexts[1].begin(undefined, () => {});
  const { ssl } = server as unknown as { readonly ssl: NativePointer };
  SSL_ctrl(ssl, SSL_CTRL_SET_MAX_SEND_FRAGMENT, 512, null);
  const client = new SecureEndpoint(engine, line);
  let outcome: string | undefined = "it goes on";
  const done = (failure?: string): void => void (outcome = failure);
  client.handshake((onProgress) => contexts[0].begin("localhost", onProgress), new SliceBuffer(), done);
  for (let flights = 0; server.state === "handshaking" && flights < 5; flights++) {
    await settled(engine);
    server.receive(line.sent);
    line.come(sentBy(server));
  }
  await settled(engine);
  assertEquals([outcome, server.state], [undefined, "open"]);
  for (const context of contexts) context.release();
  server.write(slices("text"));
  assertEquals(SSL_new_session_ticket(ssl), 1);
  SSL_do_handshake(ssl);
  const records = recordsOf(sentBy(server));
  assertEquals(records.length, 5);
  return { engine, line, client, server, records };
}

function sentBy(session: TlsSession): Uint8Array {
  const sent = new SliceBuffer();
  session.transmit(sent);
  return sent.join().slice();
}

function slices(text: string): SliceBuffer {
  const data = new SliceBuffer();
  data.append(new TextEncoder().encode(text));
  return data;
}

function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0, end; at < bytes.length; at = end) {
    end = at + 5 + (bytes[at + 3]! << 8 | bytes[at + 4]!);
    records.push(bytes.slice(at, end));
  }
  return records;
}

/** What a server has got of its client since it was asked last. */
function got({ server, line }: Begun): string {
  server.receive(line.sent);
  const into = new SliceBuffer();
  for (let before = -1; into.byteLength > before;) {
    before = into.byteLength;
    server.read(into, false);
  }
  return new TextDecoder().decode(into.join());
}

/** What becomes of something that was begun: "under way", "done", or its error. */
interface Outcome {
  now: string;
}

function begun(begin: (done: IoDone) => boolean): Outcome {
  const outcome = { now: "under way" };
  if (begin((error) => void (outcome.now = error?.message ?? "done"))) outcome.now = "done";
  return outcome;
}

/** Has the client read; gives what it reads, and what becomes of that. */
function read({ client }: Begun): Outcome & { readonly into: SliceBuffer } {
  const into = new SliceBuffer();
  return Object.assign(begun((done) => client.read(into, done, true)), { into });
}

function write({ client }: Begun, text: string): Outcome {
  return begun((done) => client.write(slices(text), done));
}

/** The client has read the text, and with it the first part of a ticket; nobody reads now. */
async function inTicket(): Promise<Begun> {
  const all = await begin();
  const { engine, line, records: [text, first] } = all;
  const outcome = read(all);
  line.come(concat(text!, first!));
  await settled(engine);
  assertEquals(new TextDecoder().decode(outcome.into.join()), "text");
  assertEquals(line.isRead, false);
  return all;
}

async function end({ engine, client, server }: Begun): Promise<void> {
  client.close();
  await settled(engine);
  server.release();
  await engine.shutdown();
}

const large = "0123456789".repeat(30_000);

test(
  "TLS by openssl: a write waits for the rest of a session ticket, whether or not anybody reads",
  async () => {
    for (const reads of [false, true]) {
      const all = await inTicket();
      const { engine, line, records } = all;
      const outcome = reads ? read(all) : undefined;
      const written = write(all, large);
      for (const record of records.slice(2)) {
        await settled(engine);
        assertEquals([written.now, got(all)], ["under way", ""]);
        line.come(record);
      }
      await settled(engine);
      assertEquals(written.now, "done");
      assertEquals(got(all) === large, true);
      assertEquals([line.isRead, outcome?.now ?? "under way"], [reads, "under way"]);
      assertEquals(write(all, "and more").now, "done");
      assertEquals(got(all), "and more");
      await end(all);
    }
  },
  byOpenSsl,
);

test(
  "TLS by openssl: the rest of a session ticket that lies there lets a write go on, and nothing behind it is lost",
  async () => {
    for (const reads of [false, true]) {
      const all = await inTicket();
      const { engine, line, records, server } = all;
      server.write(slices(large));
      line.come(concat(...records.slice(2), sentBy(server)));
      const written = write(all, large);
      const seen: string[] = [];
      const take = async (): Promise<void> => {
        const { into } = read(all);
        await settled(engine);
        seen.push(new TextDecoder().decode(into.join()));
      };
      if (reads) await take();
      await settled(engine);
      assertEquals(written.now, "done");
      assertEquals(got(all) === large, true);
      while (seen.join("").length < large.length) await take();
      assertEquals(seen.join("") === large, true);
      await end(all);
    }
  },
  byOpenSsl,
);

test("TLS by openssl: a stream that is cut within a session ticket keeps no write waiting", async () => {
  const all = await inTicket();
  const { engine, line } = all;
  const written = write(all, large);
  line.end();
  await settled(engine);
  assertEquals(written.now, "done"); // as one that the peer did not read
  const outcome = read(all);
  await settled(engine);
  assertMatch(outcome.now, /without close_notify/);
  await end(all);
}, byOpenSsl);
