// Faults of credentials: where plaintext goes, and what calls show of themselves.

const TARGET = "tests/surface/channel/channel_target_test.ts";
const WORDS = "tests/surface/credentials/plain_words_test.ts";
const PERMISSION = "surface/client/call_permission.ts";
const CALLS = "tests/surface/credentials/call_credentials_test.ts";
const STYLES = "tests/surface/credentials/shown_by_styles_test.ts";
const BLOCKING = "tests/surface/blocking/call_credentials_test.ts";
const PROXY = "surface/channel/proxy.ts";
const CHOICE = "tests/surface/channel/proxy_test.ts";
const TUNNEL = "transport/tunnel.ts";
const TUNNELS = "tests/transport/tunnel_test.ts";
const INSECURE = "tests/surface/credentials/insecure_test.ts";

/** As `readMutations` describes them. */
export default [
  mutation(
    PROXY,
    "if (!value) return undefined;",
    "if (value === undefined) return undefined;",
    CHOICE,
    "the first of grpc_proxy",
  ),
  mutation(
    PROXY,
    "withoutDot(host).toLowerCase()",
    "host.toLowerCase()",
    CHOICE,
    "says what is connected to",
  ),
  mutation(
    "surface/credentials/composite_credentials.ts",
    "callApplication(() => second, () => {});",
    "",
    CALLS,
    "[C86] what is no metadata fails its call",
  ),
  mutation(
    "surface/credentials/composite_credentials.ts",
    "if (!(second instanceof HeaderList)) {",
    "if (false) {",
    CALLS,
    "[C86] what is no metadata fails its call",
  ),
  mutation(
    PERMISSION,
    "return this.failed(error);",
    "throw error;",
    CALLS,
    "[C86] what is no metadata fails its call",
  ),
  mutation(
    "pollers/contract/address.ts",
    'return one.host.startsWith("127.");',
    "return true;",
    INSECURE,
    "which addresses",
  ),
  mutation(
    "pollers/contract/address.ts",
    "const one = unmapped(address);",
    "const one = address;",
    INSECURE,
    "no mapped address",
  ),
  mutation(
    "surface/channel/channel.ts",
    "    if (credentials === undefined) this.#checkPlaintext(parsed, proxy, refusal);\n",
    "",
    INSECURE,
    "a channel to another",
  ),
  mutation(
    "surface/channel/subchannel.ts",
    "if (refusal !== undefined) {",
    "if (refusal === null) {",
    INSECURE,
    "a name of another machine, credentials undefined",
  ),
  mutation(
    "surface/server/server.ts",
    "    checkListening(formatAddress(target), credentials, this.engine, at);\n",
    "",
    INSECURE,
    "a server listens",
  ),
  {
    ...mutation(
      "surface/workers/reactor_workers.ts",
      "credentials === insecure ? insecure : credentials?.options",
      "credentials === insecure ? undefined : credentials?.options",
      INSECURE,
      "reactor workers",
    ),
    poller: "epoll",
  },
  mutation(
    "surface/credentials/insecure.ts",
    "credentials === insecure || isTheirs(credentials)",
    "credentials !== null",
    INSECURE,
    "what is no credentials",
  ),
  mutation(
    "surface/channel/channel_target.ts",
    "defaultPort(!isPlaintext)",
    "defaultPort(true)",
    TARGET,
    "[C21] a port",
  ),
  mutation(
    "surface/channel/channel_target.ts",
    "credentials ?? (isPlaintext ? insecure : secure())",
    "credentials ?? (isPlaintext ? undefined : secure())",
    TARGET,
    "https: is TLS",
  ),
  mutation(
    "surface/channel/channel_target.ts",
    "isPlaintext !== (credentials === insecure)",
    "credentials === null",
    TARGET,
    "contradict",
  ),
  mutation(
    "transport/http2/frame_reader.ts",
    "if (end - at >= ALERT_BYTES && isTlsRecord(bytes, at) && ",
    "if (end - at >= HEADER_BYTES && ",
    WORDS,
    "by an alert",
  ),
  mutation(
    "transport/http2/preface.ts",
    "this.left === CLIENT_PREFACE.length && isTlsRecord(bytes, 0)",
    "this.left === 0",
    WORDS,
    "openssl: TLS to a server of plaintext",
  ),
  mutation(
    "transport/tls/client_hello.ts",
    "alert: Alert.unexpectedMessage, why",
    "alert: Alert.decodeError, why",
    "tests/transport/tls/client_hello_test.ts",
    "plain words",
  ),
  mutation(PERMISSION, "|| this.context.isSecure ?", "|| true ?", CALLS, "over plaintext"),
  mutation(
    PERMISSION,
    "security === undefined || coversHost(",
    "true || coversHost(",
    STYLES,
    "[C88] promise",
  ),
  mutation(
    PERMISSION,
    "      else if (this.isWaiting && !this.call.isOver) this.call.onPaused();\n",
    "",
    CALLS,
    "deadline, signal and close",
  ),
  mutation("surface/client/client_call.ts", "      this.permission?.renew();\n", "", CALLS, "is made again"),
  mutation(
    "surface/client/client_call.ts",
    "    if (this.permission !== undefined && !this.permission.permits(transport)) return;\n",
    "",
    STYLES,
    "[C86] reactor",
  ),
  mutation(
    "surface/call/control_plane.ts",
    "if (!OF_SERVICES.has(code))",
    "if (code > 0)",
    CALLS,
    "a failure of",
  ),
  mutation(
    "surface/credentials/refreshed_credentials.ts",
    "if (!this.isFetching && !this.begin(now))",
    "if (!this.begin(now))",
    CALLS,
    "fetched once",
  ),
  mutation(
    "surface/credentials/refreshed_credentials.ts",
    "      if (now >= this.refreshAt && !this.isFetching) this.refresh(now);\n",
    "",
    CALLS,
    "fetched once",
  ),
  mutation(
    "surface/credentials/refreshed_credentials.ts",
    "    this.refreshAt = now + FETCH_AGAIN_MS;\n",
    "",
    CALLS,
    "once a second",
  ),
  mutation(
    "surface/credentials/composite_credentials.ts",
    "new HeaderList([...first.entries, ...second.entries])",
    "new HeaderList([...second.entries, ...first.entries])",
    CALLS,
    "before a call's",
  ),
  mutation(
    "surface/credentials/plugin_credentials.ts",
    "  if (blocking) throw whileBlocked();\n",
    "",
    BLOCKING,
    "cannot settle",
    "epoll",
  ),
  mutation(
    "surface/blocking/helped_call.ts",
    "    else permission.fetchNow();\n",
    "",
    BLOCKING,
    "that are there at once",
  ),
  mutation(
    "transport/tls/host_names.ts",
    'return dot > 0 && name.includes(".", dot + 1) && pattern.slice(1).toLowerCase() === name.slice(dot);',
    "return name.endsWith(pattern.slice(1));",
    STYLES,
    "[C88] promise",
  ),
  mutation(
    "surface/channel/subchannel.ts",
    "return this.transport?.security;",
    "return undefined;",
    STYLES,
    "channel.security",
  ),
  mutation(
    PROXY,
    '"grpc_proxy", "https_proxy", "http_proxy"',
    '"https_proxy", "grpc_proxy", "http_proxy"',
    CHOICE,
    "the first of",
  ),
  mutation(PROXY, "  return variable(name.toUpperCase());", "  return undefined;", CHOICE, "the first of"),
  mutation(PROXY, "name.endsWith(`.${below}`)", "name.endsWith(below)", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, "    left -= 8;\n", "", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, "  if (!isRange) return false;", "", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, '/^\\d{1,3}$/.test(bits ?? "0") && ', "", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, " && left <= most", "", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, " && rest.length === 0", "", CHOICE, "no_grpc_proxy"),
  mutation(PROXY, "|| isHere(target)) return undefined;", ") return undefined;", CHOICE, "on this machine"),
  mutation(PROXY, "plain = decodeURIComponent(userinfo);", "plain = userinfo;", CHOICE, "are Basic"),
  mutation(PROXY, "    warn(`the", "    void (`the", CHOICE, "a warning"),
  mutation(
    "surface/channel/channel.ts",
    "    if (proxy !== undefined) why = refusalThrough(proxy.target);\n",
    "",
    CHOICE,
    "through a proxy nothing",
  ),
  mutation(
    "surface/channel/channel.ts",
    "        ...(proxy === undefined ? {} : { tunnel: proxy.tunnel }),\n",
    "",
    "tests/surface/channel/through_proxy_test.ts",
    "plaintext through a proxy",
  ),
  mutation(
    TUNNEL,
    "rest.length === 0 ? this.endpoint :",
    "rest.length >= 0 ? this.endpoint :",
    TUNNELS,
    "in pieces",
  ),
  mutation(TUNNEL, 'if (!status.startsWith("2"))', 'if (status === "")', TUNNELS, "403"),
  mutation(
    TUNNEL,
    "if (text.length >= MOST_ANSWER_BYTES) this",
    "if (text.length < 0) this",
    TUNNELS,
    "200 OK",
  ),
  mutation(TUNNEL, "if (!INTERIM.test(answer)) return", "return", TUNNELS, "interim answers"),
  mutation(TUNNEL, "1(?!01)", "1", TUNNELS, "101"),
  mutation(
    TUNNEL,
    "if (this.endpoint.write(request, sent)) this.read();",
    "this.endpoint.write(request, sent);\n    this.read();",
    TUNNELS,
    "before it has read the question",
  ),
  mutation(TUNNEL, "text.length - MOST_BEGUN", "text.length", TUNNELS, "in pieces"),
  mutation("transport/handshake.ts", "    this.tunnel?.cancel();\n", "", TUNNELS, "cancelled"),
];

function mutation(file, before, after, test, name, poller = "native") {
  return { file, before, after, test, name, poller };
}
