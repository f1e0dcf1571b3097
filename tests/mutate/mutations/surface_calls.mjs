// Faults of options, metadata, messages and errors of calls.

const OPTIONS = "tests/surface/options_test.ts";
const THROWING = "tests/surface/client/options_throw_test.ts";

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
];
