// Faults of TLS: who is trusted, what is negotiated, and what an end is.

const CONTRACT = "tests/transport/tls/contract_test.ts";
const HELLO = "tests/transport/tls/client_hello_test.ts";
const SURFACE = "tests/surface/credentials/tls_test.ts";
const REASONS = "tests/surface/credentials/reasons_test.ts";
const ENGINES = "tests/surface/credentials/engines_test.ts";
const ROTATION = "tests/surface/credentials/rotation_test.ts";
const SOURCE = "tests/surface/credentials/context_source_test.ts";
const ENDPOINT = "transport/tls/secure_endpoint.ts";
const NAMES = "tests/pollers/native/certificate_names_test.ts";
const OPENSSL = "transport/tls/openssl/";

/** As `readMutations` describes them. */
export default [
  mutation(
    OPENSSL + "context.ts",
    "openssl.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, null);",
    "",
    CONTRACT,
    "openssl",
  ),
  mutation(
    OPENSSL + "context.ts",
    "verify = SSL_VERIFY_PEER |",
    "verify = SSL_VERIFY_NONE *",
    CONTRACT,
    "openssl",
  ),
  mutation(
    OPENSSL + "context.ts",
    "requireClientCertificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0",
    "0",
    CONTRACT,
    "openssl",
  ),
  mutation(
    OPENSSL + "session.ts",
    "      openssl.SSL_set_hostflags(ssl, HOST_FLAGS);\n",
    "",
    CONTRACT,
    "openssl: a server that shows a certificate with the host",
  ),
  mutation(
    "pollers/native/tls_stream.ts",
    "rejectUnauthorized: true,",
    "",
    CONTRACT,
    "node: no variable",
  ),
  mutation(
    "pollers/native/tls_stream.ts",
    "return why === undefined ? undefined : new Error(why);",
    "return why === undefined ? undefined : undefined;",
    CONTRACT,
    "node: a server that shows a certificate for another host",
  ),
  mutation(OPENSSL + "session.ts", "openssl.SSL_set1_host(ssl, name)", "1", CONTRACT, "another host"),
  mutation(
    OPENSSL + "session.ts",
    "if (isChecked === 1) return;",
    "if (isChecked < 2) return;",
    SURFACE,
    "[C87] openssl: no connection",
  ),
  mutation(
    OPENSSL + "session.ts",
    "openssl.X509_VERIFY_PARAM_set1_ip_asc(parameters, name)",
    "1",
    CONTRACT,
    "another address",
  ),
  mutation(
    OPENSSL + "session.ts",
    '    else if (this.ended && this.unfed.byteLength === 0) this.state = "truncated";\n',
    "",
    CONTRACT,
    "openssl: a stream that is cut",
  ),
  mutation(OPENSSL + "session.ts", "      this.sessions?.keep(ssl, serverName);\n", "", CONTRACT, "resumed"),
  mutation(
    "pollers/native/tls_stream.ts",
    "rejectUnauthorized: requestCertificate && requireCertificate",
    "rejectUnauthorized: false",
    CONTRACT,
    "node: a client that shows none",
  ),
  mutation(
    "pollers/native/tls_stream.ts",
    "certificate?.raw !== undefined && !socket.authorized",
    "false",
    CONTRACT,
    "where none is required",
  ),
  mutation("transport/tls/client_hello.ts", "protocols?.includes(H2) === true", "true", HELLO, "plain words"),
  mutation(
    "transport/tls/client_hello.ts",
    "if (version < TLS_1_2)",
    "if (version < 0)",
    HELLO,
    "plain words",
  ),
  mutation(
    ENDPOINT,
    "        return endOfStream(this.peer);",
    "        return this.failure;",
    CONTRACT,
    "close_notify",
  ),
  mutation(ENDPOINT, "      this.session.close();\n", "", CONTRACT, "close_notify"),
  mutation(
    "transport/tls/secure_acceptance.ts",
    "failure ?? secure.unreadable()",
    "failure",
    CONTRACT,
    "cannot be read here",
  ),
  mutation("pollers/native/certificate_names.ts", '/[,+"\\\\<>;]|^[# ]| $/g', "/[+]/g", NAMES, "escaped"),
  mutation("pollers/native/certificate_names.ts", "/[\\x00-\\x1f\\x7f]/g", "/[\\x00]/g", NAMES, "escaped"),
  mutation(
    "pollers/native/certificate_names.ts",
    "length !== 0x80 && at + length <= octets.length",
    "length !== 0x80",
    NAMES,
    "cut short",
  ),
  mutation(
    "pollers/native/certificate_names.ts",
    "if (parts.tag === BOOLEAN) parts.next();",
    "",
    NAMES,
    "openssl made",
  ),
  mutation(
    "surface/server/server.ts",
    "    for (const securing of [...this.#securing]) securing.cancel();\n",
    "",
    SURFACE,
    "does not wait",
  ),
  mutation(
    "transport/tls/secure_acceptance.ts",
    'this.refuse("it did not complete',
    'void ("it did not complete',
    SURFACE,
    "never ends",
  ),
  mutation(
    "surface/credentials/context_source.ts",
    "      if (options === this.#unusable) return this.#made;\n",
    "",
    SOURCE,
    "reported once",
  ),
  mutation(
    "surface/credentials/context_source.ts",
    "    this.#askAt = now + ASK_AGAIN_MS;\n",
    "",
    SOURCE,
    "once a second",
  ),
  mutation(
    "surface/credentials/context_source.ts",
    "if (options !== this.#options) this.#replace(options);",
    "",
    ROTATION,
    "while certificates",
  ),
  mutation(
    "surface/credentials/context_source.ts",
    "if (problem !== this.#problem) onFailed(error);",
    "throw error;",
    SURFACE,
    "the earlier ones",
  ),
  mutation(
    "surface/credentials/server_credentials.ts",
    "names.some((pattern) => isFor(pattern, name))",
    "false",
    SURFACE,
    "by name",
  ),
  mutation(
    "pollers/native/files.ts",
    "`${dev} ${ino} ${size} ${mtimeMs}`",
    "path",
    "tests/surface/credentials/files_test.ts",
    "certificate files",
  ),
  mutation(
    ENDPOINT,
    "if (protocol === H2) return this.refusal = this.refusedPeer();",
    "return this.refusal = this.refusedPeer();",
    CONTRACT,
    "negotiated",
  ),
  mutation(
    ENDPOINT,
    "this.refusal = this.checks.first?.(this.received.join());",
    "",
    REASONS,
    "openssl fails: TLS to a server",
  ),
  mutation(ENDPOINT, "this.unreadable() ?? peer.refuses(this.security)", "undefined", REASONS, "verifyPeer"),
  mutation(
    "surface/credentials/verify_peer.ts",
    "if (answer === true) return undefined;",
    'if (typeof answer !== "string") return undefined;',
    REASONS,
    "neither true nor why not",
  ),
  mutation(
    "surface/credentials/verify_peer.ts",
    "return `verifyPeer threw ${describeThrown(error)}`;",
    "return undefined;",
    REASONS,
    "verifyPeer of the server",
  ),
  mutation(
    "transport/tls/server_hello.ts",
    "if (version >= TLS_1_2) return undefined;",
    "return undefined;",
    REASONS,
    "a server of TLS 1.1",
  ),
  mutation(
    "transport/tls/client_hello.ts",
    "if (size > MOST_RECORD_BYTES)",
    "if (size < 0)",
    REASONS,
    "the alert that says why",
  ),
  mutation(
    "surface/blocking/sync_client.ts",
    " || context.needsLoop",
    "",
    ENGINES,
    "node, epoll: calls of all",
  ),
  mutation(
    "surface/blocking/helper.ts",
    "{ ...options, credentials: credentials.options }",
    "options",
    ENGINES,
    "node, native: calls of all",
  ),
  mutation(
    "surface/queue/client_call.ts",
    "if (context.needsLoop) core.needsLoop = true;",
    "",
    ENGINES,
    "no queue blocks",
  ),
  mutation(
    OPENSSL + "memory.ts",
    "    this.sending = waiting;",
    "    this.sending = waiting;\n    this.recycle();",
    CONTRACT,
    "openssl: what is being sent",
  ),
  mutation(
    OPENSSL + "session.ts",
    "    lentBuffers.giveBack(this.lent);",
    "",
    CONTRACT,
    "openssl: reads that lend",
  ),
  mutation(
    OPENSSL + "session.ts",
    "    this.lent = buffer;",
    "    lentBuffers.giveBack(buffer);",
    CONTRACT,
    "openssl: what is being sent",
  ),
];

function mutation(file, before, after, test, name) {
  return { file, before, after, test, name };
}
