// Contexts of node:tls for clients: the provider that needs no permission and no library of the system.

import { readCertificate } from "../../../pollers/native/certificate_fields.ts";
import { clientSide } from "../../../pollers/native/tls_client_side.ts";
import { checkTlsOptions, type TlsStreamOptions } from "../../../pollers/native/tls_stream.ts";
import { H2 } from "../alpn.ts";
import { TLS12_CIPHERS } from "../ciphers.ts";
import type { ClientTlsProvider, TlsClientConfig, TlsContext } from "../config.ts";
import { checkHost } from "../host_names.ts";
import type { OnProgress, TlsSession } from "../session.ts";
import { isAddress, NodeTlsSession } from "./session.ts";

/** Servers whose sessions a client keeps. */
const MOST_SESSIONS = 64;

/** What the connections of one client configuration share. */
class NodeClientContext implements TlsContext {
  private readonly options: TlsStreamOptions;
  private readonly sessions = new Map<string, Uint8Array>();

  constructor({ ca, identity }: TlsClientConfig) {
    this.options = { ca, ...identity, ciphers: TLS12_CIPHERS, protocol: H2 };
    checkTlsOptions(this.options);
  }

  begin(serverName: string, onProgress: OnProgress): TlsSession {
    const onSession = (session: Uint8Array): void => {
      this.sessions.delete(serverName);
      this.sessions.set(serverName, session);
      if (this.sessions.size > MOST_SESSIONS) {
        this.sessions.delete(this.sessions.keys().next().value as string);
      }
    };
    const session = this.sessions.get(serverName);
    const named = {
      serverName,
      isAddress: isAddress(serverName),
      checkHost: (der: Uint8Array) => checkHost(readCertificate(der).names, serverName),
      session,
      onSession,
    };
    return new NodeTlsSession(clientSide({ ...this.options, ...named }), onProgress);
  }

  release(): void {
    this.sessions.clear();
  }
}

/** Clients' half of the provider by node:tls. */
export const NODE_TLS_CLIENT: ClientTlsProvider = {
  name: "node",
  isAsynchronous: true,
  probe: () => ({ usable: true }),
  clientContext: (config) => new NodeClientContext(config),
};
