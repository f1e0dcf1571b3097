// Contexts of node:tls for servers, and the provider with both.

import { newTicketKeys, serverSide } from "../../../pollers/native/tls_server_side.ts";
import { checkTlsOptions, type TlsStreamOptions } from "../../../pollers/native/tls_stream.ts";
import { verifiedBy } from "../../../pollers/native/verified_certificates.ts";
import { H2 } from "../alpn.ts";
import { TLS12_CIPHERS } from "../ciphers.ts";
import type { ClientTlsProvider, TlsContext, TlsProvider, TlsServerConfig } from "../config.ts";
import type { OnProgress, TlsSession } from "../session.ts";
import { NODE_TLS_CLIENT } from "./client_context.ts";
import { NodeTlsSession } from "./session.ts";

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
    return new NodeTlsSession(serverSide({ ...this.options, ...asked }), onProgress);
  }

  release(): void {}
}

/** The provider by node:tls. */
export const NODE_TLS: TlsProvider = /* @__PURE__ */ withServers(NODE_TLS_CLIENT);

function withServers(provider: ClientTlsProvider): TlsProvider {
  return { ...provider, serverContext: (config) => new NodeServerContext(config) };
}
