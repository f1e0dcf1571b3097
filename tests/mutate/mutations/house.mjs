// Faults of the rules that hold the code together, and of what errors and refusals are made of.

const TIDY = "tests/tidy_test.ts";
const ERRORS = "tests/pollers/native/errors_test.ts";
const TURNS = "tests/pollers/contract/exec_ctx_test.ts";
const HEADERS = "tests/transport/grpc/headers_test.ts";
const STATUS = "tests/surface/call/status_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "tests/tidy/circles.ts",
    before: "} else if (this.onStack.has(target)) this.reach(path, this.order.get(target)!);",
    after: "}",
    test: TIDY,
    name: "that no files import each other can fail",
  },
  {
    file: "tests/tidy/circles.ts",
    before: "members.length > 1 || this.targets.get(path)!.includes(path)",
    after: "members.length > 1",
    test: TIDY,
    name: "that no files import each other can fail",
  },
  {
    file: "tests/tidy/rules.ts",
    before: "CONTRACT_FOLDER.test(path) && !CONTRACT_IMPORTS.test(target)",
    after: "false",
    test: TIDY,
    name: "that imports go one way can fail",
  },
  {
    file: "tests/tidy/doc_lint.ts",
    before: 'jsDoc?.tags?.some(({ kind }) => kind === "throws")',
    after: "true",
    test: TIDY,
    name: "that deno doc --lint can fail",
    runtime: "deno",
  },
  {
    file: "pollers/contract/extension.ts",
    before: 'import type { Endpoint, EventEngine, ExtensionKey, Instant } from "./engine.ts";',
    after:
      'import type { Closable } from "../core/open_set.ts";\nimport type { Endpoint, EventEngine, ExtensionKey, Instant } from "./engine.ts";',
    test: TIDY,
    name: "imports go one way",
  },
  {
    file: "pollers/core/open_set.ts",
    before: 'import type { IoError, IoSyscall } from "../contract/io_error.ts";',
    after:
      'import type { IoError, IoSyscall } from "../contract/io_error.ts";\nimport type { BaseEngine } from "./base_engine.ts";',
    test: TIDY,
    name: "no files import each other",
  },
  {
    file: "pollers/native/errors.ts",
    before: "codes[code ?? name] ?? code",
    after: "code ?? codes[name]",
    test: ERRORS,
    name: "the system's code stands",
  },
  {
    file: "pollers/native/errors.ts",
    before: "trueCode(code ?? otherwise)",
    after: "trueCode(code)",
    test: ERRORS,
    name: "a code of its own",
  },
  {
    file: "pollers/contract/exec_ctx.ts",
    before: "    while (this.#closures.length > 0) {",
    after: "    if (this.#closures.length > 0) {",
    test: TURNS,
    name: "a turn runs deferred closures",
  },
  {
    file: "transport/grpc/headers.ts",
    before: "if (!spoken && !GRPC_CONTENT",
    after: 'if (method === "POST" && !spoken && !GRPC_CONTENT',
    test: HEADERS,
    name: "other media types HTTP 415",
  },
  {
    file: "transport/grpc/headers.ts",
    before: "isStatusCode(number) ? number : GrpcStatus.UNKNOWN",
    after: "number as StatusCode",
    test: HEADERS,
    name: "",
  },
  {
    file: "transport/grpc/status_mapping.ts",
    before: "Number.isInteger(code) && code >= 0 && code < NAMES.length",
    after: "code >= 0 && code < NAMES.length",
    test: STATUS,
    name: "seventeen literals",
  },
  {
    file: "tests/process_group.mjs",
    before: "read -r _; kill",
    after: "read -r _; : kill",
    test: "tests/runner_test.ts",
    name: "ends with a runner that SIGKILL ends",
  },
];
