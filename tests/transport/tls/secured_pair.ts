// Two ends of a TLS connection over two endpoints of one engine, and what tests do with them.
import { Authority, type Issued } from "../../../examples/tls/authority.ts";
import type { Endpoint, EventEngine, IoDone } from "../../../pollers/mod.ts";
import type { IoError } from "../../../pollers/contract/io_error.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import type {
  AcceptSecurity,
  TlsClientConfig,
  TlsProvider,
  TlsServerConfig,
} from "../../../transport/tls/config.ts";
import { SecureAcceptance } from "../../../transport/tls/secure_acceptance.ts";
import { SecureEndpoint } from "../../../transport/tls/secure_endpoint.ts";

/** Vouches for what these tests use. */
export const authority = new Authority("Test CA");
/** Vouches for nothing that anybody here trusts. */
export const rogue = new Authority("Rogue CA");
/** What servers show. */
export const shown: Issued = authority.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1"] });

/** An end of a handshake: an endpoint, or why there is none. */
export type Secured = SecureEndpoint | string;

/** Makes the client's handshake over `endpoint`. */
export function secureClient(
  engine: EventEngine,
  provider: TlsProvider,
  endpoint: Endpoint,
  config: TlsClientConfig = { ca: authority.cert },
  serverName = "localhost",
  context = provider.clientContext(config),
): Promise<Secured> {
  const secure = new SecureEndpoint(engine, endpoint);
  return new Promise((resolve) => {
    const begin = (onProgress: () => void) => context.begin(serverName, onProgress);
    secure.handshake(begin, new SliceBuffer(), (failure) => {
      if (failure === undefined) return resolve(secure);
      secure.close();
      resolve(failure);
    });
  });
}

/** Makes the server's handshake over `endpoint`. */
export function secureServer(
  engine: EventEngine,
  provider: TlsProvider,
  endpoint: Endpoint,
  config: Partial<TlsServerConfig> = {},
  context = provider.serverContext({ identity: shown, requireClientCertificate: false, ...config }),
): Promise<Secured> {
  const security: AcceptSecurity = {
    isAsynchronous: provider.isAsynchronous,
    begin: (_name, _now, onProgress) => context.begin(undefined, onProgress),
  };
  return new Promise((resolve) => {
    new SecureAcceptance(engine, endpoint, security, (begin) => begin(), engine.now() + 10_000, {
      onSecure: resolve,
      onInsecure: resolve,
      onCancelled() {},
    });
  });
}

/** Both ends, secured; throws where they are not. */
export async function securedPair(
  engine: EventEngine,
  provider: TlsProvider,
): Promise<[SecureEndpoint, SecureEndpoint]> {
  const [a, b] = await engine.pair();
  const ends = await Promise.all([secureClient(engine, provider, a), secureServer(engine, provider, b)]);
  for (const end of ends) if (typeof end === "string") throw new Error(end);
  return ends as [SecureEndpoint, SecureEndpoint];
}

/** Reads until the end of the stream, or an error. */
export function readAll(
  endpoint: Endpoint,
): Promise<{ readonly bytes: Uint8Array; readonly error: IoError }> {
  const all = new SliceBuffer();
  return new Promise((resolve) => {
    const read: IoDone = (error) => {
      if (error !== undefined) return resolve({ bytes: all.join(), error });
      while (endpoint.read(all, read));
    };
    while (endpoint.read(all, read));
  });
}

/** Reads until `count` bytes came. */
export function readExactly(endpoint: Endpoint, count: number): Promise<Uint8Array> {
  const all = new SliceBuffer();
  return new Promise((resolve, reject) => {
    const read: IoDone = (error) => {
      if (error !== undefined) return reject(new Error(error.message));
      next();
    };
    const next = (): void => {
      while (all.byteLength < count) if (!endpoint.read(all, read)) return;
      resolve(all.join());
    };
    next();
  });
}

/** The same by reads that lend, whose bytes are looked at a little later; `see` gets each view. */
export async function readLent(
  endpoint: Endpoint,
  count: number,
  see: (view: Uint8Array) => void = () => {},
): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  const input = new SliceBuffer();
  for (let at = 0; at < count; input.clear()) {
    await new Promise<void>((resolve, reject) => {
      const done: IoDone = (error) => error === undefined ? resolve() : reject(new Error(error.message));
      if (endpoint.read(input, done, true)) resolve();
    });
    await Promise.resolve(); // others read meanwhile
    for (const view of input.slices) {
      see(view);
      all.set(view, at);
      at += view.length;
    }
  }
  return all;
}

/** Writes `bytes`; throws where that fails. */
export function writeAll(endpoint: Endpoint, ...bytes: Uint8Array[]): Promise<void> {
  const data = new SliceBuffer();
  for (const one of bytes) data.append(one);
  return new Promise((resolve, reject) => {
    const done = (error?: IoError): void =>
      error === undefined ? resolve() : reject(new Error(error.message));
    if (endpoint.write(data, done)) resolve();
  });
}

/** Bytes that are not alike. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) bytes[i] = state = state * 1_103_515_245 + 12_345 & 0x7fffffff;
  return bytes;
}
