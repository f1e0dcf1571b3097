// Faults of what becomes of errors: what the application throws, where it is said, and what a client learns.

const PLACES = "tests/surface/throws_test.ts";
const ERROR_PATH = "tests/surface/error_path_test.ts";
const SERVER_ERRORS = "tests/surface/server_errors_test.ts";
const OPTIONS = "tests/surface/client/options_throw_test.ts";
const POLLER = "tests/surface/poller_throws_test.ts";
const TRANSPORT = "tests/transport/throws_test.ts";
const CONTRACT = "tests/pollers/native_contract_test.ts";
const EXEC_CTX = "tests/pollers/contract/exec_ctx_test.ts";
const TIMERS = "tests/pollers/core/timers_test.ts";
const LOGGER = "tests/pollers/log/logger_test.ts";
const APPLICATION = "tests/pollers/log/application_test.ts";
const DESCRIBE = "tests/pollers/log/describe_test.ts";
const RPC_ERROR = "tests/surface/call/rpc_error_test.ts";
const PRINTING = "tests/surface/call/printing_test.ts";
const PRODUCER = "tests/surface/promise/producer_test.ts";
const TRACES = "tests/surface/traces_test.ts";
const DETAILS = "tests/surface/call/status_details_test.ts";
const FRAMES = "tests/transport/http2/frame_trace_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    "pollers/core/base_engine.ts",
    "for (const closure of batch) this.execCtx.isolate(closure);",
    "for (const closure of batch) closure();",
    CONTRACT,
    "10 what a closure or task throws",
  ),
  mutation(
    "pollers/core/timers.ts",
    "this.execCtx.isolate(task.closure);",
    "task.closure();",
    TIMERS,
    "a task that throws",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    "this.isolate(batch[i]!);",
    "batch[i]!();",
    EXEC_CTX,
    "what is thrown in a turn",
  ),
  mutation(
    "pollers/contract/exec_ctx.ts",
    "if (this.#depth === 1) this.#finishTurn();",
    "this.#finishTurn();",
    EXEC_CTX,
    "",
  ),
  mutation(
    "pollers/log/application.ts",
    "new Promise((resolve) => resolve(result)).catch(failed);",
    "",
    APPLICATION,
    "what a call throws",
  ),
  mutation(
    "pollers/log/application.ts",
    'this.log("error", "onError threw", thrown);\n      this.log(context.level, sentence(context), error);',
    'this.log("error", "onError threw", thrown);',
    APPLICATION,
    "what onError throws",
  ),
  mutation(
    "pollers/log/application.ts",
    "if (onError === undefined) return this.log(context.level, sentence(context), error);",
    "this.log(context.level, sentence(context), error);\n    if (onError === undefined) return;",
    APPLICATION,
    "an error reaches onError, and no logger",
  ),
  mutation("pollers/log/logger.ts", "warning: 2, warn: 2", "warning: 3, warn: 3", LOGGER, ""),
  mutation(
    "pollers/log/trace.ts",
    "for (const one of meant) traces[one] = on;",
    "for (const one of meant) traces[one] = true;",
    LOGGER,
    "a list of traces",
  ),
  mutation(
    "pollers/log/describe.ts",
    "parts.length <= MOST_CAUSES",
    "parts.length <= 0",
    DESCRIBE,
    "a stack has those of its causes",
  ),
  mutation(
    "transport/driver.ts",
    "if (broken) return this.guard(this.closeEndpoint, undefined);",
    "",
    TRANSPORT,
    "cannot be touched",
  ),
  mutation("transport/driver.ts", "this.guard(this.touch, undefined);", "", TRANSPORT, ""),
  mutation(
    "transport/http2/lifecycle.ts",
    "thrown.push(bug);",
    "throw bug;",
    TRANSPORT,
    "take no other stream's end",
  ),
  mutation(
    "surface/promise/server_calls.ts",
    "if (!chosen) this.report(error, where);",
    "",
    PLACES,
    "every place",
  ),
  mutation(
    "surface/promise/server_calls.ts",
    "if (this.isOver) return this.reportLate(error, where);",
    "",
    SERVER_ERRORS,
    "after its call was cancelled",
  ),
  mutation(
    "surface/promise/server_calls.ts",
    "if (this.isOver) this.producer.stop();\n    else this.producer.start();",
    "this.producer.start();",
    SERVER_ERRORS,
    "never begun",
  ),
  mutation(
    "surface/server/server_call_core.ts",
    "HeaderList.ofStrings([...trailers?.fields ?? [], ...fields])",
    "HeaderList.ofStrings([...fields])",
    ERROR_PATH,
    "what a peer sent is passed on",
  ),
  mutation(
    "surface/server/thrown_status.ts",
    "if (isRpcError(thrown)) return statusOfRpcError(thrown);",
    "if (thrown instanceof Error && isRpcError(thrown)) return statusOfRpcError(thrown);",
    ERROR_PATH,
    "thrown at once",
  ),
  mutation(
    "surface/server/thrown_status.ts",
    "const details = !exposeErrors\n",
    "const details = exposeErrors\n",
    "tests/surface/bad_input_test.ts",
    "a handler that throws",
  ),
  mutation(
    "surface/call/sendable.ts",
    "unit > 0xff",
    "unit > 0xffff",
    ERROR_PATH,
    "no header section can have",
  ),
  mutation(
    "surface/call/sendable.ts",
    "return isReserved(key) ? undefined : key;",
    "return key;",
    ERROR_PATH,
    "no header section can have",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "isolateListeners(() => this.controller.abort(reason), this.onThrow);",
    "this.controller.abort(reason);",
    PLACES,
    "ends no process",
  ),
  mutation(
    "surface/call/call_signal.ts",
    "addEventListener.call(this, type, guard, options);",
    "addEventListener.call(this, type, listener, options);",
    PLACES,
    "every place",
  ),
  mutation(
    "surface/promise/producer.ts",
    "if (error !== undefined) this.sink.onLate(error);",
    "",
    PRODUCER,
    "late and ends nothing",
  ),
  mutation(
    "surface/call/rpc_error.ts",
    "return this === RpcError ? isRpcError(value)",
    "return true ? isRpcError(value)",
    RPC_ERROR,
    "another copy of the package",
  ),
  mutation(
    "surface/call/status.ts",
    "(code as number) <= 16",
    "(code as number) <= 17",
    RPC_ERROR,
    "a code is 1 to 16",
  ),
  mutation(
    "surface/call/rpc_error.ts",
    "if (v8Stack !== NONE) Error.captureStackTrace(error, below);",
    "if (v8Stack !== NONE) Error.captureStackTrace(error);",
    PRINTING,
    "none of ours",
  ),
  mutation(
    "surface/promise/call_failure.ts",
    "return this.made ??= makeCallError(",
    "return this.made = makeCallError(",
    PRINTING,
    "same error",
  ),
  mutation(
    "surface/promise/client_calls.ts",
    'if (this.isOver) this.callbacks!.failure = this.failure(Status.CANCELLED, details, "user", error);',
    "if (this.isOver) return;",
    PLACES,
    "every place",
  ),
  mutation("surface/client/client_call.ts", "this.onAbort = onAbort;", "", OPTIONS, ""),
  mutation(
    "surface/channel/subchannel.ts",
    "this.attemptFailed(`cannot connect to ${formatAddress(this.address)}: ${describeThrown(error)}`);",
    "",
    POLLER,
    "tried again by itself",
  ),
  mutation(
    "transport/http2/frame_trace.ts",
    "this.skipped = this.length - payload.length;",
    "this.skipped = this.length;",
    FRAMES,
    "",
  ),
  mutation(
    "transport/driver.ts",
    "if (this.received !== undefined) traceSlices(this.received, this.input);",
    "",
    TRACES,
    "http2",
  ),
  mutation(
    "surface/call/status_details.ts",
    "return status.code === code ? status.details : [];",
    "return status.details;",
    DETAILS,
    "of another code",
  ),
  mutation(
    "surface/call/status_message.ts",
    'if (reader.pos !== end) reader.beyond(end, "message");',
    "",
    DETAILS,
    "malformed",
  ),
  mutation("surface/call/status_details.ts", "values.length !== 1 ||", "", DETAILS, "doubled"),
  mutation(
    "surface/call/status_details.ts",
    "const type = message === undefined ? undefined : name;",
    "const type = name;",
    DETAILS,
    "typed by name",
  ),
  mutation(
    "surface/proto/any.ts",
    'typeUrl.slice(typeUrl.lastIndexOf("/") + 1)',
    'typeUrl.slice(typeUrl.indexOf("/") + 1)',
    DETAILS,
    "typed by name",
  ),
  mutation(
    "surface/call/rpc_error.ts",
    "const all = new Metadata(metadata);",
    "const all = Metadata.from(metadata);",
    DETAILS,
    "stays its giver's",
  ),
  mutation(
    "pollers/threads/job.ts",
    "if (besides !== undefined) addClones(properties, () => besides(thrown));",
    "",
    DETAILS,
    "on an executor",
  ),
  mutation(
    "surface/promise/on_executor.ts",
    'String(details ?? ""), { metadata: given, cause: error }',
    'String(details ?? ""), { cause: error }',
    DETAILS,
    "on an executor",
  ),
];
