// Faults of the callback API, by the rules that it follows.

const TURNS = "tests/pollers/contract/exec_ctx_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    "pollers/contract/exec_ctx.ts",
    "    this.#callbacks.push(callback);",
    "    callback.runCallback();",
    TURNS,
    "[Q121]",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    "    if (callback.callbackScheduled) return;\n",
    "",
    TURNS,
    "[Q121]",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    "    if (this.#callbacks.length > 0) this.enter(nothing, undefined);\n    else this.#flushTouched();",
    "    this.#flushTouched();",
    TURNS,
    "[Q121]",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    "          this.#onThrow(error);\n        }\n        this.#runClosures();",
    "          this.#onThrow(error);\n        }",
    TURNS,
    "[Q121]",
  ),
];
