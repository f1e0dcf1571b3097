// Faults of retries, hedging and throttling.

const CALL = "surface/client/client_call.ts";
const SENDING = "surface/client/sending_call.ts";
const ATTEMPT = "surface/client/attempts/attempt.ts";
const ATTEMPTS = "surface/client/attempts/attempts.ts";
const HEADERS = "surface/client/attempts/attempt_headers.ts";
const REPEATABLE = "surface/client/attempts/repeatable.ts";
const THROTTLE = "surface/client/attempts/retry_throttle.ts";
const KEPT = "surface/client/kept_requests.ts";
const REPLAY = "surface/client/replay.ts";

const RETRY = "tests/surface/client/attempts/retry_test.ts";
const HEDGING = "tests/surface/client/attempts/hedging_test.ts";
const RANDOM = "tests/surface/client/attempts/random_test.ts";
const ALONE = "tests/surface/client/attempts/attempts_test.ts";
const REPLAYS = "tests/surface/client/replay_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(ATTEMPT, "this.owner.mayMove", "false && this.owner.mayMove", ALONE, "[C54]"),
  mutation(ATTEMPTS, "(refused && this.refused)", "false", ALONE, "[C54] a refused"),
  mutation(
    ATTEMPT,
    "if (stream === undefined) return;",
    "",
    HEDGING,
    "[C62] an attempt that may have no stream",
  ),
  mutation(
    CALL,
    "const refused = cause?.unsent !== true;",
    "const refused = true;",
    ALONE,
    "[C54] a stream of which",
  ),
  mutation(ATTEMPT, "cause?.unsent !== true", "true", ALONE, "[C54] a stream of which"),
  mutation(
    "transport/http2/lifecycle.ts",
    "stream.id < firstUnsent ? error : error!.ofUnsent",
    "error",
    "tests/transport/http2/rfc9113_3_4_preface_test.ts",
    "[C54]",
  ),
  mutation(
    "transport/http2/connection.ts",
    "    this.unsentFrom = this.streams.nextId;\n",
    "",
    "tests/transport/http2/rfc9113_3_4_preface_test.ts",
    "[C54]",
  ),
  mutation(ATTEMPTS, "this.made >= this.most || ", "", RETRY, "[C56]"),
  mutation(ATTEMPTS, "Math.min(this.backoffMs, maxBackoffMs)", "this.backoffMs", RETRY, "[C56]"),
  mutation(ATTEMPTS, "(1 + JITTER * (", "(1 + 0 * (", RETRY, "[C56]"),
  mutation(ATTEMPTS, "      this.backoffMs = policy.initialBackoffMs;\n", "", RETRY, "[C59] a server's"),
  mutation(REPEATABLE, " && pushbackOf(status.metadata) !== NO_RETRY", "", RETRY, "[C59] a negative"),
  mutation(HEADERS, "said.length === 1 && ", "", ALONE, "[C59]"),
  mutation(HEADERS, ": NO_RETRY;", ": undefined;", RETRY, "[C59] a negative"),
  mutation(HEADERS, "if (before === 0) return headers;", "", ALONE, "[C60]"),
  mutation(HEADERS, "name !== PREVIOUS_ATTEMPTS", "true", ALONE, "[C60]"),
  mutation(
    REPEATABLE,
    "const repeatable = codes.has(code);",
    "const repeatable = true;",
    RETRY,
    "[C55] other statuses",
  ),
  mutation(
    CALL,
    "this.answered = true;\n    if (this.replay !== undefined) this.dropReplay();",
    "this.answered = true;",
    RETRY,
    "[C57] initial metadata",
  ),
  mutation(CALL, "throttle) || final) return false;", "throttle)) return false;", ALONE, "[C58] a call that"),
  mutation(
    CALL,
    "if (!this.goesOn(status, drop)) this.end(status);",
    "this.end(status);",
    RETRY,
    "[C58] no connection",
  ),
  mutation(
    SENDING,
    "if (replay === undefined) return;\n    const free",
    "const free",
    REPLAYS,
    "above what is kept",
  ),
  mutation(SENDING, "isFree = this.keepRequest(framed);", "isFree = true;", RETRY, "[C60]"),
  mutation(
    REPLAY,
    "block.bytes.slice(start, start + this.bytes)",
    "block.bytes.slice(0, this.bytes)",
    ALONE,
    "in blocks",
  ),
  mutation(
    REPLAY,
    "if (kept !== undefined) kept.bytes -= this.bytes;",
    "",
    RETRY,
    "[C57] what the channel keeps",
  ),
  mutation(REPLAY, "this.bytes > REPLAY_BYTES || (", "(", RETRY, "[C57] a call that has sent"),
  mutation(KEPT, "return this.bytes > this.mostBytes;", "return false;", RETRY, "[C57] a call that has sent"),
  mutation(KEPT, "if (--block.requests > 0) return;", "block.requests--;", ALONE, "in blocks"),
  mutation(
    CALL,
    "if (this.replay !== undefined) this.dropReplay();\n    if (this.record",
    "if (this.record",
    RETRY,
    "[C57] what the channel keeps",
  ),
  mutation(
    ATTEMPTS,
    "    this.limitKept();\n    if (this.unwritten",
    "    if (this.unwritten",
    ALONE,
    "[C57] requests that come",
  ),
  mutation(
    ATTEMPTS,
    "if (this.unwritten !== undefined) this.unwritten.ask(stream);",
    "",
    ALONE,
    "[C57] what was sent is written",
  ),
  mutation(
    "surface/client/unwritten.ts",
    "ok && this.sender.sendsOn(stream)",
    "ok",
    ALONE,
    "[C57] what was sent is written",
  ),
  mutation(
    ATTEMPTS,
    "if (stream?.writeBlocked === false) return false;",
    "return false;",
    ALONE,
    "[C57] flow control",
  ),
  mutation(ATTEMPTS, "    this.route.pause(next); // which ends it with the channel\n", "", RETRY, "[C7]"),
  mutation(THROTTLE, "return this.tokens > this.most / 2;", "return true;", RETRY, "[C61]"),
  mutation(
    THROTTLE,
    "return this.tokens > this.most / 2;",
    "return this.tokens >= this.most / 2;",
    ALONE,
    "[C61]",
  ),
  mutation(
    THROTTLE,
    "Math.max(0, this.tokens - THOUSANDTHS)",
    "this.tokens - THOUSANDTHS",
    ALONE,
    "[C61] tokens",
  ),
  mutation(
    THROTTLE,
    "Math.min(this.most, this.tokens + this.ratio)",
    "this.tokens + this.ratio",
    ALONE,
    "[C61] tokens",
  ),
  mutation(
    THROTTLE,
    "throttling.tokenRatio * THOUSANDTHS",
    "throttling.tokenRatio * THOUSANDTHS + 0.4",
    ALONE,
    "[C61] tokens",
  ),
  mutation(THROTTLE, " && before.throttling.tokenRatio === tokenRatio", "", ALONE, "[C61] a new"),
  mutation(REPEATABLE, "if (throttle !== undefined) throttle.succeeded();", "", RETRY, "[C61]"),
  mutation(
    "surface/channel/channel_route.ts",
    "      this.throttle = this.options.retries?.throttleOf(",
    "      void this.options.retries?.throttleOf(",
    RETRY,
    "[C61]",
  ),
  mutation(
    ATTEMPTS,
    "cancelAll(others, ",
    "cancelAll([], ",
    HEDGING,
    "[C62] the next attempt",
  ),
  mutation(ATTEMPTS, "if (pushback === NO_RETRY) this.most = this.made;", "", HEDGING, "[C62] a pushback"),
  mutation(
    ATTEMPTS,
    "if (pushback !== undefined) this.hedgeIn(pushback);\n    else",
    "",
    HEDGING,
    "[C62] a pushback",
  ),
  mutation(ATTEMPTS, "    else this.most = this.made;\n", "", ALONE, "[C61] a hedge"),
  mutation(
    ATTEMPTS,
    "if (final && this.running.length > 0) this.most",
    "if (false) this.most",
    ALONE,
    "[C58] a later",
  ),
  mutation(
    ATTEMPTS,
    "cancelAll(this.running, code, message);",
    "",
    HEDGING,
    "[C15]",
  ),
  mutation(
    ATTEMPTS,
    "if (attempt.stream === undefined) attempt.cancel(",
    "if (false) attempt.cancel(",
    HEDGING,
    "[C62] of a call that is over",
  ),
  mutation(
    "surface/queue/server_call.ts",
    " && !isTrailersOnly(batch)",
    "",
    "tests/surface/server/trailers_only_test.ts",
    "[C63]",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "statusFields(code, message, only, room), metadata, true",
    "statusFields(code, message, false, room), metadata, true",
    "tests/surface/server/trailers_only_test.ts",
    "[C63]",
  ),
  mutation(
    "surface/blocking/local_call.ts",
    "this.cancel(Status.INTERNAL",
    "this.cancel(Status.FAILED_PRECONDITION",
    "tests/surface/call/library_codes_test.ts",
    "[C20]",
  ),
  mutation(ATTEMPTS, "this.made >= this.most || ", "", RANDOM, "seeds"),
  mutation(KEPT, "bytes[end] = framed[0]!;", "", ALONE, "[C57] what is kept says"),
  mutation(
    "surface/channel/channel_route.ts",
    'if (this.current === "SHUTDOWN") return call.onUnavailable(CLOSED, true);',
    "",
    RETRY,
    "[C7] a call whose attempt fails",
  ),
  mutation(
    "transport/grpc/timeout.ts",
    "const seconds = Math.ceil(",
    "const seconds = Math.floor(",
    "tests/transport/grpc/coding_test.ts",
    "[C16]",
  ),
  mutation(
    "surface/call/deadline.ts",
    "if (code === GrpcStatus.CANCELLED) return true;",
    "",
    "tests/surface/call/deadline_test.ts",
    "[C17]",
  ),
];
