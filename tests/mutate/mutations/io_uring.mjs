// Faults of the io_uring poller: what its ring, its buffers and its operations do.

const RING = "tests/pollers/io_uring/ring_test.ts";
const WORKERS = "tests/surface/workers/reactor_workers_test.ts";
const ENGINE = "tests/pollers/io_uring/engine_test.ts";
const PROBE = "tests/pollers/io_uring/probe_test.ts";

const mutation = (file, before, after, test, name, runtime = "bun") => ({
  file: `pollers/io_uring/${file}.ts`,
  before,
  after,
  test,
  name,
  runtime,
});

/** As `readMutations` describes them. */
export default [
  mutation(
    "endpoint",
    "    if (result === WAITS) return;\n    this.writing = undefined;\n",
    "    if (result === WAITS) return;\n",
    ENGINE,
    "a write that is over is forgotten",
  ),
  mutation(
    "endpoint",
    "    this.writing = undefined;\n    this.finishWrite(result < 0",
    "    this.finishWrite(result < 0",
    ENGINE,
    "a write that is over is forgotten",
  ),
  mutation(
    "ring",
    "if (this.isLost) this.forget();",
    "",
    RING,
    "a ring that is gone",
  ),
  mutation(
    "ring",
    "if (this.queued > 0 && !this.isLost) this.onRefused();",
    "",
    ENGINE,
    "for the moment",
  ),
  mutation(
    "ring",
    "if (waits && entries[at + SQE.userData / 4] === slot) {",
    "if (this.closed) {",
    RING,
    "cancelled before it was submitted",
  ),
  mutation(
    "ring",
    "(this.tail - place) >>> 0;",
    "(this.tail - place) | 0;",
    RING,
    "operations later too",
  ),
  mutation(
    "ring",
    "if (waits && entries[at + SQE.userData / 4] === slot) {",
    "if (waits) {",
    RING,
    "operations later too",
  ),
  mutation(
    "ring",
    "    this.setMemory(slot, 0);\n    this.submit();",
    "    this.setMemory(slot, 0);",
    RING,
    "lets its file go before the next line",
  ),
  mutation(
    "ring",
    "this.spilt.length > 0 && this.refill()",
    "false",
    RING,
    "what finds no room",
  ),
  mutation(
    "ring",
    "spilt === undefined ? this.entries : spilt.words",
    "this.entries",
    RING,
    "what finds no room",
  ),
  mutation(
    "ring",
    "if (result >= 0 || !FATAL.has(-result)) this.refusals = 0;",
    "if (result >= 0) this.refusals = 0;",
    RING,
    "somebody else's call",
  ),
  mutation(
    "ring",
    "if (this.lost !== undefined) throw",
    "if (this.closed) throw",
    RING,
    "a ring that is gone ends the waiting",
  ),
  mutation(
    "pollset",
    "if (Atomics.exchange(ring.control, KICKED, 0) === 1) return 0;",
    "",
    RING,
    "another thread's look",
  ),
  mutation(
    "pollset",
    "if (Atomics.exchange(ring.control, KICKED, 0) === 1 || !this.isDue()) return 0;",
    "",
    RING,
    "another thread's look",
  ),
  mutation(
    "engine",
    "this.calls.mapNothing(address, byteLength)",
    "void byteLength",
    ENGINE,
    "a thread that is gone",
  ),
  mutation("engine", "this.calls.shutdown(fd);", "", ENGINE, "a thread that is gone"),
  {
    ...mutation("", "room > 0 && room >=", "room >=", ENGINE, "a long stream"),
    file: "pollers/ffi/scatter.ts",
  },
  mutation("endpoint", "this.polls = !isSocket;", "this.polls = false;", ENGINE, "a pipe is read"),
  mutation("endpoint", "scatterer.keep(bytes, into);", "into.append(bytes);", ENGINE, "stay as they are"),
  mutation("endpoint", "|| result === -ENOBUFS ||", "||", ENGINE, "no buffer left"),
  mutation(
    "probe",
    'if (disabled === "1") {',
    'if (disabled === "0") {',
    PROBE,
    "one error number has three reasons",
  ),
  mutation(
    "endpoint",
    "if (this.sending?.memory !== undefined) ring.submit();",
    "",
    ENGINE,
    "though the endpoint is closed at once",
  ),
  mutation(
    "endpoint",
    "writing.clear(); // as good as always",
    "return this.onWritable();",
    ENGINE,
    "arrives whole",
  ),
  mutation("send_memory", "at += slice.length;", "at = 0;", ENGINE, "though the endpoint is closed at once"),
  {
    ...mutation(
      "operations",
      "if (!this.hasSends) return;",
      "if (this.hasSends) return;",
      WORKERS,
      "by force",
    ),
    poller: "io_uring",
  },
  mutation(
    "endpoint",
    "    if (this.lent !== undefined) this.engine.scatterer.giveBack(this.lent);\n",
    "",
    ENGINE,
    "memory that reads lend",
  ),
  mutation(
    "endpoint",
    "if (this.lending && buffers.lend()) {",
    "if (this.lending && buffers === undefined) {",
    ENGINE,
    "memory that reads lend",
  ),
];
