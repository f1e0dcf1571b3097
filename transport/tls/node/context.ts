// Contexts of node:tls, the provider that needs no permission and no library of the system.

import { checkTlsOptions, newTicketKeys, type TlsStreamOptions } from "../../../pollers/native/tls_stream.ts";
import { verifiedBy } from "../../../pollers/native/verified_certificates.ts";
import { readCertificateNames } from "../../../pollers/native/certificate_names.ts";
import { H2 } from "../alpn.ts";
import type { TlsClientConfig, TlsContext, TlsProvider, TlsServerConfig } from "../config.ts";
import type { OnProgress, TlsSession } from "../session.ts";
import { TLS12_CIPHERS } from "../ciphers.ts";
import { hostRefusal } from "../host_names.ts";
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
      hostRefusal: (der: Uint8Array) => hostRefusal(readCertificateNames(der).names, serverName),
      session,
      onSession,
    };
    return new NodeTlsSession({ ...this.options, ...named }, onProgress);
  }

  release(): void {
    this.sessions.clear();
  }
}

/** What the connections of one server configuration share. */
class NodeServerContext implements TlsContext {
  private readonly options: TlsStreamOptions;
  private readonly ticketKeys = newTicketKeys();

  constructor(private readonly config: TlsServerConfig) {
    const { clientCa: ca, identity } = config;
    this.options = { ca, ...identity, ciphers: TLS12_CIPHERS, protocol: H2 };
    checkTlsOptions(this.options);
  }

  begin(_serverName: undefined, onProgress: OnProgress): TlsSession {
    const { clientCa, requireClientCertificate: requireCertificate } = this.config;
    const { ticketKeys } = this;
    const verified = verifiedBy(clientCa ?? "");
    const asked = { requestCertificate: clientCa !== undefined, requireCertificate, ticketKeys, verified };
    return new NodeTlsSession({ ...this.options, ...asked }, onProgress);
  }

  release(): void {}
}

/** The provider by node:tls. */
export const NODE_TLS: TlsProvider = {
  name: "node",
  isAsynchronous: true,
  probe: () => ({ usable: true }),
  clientContext: (config) => new NodeClientContext(config),
  serverContext: (config) => new NodeServerContext(config),
};
