// Faults of the executor: where jobs run, in which order, how they end, and what becomes of their threads.

const EXECUTOR = "tests/pollers/threads/executor_test.ts";
const FILE = "pollers/threads/executor.ts";
const THREAD = "pollers/threads/executor_thread.ts";
const SERVED = "surface/promise/on_executor.ts";
const JOB = "pollers/threads/job.ts";

const mutation = (file, before, after, name, runtime = "bun") => ({
  file,
  before,
  after,
  test: file === SERVED ? "tests/surface/promise/on_executor_test.ts" : EXECUTOR,
  name,
  runtime,
});

/** As `readMutations` describes them. */
export default [
  mutation(
    FILE,
    "return !job.settled; //",
    "return true; //",
    "a job that a getter among its arguments cancels",
  ),
  mutation(FILE, ' || length === "short";', ";", "[Q124] a long job"),
  mutation(FILE, "?? 2 * Math.max(", "?? Math.max(", "[Q124] there are twice"),
  mutation(
    FILE,
    "if (!inline && this.idle.length > 0)",
    "if (!inline && this.idle.length > 9)",
    "[Q124] threads start on demand",
    "deno",
  ),
  mutation(
    FILE,
    "    this.waiting.delete(job);\n    this.give(thread, job);",
    "    this.give(thread, job);",
    "[Q124] jobs that wait run",
  ),
  mutation(
    FILE,
    "      this.waiting.add(job);\n",
    "      const [busy] = this.running.keys();\n      if (busy?.ready) return this.give(busy, job);\n" +
      "      this.waiting.add(job);\n",
    "[Q124] nothing is ever queued",
    "deno",
  ),
  mutation(
    FILE,
    "runtimeLoop.soon(() => this.runInline(job));",
    "this.runInline(job);",
    "[Q124] with 0 threads",
  ),
  mutation(
    FILE,
    "if (this.pending > 0) await",
    "if (this.pending < 0) await",
    "[Q125] shutdown runs what is queued",
  ),
  mutation(
    FILE,
    "await Promise.all([...this.running.keys()].map((thread) => thread.join()));",
    "",
    "[Q125] shutdown runs what is queued, then joins: 2",
  ),
  mutation(
    FILE,
    "else if (this.keepArguments(job)) this.enqueue",
    "else this.enqueue",
    "arguments and results are clones",
  ),
  mutation(JOB, "properties[key] = structuredClone(", "void structuredClone(", "what a job throws"),
  mutation(JOB, "  addClones(properties, () => hiddenOf(thrown));\n", "", "what a job throws"),
  mutation(JOB, "if (key in properties) Object", "if (false) Object", "what a job throws"),
  mutation(JOB, "nameOf(thrown)", 'String(propertyOf(thrown, "name"))', "what cannot be read of"),
  mutation(FILE, "        thread.terminate();\n", "", "a job that never ends"),
  mutation(FILE, "    if (job.settled) return;", "    if (false) return;", "an inline job that is cancelled"),
  mutation(
    FILE,
    "if (queued < this.maxQueuedJobs)",
    "if (queued <= this.maxQueuedJobs)",
    "the queue is bounded",
  ),
  mutation(
    FILE,
    'this.settle(job, job.reject, new ExecutorError("crashed", message));',
    "void message;",
    "a job that ends its thread",
  ),
  mutation(
    "pollers/native/thread.ts",
    "if (message !== undefined) onMessage(message);",
    "onMessage(message ?? posted);",
    "messages that a job posts",
  ),
  mutation(THREAD, "    this.thread.unref();\n", "", "a thread that is idle does not hold", "deno"),
  mutation(
    SERVED,
    "[request, data], { signal }",
    '[request, data], { signal, length: "short" }',
    "[Q124] light calls",
  ),
  mutation(SERVED, "[request, data], { signal }", "[request, data]", "a call that is cancelled"),
  mutation(
    SERVED,
    "RpcError(Status.RESOURCE_EXHAUSTED,",
    "RpcError(Status.INTERNAL,",
    "calls beyond an executor's",
  ),
  mutation(
    SERVED,
    "new AccidentError(STATUSES[reason], error)",
    "new RpcError(STATUSES[reason], error.message, { cause: error })",
    "how a method's thread ended is reported",
  ),
  {
    ...mutation(
      SERVED,
      "const details = exposeErrors ? thrown.details : HANDLER_FAILED;",
      "const { details } = thrown;",
    ),
    file: "surface/server/thrown_status.ts",
    name: "how a method's thread ended is reported",
  },
  mutation(SERVED, "throw statusOf(error);", "throw error;", "an RpcError of a method"),
];
