// Faults of authorization policies: calls that begin where they may not, rules that match too much, policies that do not change.

const POLICY = "tests/surface/authorization/policy_test.ts";
const SERVER = "tests/surface/authorization/authorization_test.ts";
const FOLDER = "surface/authorization/";

/** As `readMutations` describes them. */
export default [
  mutation(
    "surface/server/server.ts",
    "      if (refusal !== undefined) {",
    '      if (refusal === "") {',
    SERVER,
    "no rule allows",
  ),
  mutation(
    FOLDER + "pattern.ts",
    "return value === this.text;",
    "return value.startsWith(this.text);",
    POLICY,
    "exactly",
  ),
  mutation(FOLDER + "pattern.ts", 'return value !== "";', "return true;", POLICY, "exactly"),
  mutation(
    FOLDER + "pattern.ts",
    "return value.endsWith(this.text);",
    "return value.includes(this.text);",
    POLICY,
    "exactly",
  ),
  mutation(
    FOLDER + "principals.ts",
    "if (security === undefined) return NOBODY;",
    "if (security === undefined) return ANONYMOUS;",
    POLICY,
    "principals",
  ),
  mutation(FOLDER + "principals.ts", ".reverse()", "", POLICY, "principals"),
  mutation(FOLDER + "principals.ts", "...names.dns, ", "", SERVER, "by its certificate"),
  mutation(
    FOLDER + "policy.ts",
    "if (found.length === 0 || !matchesAny(",
    "if (!matchesAny(",
    POLICY,
    "several header fields",
  ),
  mutation(FOLDER + "policy.ts", 'found.join(",")', "found[0]", POLICY, "several header fields"),
  mutation(
    FOLDER + "policy.ts",
    "      if (rule.matches(call, principals)) return `deny",
    "      if (false) return `deny",
    POLICY,
    "deny rules come before",
  ),
  mutation(
    FOLDER + "policy.ts",
    'return "no allow rule matches";',
    "return undefined;",
    POLICY,
    "what no rule matches",
  ),
  mutation(FOLDER + "read_policy.ts", 'key.startsWith("grpc-") || ', "", POLICY, "cannot be used"),
  mutation(FOLDER + "read_policy.ts", "/.\\*.|^\\*.*\\*$/s", "/.\\*./s", POLICY, "cannot be used"),
  mutation(
    FOLDER + "read_policy.ts",
    "if (known.includes(name)) continue;",
    "continue;",
    POLICY,
    "cannot be used",
  ),
  mutation(
    FOLDER + "read_policy.ts",
    "headers[${i}]`, header),\n    ),",
    "headers[${i}]`, header),\n    ).slice(1),",
    POLICY,
    "all headers",
  ),
  mutation(
    FOLDER + "authorizer.ts",
    'if (typeof given !== "string" || given !== this.given) this.policy = readPolicy(given);',
    "",
    SERVER,
    "the policy of now",
  ),
  mutation(FOLDER + "authorizer.ts", 'typeof given !== "string" || ', "", POLICY, "asked once a second"),
  mutation(
    FOLDER + "authorizer.ts",
    "      if (problem === this.problem) return;\n",
    "",
    POLICY,
    "reported once",
  ),
  mutation(
    FOLDER + "authorizer.ts",
    "    if (found !== stamp) {",
    '    if (stamp === "") {',
    SERVER,
    "a file is read again",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    '  if (typeof authorization === "function") {',
    "  if (false) {",
    SERVER,
    "reactor workers",
    "epoll",
  ),
  {
    file: "surface/authorization/authorizer.ts",
    before: "handled(source())",
    after: "source()",
    test: "tests/surface/authorization/authorization_test.ts",
    name: "[C89] a function gives the policy of now",
  },
  {
    file: "surface/credentials/context_source.ts",
    before: "const options = handled(source());",
    after: "const options = source();",
    test: "tests/surface/credentials/context_source_test.ts",
    name: "that is an async function",
  },
];

function mutation(file, before, after, test, name, poller) {
  return { file, before, after, test, name, ...(poller === undefined ? {} : { poller }) };
}
