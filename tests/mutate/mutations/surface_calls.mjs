// Faults of options, metadata, messages and errors of calls.

const OPTIONS = "tests/surface/options_test.ts";
const THROWING = "tests/surface/client/options_throw_test.ts";

const PASSED_ON = "tests/surface/passed_on_test.ts";
const SIGNAL = "tests/surface/call/call_signal_test.ts";
const SENDABLE = "tests/surface/call/sendable_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    "surface/client/client_call.ts",
    "    if (this.deadlineMs !== undefined) checkDeadline(method, this.deadlineMs);\n",
    "",
    OPTIONS,
    "call options: what is unknown",
  ),
  mutation(
    "surface/client/client_call.ts",
    "checkDeadline(method, this.deadlineMs)",
    "checkDeadline(method, options.deadlineMs)",
    THROWING,
    "read once",
  ),
  mutation(
    "surface/client/client_call.ts",
    "    if (this.signal !== undefined) checkSignal(method, this.signal);\n",
    "",
    OPTIONS,
    "call options: what is unknown",
  ),
  mutation(
    "surface/client/client_call.ts",
    "checkSignal(method, this.signal)",
    "checkSignal(method, options.signal)",
    THROWING,
    "read once",
  ),
  mutation(
    "surface/client/client_call.ts",
    "    this.transport = transport;\n",
    "",
    PASSED_ON,
    "names the address",
  ),
  mutation(
    "surface/client/channel.ts",
    "  [Symbol.dispose](): void {\n    this.close();\n",
    "  [Symbol.dispose](): void {\n",
    PASSED_ON,
    "`using`",
  ),
  mutation(
    "surface/client/channel.ts",
    '  if (target.family === "dns") return `${target.host}:${target.port}`;\n',
    "",
    PASSED_ON,
    "authority",
  ),
  mutation(
    "surface/client/channel.ts",
    "options.authority ?? authorityOf(parsed)",
    "authorityOf(parsed)",
    PASSED_ON,
    "authority",
  ),
  mutation(
    "surface/client/channel.ts",
    "  authority: true,\n",
    "  authority: false,\n",
    PASSED_ON,
    "every option",
  ),
  mutation(
    "surface/client/channel.ts",
    "      { ...options, reporter },\n",
    "      { reporter },\n",
    PASSED_ON,
    "options of a channel",
  ),
  mutation(
    "surface/server/server.ts",
    "this.#options = { ...options, reporter };",
    "this.#options = { reporter };",
    PASSED_ON,
    "options of a server",
  ),
  mutation(
    "surface/server/server.ts",
    "{ ...endpoint, ...paused, reusePort }",
    "{ ...paused, reusePort }",
    PASSED_ON,
    "options of a server",
  ),
  mutation(
    "surface/server/server.ts",
    "{ ...endpoint, ...paused, reusePort }",
    "{ ...endpoint, ...paused }",
    PASSED_ON,
    "options of a server",
  ),
  mutation(
    "surface/server/server.ts",
    "const { reusePort = false,",
    "const { reusePort = true,",
    PASSED_ON,
    "without options",
  ),
  mutation(
    "surface/server/server.ts",
    "  [Symbol.dispose](): void {\n    this.close();\n",
    "  [Symbol.dispose](): void {\n",
    PASSED_ON,
    "`using`",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "  if (guard === undefined) guards.set",
    "  guards.set",
    SIGNAL,
    "added twice",
  ),
  mutation(
    "surface/call/call_signal.ts",
    'typeof listener === "object" && listener !== null)',
    'typeof listener === "object" || listener !== null)',
    SIGNAL,
    "what is no listener",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "  if (!isListener(listener)) return addEventListener.call(this, type, listener!, options);\n",
    "",
    SIGNAL,
    "what is no listener",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "    signal.removeEventListener = removeGuarded;\n",
    "",
    SIGNAL,
    "was removed",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "  addEventListener.call(this, type, guard, options);",
    "  addEventListener.call(this, type, guard);",
    SIGNAL,
    "minded",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "this[GUARDS]?.get(listener) ?? listener!, options);",
    "this[GUARDS]?.get(listener) ?? listener!);",
    SIGNAL,
    "minded",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "listener.call(this, event) : ",
    "listener(event) : ",
    SIGNAL,
    "added twice",
  ),
  mutation(
    "surface/call/sendable.ts",
    '    if (typeof propertyOf(metadata, Symbol.iterator) !== "function") return { fields, left };\n',
    "",
    SENDABLE,
    "no metadata at all",
  ),
  mutation(
    "surface/call/sendable.ts",
    "    left.push(textOf(error));\n",
    "",
    SENDABLE,
    "iterable that throws",
  ),
  mutation(
    "surface/call/sendable.ts",
    "  return isReserved(key) ? undefined : key;",
    "  return key;",
    SENDABLE,
    "what no section",
  ),
  mutation("surface/call/sendable.ts", "unit === 0x0d || ", "", SENDABLE, "what no section"),
  mutation(
    "surface/call/sendable.ts",
    "const key = name.toLowerCase();",
    "const key = name;",
    SENDABLE,
    "pairs in their order",
  ),
  mutation(
    "surface/call/inbox.ts",
    "if (this.head === this.messages.length) this.clear();\n      else if",
    "if",
    "tests/surface/call/inbox_test.ts",
    "leaves nothing behind",
  ),
  mutation(
    "surface/call/rpc_error.ts",
    'code === 0 || code === "OK" ?',
    'code === 0 && code === "OK" ?',
    "tests/surface/call/rpc_error_test.ts",
    "a code is 1 to 16",
  ),
];
