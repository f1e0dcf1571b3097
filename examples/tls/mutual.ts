// Credentials of both sides from a folder that certificates.ts has filled, and what a server learns of its clients.
import { join } from "node:path";
import {
  type ChannelCredentials,
  type Insecure,
  insecure,
  pemFiles,
  type ServerCredentials,
  type ServerInterceptor,
  tls,
  type TlsClientOptions,
  type TlsServerOptions,
} from "pollwire";

/** A server that wants to know its clients. Files that are replaced are read again. */
export function serverCredentials(folder: string): ServerCredentials {
  return tls.server(pemFiles<TlsServerOptions>({
    cert: join(folder, "server.pem"),
    key: join(folder, "server.key"),
    clientCa: join(folder, "ca.pem"),
  }));
}

/** A client that shows who it is; plaintext for "". */
export function clientCredentials(folder: string): ChannelCredentials | Insecure {
  if (folder === "") return insecure;
  return tls.client(pemFiles<TlsClientOptions>({
    cert: join(folder, "client.pem"),
    key: join(folder, "client.key"),
    ca: join(folder, "ca.pem"),
  }));
}

/** Prints once who each client is. */
export function printIdentities(): ServerInterceptor {
  const seen = new Set<string>();
  return (next) => async (call) => {
    const { security } = call;
    const who = security?.peerCertificate?.names.uri[0] ?? "somebody without a certificate";
    if (!seen.has(who)) console.log(`served to    ${who} (${security?.protocol}, ${security?.cipher})`);
    seen.add(who);
    return await next(call);
  };
}
