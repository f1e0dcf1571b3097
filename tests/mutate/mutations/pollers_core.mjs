// Faults of what every engine shares, and of the simulated one.

const ENGINE = "tests/pollers/core/base_engine_test.ts";
const TURNS = "tests/pollers/contract/exec_ctx_test.ts";
const TIMERS = "tests/pollers/core/timers_test.ts";
const NETWORK = "tests/simulation/network_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  // What every engine does alike.
  mutation(
    "pollers/core/base_endpoint.ts",
    "    this.readDone = this.readInto = undefined;\n    this.engine.execCtx.enter(done, error);",
    "    this.engine.execCtx.enter(done, error);",
    ENGINE,
    "one read at a time",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    "    if (this.closedBy !== undefined) return;\n    this.closedBy = reason",
    "    this.closedBy = reason",
    ENGINE,
    "close fails what is pending",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    'reason ?? new IoError("closed", "read", this.peer)',
    'new IoError("closed", "read", this.peer)',
    ENGINE,
    "close fails what is pending",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    "    if (writeDone !== undefined) this.failLater(writeDone, closedBy);\n",
    "",
    ENGINE,
    "close fails what is pending",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    "    this.engine.run(() => done(error));\n",
    "    done(error);\n",
    ENGINE,
    "close fails what is pending",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    "if (data.byteLength === 0) return true;",
    "",
    ENGINE,
    "nothing to write",
  ),
  mutation(
    "pollers/core/base_endpoint.ts",
    "    this.writeDone = undefined;\n    return true;\n",
    "    return true;\n",
    ENGINE,
    "nothing to write",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "    if (!this.settle()) return endpoint.close();\n",
    "    if (!this.settle()) return;\n",
    ENGINE,
    "nobody wants any more",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "      this.abort?.();\n      this.fail(reason);",
    "      this.fail(reason);",
    ENGINE,
    "gives its socket back",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "        if (result.ok) result.value.close();\n        answer(",
    "        answer(",
    ENGINE,
    "a path is served",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "        this.cancel(limit);\n        resolve(served);",
    "        resolve(served);",
    ENGINE,
    "a path is served",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "this.execCtx.isolate(closure);",
    "closure();",
    ENGINE,
    "a throw stops none",
  ),
  mutation(
    "pollers/core/base_engine.ts",
    "    this.runQueue = [];\n    for",
    "    for",
    ENGINE,
    "what they add in the next batch",
  ),
  mutation("pollers/core/base_engine.ts", "    this.timers.end();\n", "", ENGINE, "forgets timers"),
  mutation(
    "pollers/core/base_engine.ts",
    "options.readBufferBytes ?? READ_BUFFER_BYTES",
    "READ_BUFFER_BYTES",
    ENGINE,
    "shutdown closes",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    '  defaultReporter.report(error, { where: "poller", level: "error" });\n',
    "",
    TURNS,
    "reported by the logger",
  ),
  mutation(
    "pollers/core/timers.ts",
    "    this.armed = undefined;\n    this.armedFor = Infinity;\n",
    "    this.armed = undefined;\n",
    TIMERS,
    "clear forgets all",
  ),
  // The simulated network.
  mutation(
    "pollers/simulated/listener.ts",
    "for (const endpoint of this.backlog.splice(0)) this.engine.run(() => this.accept(endpoint));",
    "",
    NETWORK,
    "before start",
  ),
  mutation(
    "pollers/simulated/listener.ts",
    "    for (const endpoint of this.backlog.splice(0)) endpoint.close();\n",
    "",
    NETWORK,
    "see the listener go",
  ),
  mutation(
    "pollers/simulated/listener.ts",
    "    for (const address of this.addresses) this.engine.simulation.network.release(address);\n",
    "",
    NETWORK,
    "before start",
  ),
  mutation(
    "pollers/simulated/listener.ts",
    "if (this.stopped) endpoint.close();\n    else if",
    "if",
    NETWORK,
    "see the listener go",
  ),
  mutation(
    "pollers/simulated/endpoint.ts",
    'if (this.receivedBytes > 0) this.send(0, () => other.fail("reset"));',
    "if (false) {}",
    NETWORK,
    "with bytes unread",
  ),
  mutation(
    "pollers/simulated/endpoint.ts",
    "    this.writeFrom?.clear();\n    this.writeFrom = undefined;\n    this.engine.run",
    "    this.writeFrom = undefined;\n    this.engine.run",
    NETWORK,
    "their owner's again",
  ),
  mutation(
    "pollers/simulated/endpoint.ts",
    "      this.travelling += length;\n",
    "",
    NETWORK,
    "stops the writer",
  ),
  mutation(
    "pollers/simulated/endpoint.ts",
    "        this.travelling -= length;\n        this.other.arrive(segment);",
    "        this.other.arrive(segment);",
    NETWORK,
    "each time there is room",
  ),
  mutation(
    "pollers/simulated/engine.ts",
    "        if (lookupMs === Infinity) return;\n",
    "",
    NETWORK,
    "for ever too",
  ),
  mutation("pollers/simulated/engine.ts", "network.lookupMs ?? 2 *", "2 *", NETWORK, "for ever too"),
  mutation(
    "pollers/simulated/network.ts",
    "for (const retry of this.waiting.splice(0)) retry();",
    "",
    NETWORK,
    "parted again",
  ),
  mutation("pollers/simulated/simulation.ts", "Math.max(at, this.time)", "at", NETWORK, "in their order"),
  mutation(
    "pollers/simulated/simulation.ts",
    "    if (this.lines.length >= 2 * this.traceLines) this.lines.splice(0, this.traceLines);\n",
    "    if (this.lines.length >= this.traceLines) this.lines.splice(0, this.traceLines);\n",
    NETWORK,
    "last lines are kept",
  ),
];
