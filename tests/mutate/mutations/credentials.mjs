// Faults of credentials: where plaintext goes, and what calls show of themselves.

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
];

function mutation(file, before, after, test, name) {
  return { file, before, after, test, name };
}
