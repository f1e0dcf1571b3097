// Faults that random programs must find, whatever other tests do: of what is owed to operations, and of what is lost.

const SEEDS = "tests/simulation/simulation_test.ts";
const STEPS = "tests/simulation/interruptions_test.ts";
const CORE = "surface/queue/queue_core.ts";
const CLIENT = "surface/queue/client_call.ts";
const SERVER = "surface/queue/server_call.ts";
const MATCHER = "surface/queue/call_matcher.ts";
const REQUESTS = "surface/queue/server_requests.ts";
const READER = "surface/reactor/client_reactor_call.ts";
const SERVED = "surface/reactor/server_reactor_call.ts";

const seeds = (file, before, after) => ({ file, before, after, test: SEEDS, name: "seeds 1 to 250 keep" });
const steps = (file, before, after, name) => ({ file, before, after, test: STEPS, name });

/** As `readMutations` describes them. */
export default [
  // An event for each operation, and none after QUEUE_SHUTDOWN.
  seeds(CORE, "this.isOver || this.pending.size > 0 || caching", "this.isOver || caching"),
  seeds(
    CORE,
    '    this.finishIfDrained();\n    if (this.completionType === "NEXT")',
    '    if (this.completionType === "NEXT")',
  ),
  seeds(
    CLIENT,
    "    this.statusWaits = this.hasStored;\n    this.sent(false);\n",
    "    this.statusWaits = this.hasStored;\n",
  ),
  seeds(CLIENT, "    if (sendingClose !== undefined) this.sentOne(sendingClose, success);\n", ""),
  seeds(SERVER, "    if (whenDone !== undefined) this.queue.end(whenDone, true);\n", ""),
  seeds(SERVER, "    this.sent(success);\n    this.deliver();\n", "    this.sent(success);\n"),
  seeds(MATCHER, "    for (const request of requests) request.fail();\n", ""),
  seeds(REQUESTS, "    for (const notification of this.notifications) this.notify(notification);\n", ""),
  seeds(READER, "    if (this.endingWrites) this.complete(WRITES_DONE, false);\n", ""),
  seeds(SERVED, "    else if (this.writing) this.accepted();\n", ""),
  seeds(SERVED, "    if (this.writing) this.complete(WRITE, false);\n", ""),
  // Calls that handlers make for their own.
  seeds(
    "surface/server/server_call_core.ts",
    "    if (this.children !== undefined) this.endChildren();\n  }\n",
    "  }\n",
  ),
  // Order and content of messages.
  seeds(
    "surface/call/message_store.ts",
    "    this.segments.push(block);",
    "    this.segments.unshift(block);",
  ),
  seeds(SERVED, "    if (!this.reading || this.arrived !== undefined) {", "    if (!this.reading) {"),
  // What is read goes back to the windows.
  seeds(CLIENT, "      this.release(stored.takenBytes);\n", ""),
  seeds(SERVER, "      this.release(stored.takenBytes);\n", ""),
  seeds(READER, "      this.release(stored.takenBytes);\n", ""),
  seeds(SERVED, "      this.release(stored.takenBytes);\n", ""),
  // Nothing is lost.
  steps(SERVER, "    this.isCancelled = cancelled;\n", "", "cancel at every"),
  seeds(SERVED, "    return this.cancelSeen || super.cancelled;", "    return super.cancelled;"),
];
