// A thread that dies with things of OpenSSL's: two contexts, three servers' connections, a client's, and a session.
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { postToOwner, startData } from "../../../pollers/native/thread.ts";
import { OpenSslContext } from "../../../transport/tls/openssl/context.ts";
import { Held, hold, letGo, shareHoldings } from "../../../transport/tls/openssl/holdings.ts";
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";
import type { TlsSession } from "../../../transport/tls/session.ts";
import type { Issued } from "../../../examples/tls/authority.ts";

/** What the thread is given. */
export interface Certificates {
  readonly ca: string;
  readonly shown: Issued;
}

/** Moves octets until both sides have nothing more to say. */
function exchange(client: TlsSession, server: TlsSession): void {
  for (let rounds = 0; rounds < 8; rounds++) {
    for (const [from, to] of [[client, server], [server, client]] as const) {
      const bytes = new SliceBuffer();
      from.transmit(bytes);
      if (bytes.byteLength > 0) to.receive(bytes);
    }
  }
}

const given = startData() as Certificates | undefined;
const opened = openOpenSsl();
if (given !== undefined && opened.ok) {
  const holdings = shareHoldings();
  const { shown: { cert, key }, ca } = given;
  const serving = new OpenSslContext(opened.openssl, {
    identity: { cert, key },
    requireClientCertificate: false,
  });
  const calling = new OpenSslContext(opened.openssl, { ca });
  letGo(hold(Held.SESSION, 8)); // whose place the next one has
  const connect = (): TlsSession => {
    const [client, server] = [calling.begin("localhost"), serving.begin(undefined)];
    exchange(client, server);
    const word = new SliceBuffer();
    word.append(Uint8Array.of(1));
    server.write(word);
    exchange(client, server);
    client.read(new SliceBuffer(), false);
    return client;
  };
  connect().release(); // it leaves a session, which the next one resumes, and leaves another in its place
  connect().release();
  connect();
  Object.assign(globalThis, { kept: [serving, calling] }); // or they may be collected, and are freed then
  postToOwner(holdings);
  setTimeout(() => {
    throw new Error("died as asked");
  }, 0);
}
