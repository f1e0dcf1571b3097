// Faults of the callback API, by the rules that it follows.

const CLIENT = "tests/surface/reactor/client_test.ts";
const CALL = "surface/reactor/client_reactor_call.ts";
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

  // Client reactors.
  mutation(
    CALL,
    "    if (this.called) {\n      throw",
    "    if (false) {\n      throw",
    CLIENT,
    "[Q84] nothing",
  ),
  mutation(
    CALL,
    "    if (this.called) this.settle();",
    "    this.settle();",
    CLIENT,
    "[Q84] a call that was cancelled",
  ),
  mutation(
    CALL,
    "    if (this.status !== undefined) this.settle();",
    "",
    CLIENT,
    "[Q84] a call that was cancelled",
  ),
  mutation(
    "surface/reactor/client_reactors.ts",
    "if (reactor.#call?.isDone === false) {",
    "if (false) {",
    CLIENT,
    "[Q84] a reactor without a call",
  ),
  mutation(
    "surface/reactor/reactor_client.ts",
    "  if (reactor instanceof wanted) return;",
    "  if (reactor?.constructor !== Object) return;",
    CLIENT,
    "[Q84] a reactor without a call",
  ),
  mutation(
    CALL,
    "if (kept !== undefined) this.send(kept, this.writesOver);",
    "if (kept !== undefined) this.send(kept, false);",
    CLIENT,
    "[Q85]",
  ),
  mutation(CALL, "    if (this.reading) {\n      throw", "    if (false) {\n      throw", CLIENT, "[Q86]"),
  mutation(CALL, "    if (this.writing) {\n      throw", "    if (false) {\n      throw", CLIENT, "[Q86]"),
  mutation(
    CALL,
    "    if (this.endingWrites) this.complete(WRITES_DONE, true);",
    "    this.complete(WRITES_DONE, true);",
    CLIENT,
    "[Q87]",
  ),
  mutation(CALL, "    if (!this.metadataKnown) this.knowMetadata(false);\n", "", CLIENT, "[Q88]"),
  mutation(
    CALL,
    "    else this.engine.run(() => this.complete(which, false));",
    "    else this.complete(which, false);",
    CLIENT,
    "[Q89]",
  ),
  mutation(CALL, "    this.writesOver = last;", "", CLIENT, "[Q90]"),
  mutation(CALL, "    this.writesOver = true;\n", "", CLIENT, "[Q90]"),
  mutation(CALL, " || this.holds > 0) return false;", ") return false;", CLIENT, "[Q91] onDone waits"),
  mutation(
    CALL,
    "if (this.reading || this.writing || this.endingWrites) return false;",
    "if (this.writing || this.endingWrites) return false;",
    CLIENT,
    "[Q89]",
  ),
  mutation(
    CALL,
    "return status.code !== Status.OK || stored === undefined || stored.size === 0;",
    "return true;",
    CLIENT,
    "[Q91] [Q53]",
  ),
  mutation(
    CALL,
    "    this.holds--;\n    if (this.isComplete) this.schedule();",
    "    this.holds--;\n    if (this.isComplete) this.done();",
    CLIENT,
    "[Q92]",
  ),
  mutation(CALL, "    if (this.holds === 0) throw", "    if (false) throw", CLIENT, "[Q93]"),
  mutation(
    "surface/channel/channel.ts",
    "    pending.reportForgotten(`the channel to ${formatAddress(target)}`, reporter);\n",
    "",
    CLIENT,
    "[Q94]",
  ),
  mutation(CALL, "    this.context.pending.delete(this);\n", "", CLIENT, "[Q94]"),
  mutation(CALL, "    this.engine.execCtx.schedule(this);", "    this.runCallback();", CLIENT, "[Q95]"),
  mutation(CALL, "      if (result !== undefined) this.watch(result);\n", "", CLIENT, "[Q96]"),
  mutation(
    CALL,
    "const code = isInstance(error, EncodeError) ? Status.INTERNAL : Status.UNKNOWN;",
    "const code = Status.UNKNOWN;",
    CLIENT,
    "[Q96]",
  ),
  mutation(
    "surface/reactor/unary_callback.ts",
    "status.ok ? this.response : undefined",
    "undefined",
    CLIENT,
    "[Q97]",
  ),
  mutation(
    CALL,
    "    if (!this.writeBlocked) this.onReady();",
    "    this.onReady();",
    CLIENT,
    "writes wait for the server",
  ),
  mutation(
    CALL,
    "      this.arrived = stored.shift();\n",
    "      this.arrived = stored.shift();\n      this.hasMessage = this.decode(this.arrived);\n",
    CLIENT,
    "the message of a read",
  ),
  mutation(CALL, "    else if (corked) this.sendLater(framed);", "", CLIENT, "corked messages"),
  mutation(
    CALL,
    "    this.sendCorked();\n    this.halfClose();",
    "    this.halfClose();",
    CLIENT,
    "corked messages",
  ),
  mutation(
    CALL,
    "    if (this.isOver) this.status = endedByLibrary(code, details, error);",
    "    if (this.isOver) void 0;",
    CLIENT,
    "a response that is missing",
  ),
];
