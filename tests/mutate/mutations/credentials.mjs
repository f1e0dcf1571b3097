// Faults of credentials: where plaintext goes, and what calls show of themselves.

const TARGET = "tests/surface/channel/channel_target_test.ts";
const WORDS = "tests/surface/credentials/plain_words_test.ts";
const INSECURE = "tests/surface/credentials/insecure_test.ts";

/** As `readMutations` describes them. */
export default [
  mutation(
    "pollers/contract/address.ts",
    'return address.host.startsWith("127.");',
    "return true;",
    INSECURE,
    "which addresses",
  ),
  mutation(
    "pollers/contract/address.ts",
    "if (isMapped(bytes)) return bytes[12] === 127;",
    "if (isMapped(bytes)) return true;",
    INSECURE,
    "no mapped address",
  ),
  mutation(
    "surface/channel/channel.ts",
    "    this.#checkPlaintext(parsed, refusal);\n",
    "",
    INSECURE,
    "a channel to another",
  ),
  mutation(
    "surface/channel/subchannel.ts",
    "if (refusal === undefined) this.attemptAt",
    "if (refusal !== null) this.attemptAt",
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
    "const HTTP_PORT = 80;",
    "const HTTP_PORT = 443;",
    TARGET,
    "a port",
  ),
  mutation(
    "surface/channel/channel_target.ts",
    "credentials ?? (isPlaintext ? insecure : new",
    "credentials ?? (isPlaintext ? undefined : new",
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
    "if (end - at >= ALERT_BYTES && isTlsRecord(bytes, at)) {",
    "if (end - at >= HEADER_BYTES) {",
    WORDS,
    "by an alert",
  ),
  mutation(
    "transport/http2/frame_reader.ts",
    "this.prefaceLeft === CLIENT_PREFACE.length && isTlsRecord(bytes, 0)",
    "this.prefaceLeft === 0",
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
];

function mutation(file, before, after, test, name) {
  return { file, before, after, test, name };
}
