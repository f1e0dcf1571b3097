// Faults of keepalive, of strikes for PINGs and of how long connections stand; `[C65]` and so on are rules.

const KEEPALIVE = "tests/transport/http2/keepalive_test.ts";
const LIFETIME = "tests/transport/http2/lifetime_test.ts";
const CALLS = "tests/surface/keepalive_test.ts";
const FAULTS = "tests/surface/faults_test.ts";
const OPTIONS = "tests/surface/options_test.ts";
const EPOLL = "tests/pollers/epoll_contract_test.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  // What a silent peer means.
  mutation(
    "transport/http2/keepalive.ts",
    "if (now < this.readAt + this.times.timeMs) this.silence(this.readAt);\n    else if",
    "if (now < this.readAt + this.times.timeMs) this.silence(now);\n    else if",
    KEEPALIVE,
    "[C65] time counts from the last octet read",
  ),
  mutation(
    "transport/http2/connection.ts",
    "if (this.keepalive !== undefined) this.keepalive.readAt = now;",
    "",
    KEEPALIVE,
    "[C65] any octet after the PING",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "if (this.silentSince === this.readAt) return this.unanswered(now);",
    "",
    KEEPALIVE,
    "[C65] no octet within timeoutMs",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "Math.min(this.answerDue, now + this.times.timeMs)",
    "this.answerDue",
    KEEPALIVE,
    "[C65] a timeout longer than the time",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "this.postponed || now < this.answerDue + LATE_MS",
    "this.postponed || now < Infinity",
    KEEPALIVE,
    "[C65] a thread that was busy",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "      this.postponed = true;\n",
    "",
    KEEPALIVE,
    "[C65] a thread that was busy",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "else if (hasStreams || this.times.permitWithoutCalls) this.ping(now);",
    "else if (hasStreams) this.ping(now);",
    KEEPALIVE,
    "[C65] without a call",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "else this.dormant = true;",
    "else this.ping(now);",
    KEEPALIVE,
    "[C65] without a call",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "lifetime?.start(timers.now);",
    "lifetime?.start(0);",
    "tests/transport/http2/lifetime_test.ts",
    "[C70] idle time and age",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "    keepalive?.start(timers.now);\n",
    "",
    KEEPALIVE,
    "[C65] a client sends a PING",
  ),
  mutation(
    "transport/http2/connection.ts",
    "    this.flow.start();\n",
    "    this.flow.start();\n    this.timers.set(Timer.SETTINGS_ACK, now + SETTINGS_ACK_TIMEOUT_MS);\n",
    "tests/transport/handshake_test.ts",
    "a longer deadline",
  ),
  mutation(
    "transport/http2/ping.ts",
    "      this.keepaliveOutstanding--;\n",
    "",
    KEEPALIVE,
    "[C65] keepalive, measuring and draining",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "if (now < this.readAt + this.times.timeMs) this.silence(this.readAt);\n    else this.ping(now);",
    "this.silence(now);",
    KEEPALIVE,
    "[C66] a call on a connection that was silent",
  ),
  mutation(
    "transport/http2/keepalive.ts",
    "if (now < this.readAt + this.times.timeMs) this.silence(this.readAt);\n    else this.ping(now);",
    "this.ping(now);",
    KEEPALIVE,
    "[C66] octets that came meanwhile",
  ),

  // PINGs too many.
  mutation(
    "transport/http2/ping_policy.ts",
    "++this.strikes <= MAX_PING_STRIKES",
    "++this.strikes < MAX_PING_STRIKES",
    KEEPALIVE,
    "[C68] a PING too soon",
  ),
  mutation(
    "transport/http2/ping_policy.ts",
    "if (answered) this.strikes = 0;",
    "",
    KEEPALIVE,
    "[C68] HEADERS and DATA",
  ),
  mutation(
    "transport/http2/ping_policy.ts",
    "hasStreams || policy.permitWithoutCalls",
    "policy.permitWithoutCalls",
    KEEPALIVE,
    "[C68] PINGs as often as permitted",
  ),
  mutation(
    "transport/http2/ping_policy.ts",
    "hasStreams || policy.permitWithoutCalls",
    "hasStreams",
    KEEPALIVE,
    "[C68] PINGs as often as permitted",
  ),
  mutation(
    "transport/http2/frame_writer.ts",
    "  copy(bytes, start, end, chunk, at);\n  out.length = at + length;\n  out.carriedStreams = true;\n",
    "  copy(bytes, start, end, chunk, at);\n  out.length = at + length;\n",
    KEEPALIVE,
    "[C68] HEADERS and DATA",
  ),
  mutation(
    "transport/http2/frame_writer.ts",
    "while (start < blockLength);\n  out.carriedStreams = true;",
    "while (start < blockLength);",
    KEEPALIVE,
    "[C68] HEADERS and DATA",
  ),
  mutation(
    "transport/http2/ping.ts",
    "    out.carriedStreams = false;\n",
    "",
    KEEPALIVE,
    "[C68] HEADERS and DATA",
  ),
  mutation(
    "transport/http2/bdp_estimator.ts",
    "arrived > 0 && ",
    "",
    KEEPALIVE,
    "[C68] a client measures the path",
  ),

  // Idle, old, and the grace after that.
  mutation(
    "transport/http2/lifetime.ts",
    "const due = this.idleSince + this.limits.idleMs;",
    "const due = now;",
    LIFETIME,
    "[C70] idle counts",
  ),
  mutation(
    "transport/http2/lifetime.ts",
    "if (hasStreams || this.wantsTime) return false;",
    "if (this.wantsTime) return false;",
    LIFETIME,
    "[C70] a connection with a stream",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "    if (streams.size === 0) lifetime?.lastStreamEnded();\n",
    "",
    LIFETIME,
    "[C70] idle counts",
  ),
  mutation(
    "transport/http2/lifetime.ts",
    "    if (!this.timers.isSet(Timer.IDLE)) this.set(Timer.IDLE, now + this.limits.idleMs);\n",
    "",
    LIFETIME,
    "[C70] a connection on which no stream",
  ),
  mutation(
    "transport/http2/lifetime.ts",
    'return "max_age";',
    "return undefined;",
    LIFETIME,
    "[C70] an old connection",
  ),
  mutation(
    "transport/http2/lifetime.ts",
    "        this.set(Timer.AGE_GRACE, now + this.limits.graceMs);\n",
    "",
    LIFETIME,
    "[C70] what is left after the grace",
  ),

  mutation(
    "transport/driver.ts",
    "    if (requests?.wantsTime) requests.takeTime(this.engine.now());\n",
    "",
    CALLS,
    "[C70] idle counts",
  ),
  mutation("transport/keepalive.ts", "AGE_JITTER = 0.1", "AGE_JITTER = 0", CALLS, "[C70] connections end"),

  // What calls meet.
  mutation(
    "transport/keepalive.ts",
    "permitWithoutCalls: true }, // a server",
    "permitWithoutCalls }, // a server",
    CALLS,
    "[C69] a server asks without calls",
  ),
  mutation(
    "transport/keepalive.ts",
    "keepaliveTimes(keepalive, Infinity) };",
    "keepaliveTimes(undefined, Infinity) };",
    CALLS,
    "[C65] behind a path that forgets",
  ),
  mutation(
    "transport/client_transport.ts",
    "    if (this.connection.dormant) this.connection.wake(this.engine.now());\n",
    "",
    CALLS,
    "[C66] a call on a connection",
  ),
  mutation(
    "surface/channel/connect_settings.ts",
    "2 * (made?.timeMs ?? Infinity)",
    "made?.timeMs ?? Infinity",
    CALLS,
    "[C67] a server that is sent too many PINGs",
  ),
  mutation(
    "surface/channel/connect_settings.ts",
    "2 * (made?.timeMs ?? Infinity)",
    "2 * (keepalive?.timeMs ?? Infinity)",
    CALLS,
    "[C67] several servers that are sent too many PINGs at once",
  ),
  mutation(
    "surface/channel/connect_settings.ts",
    '    reporter.log("warn", `${formatAddress(address)} was sent too many PINGs (keepalive.timeMs)${next}`);\n',
    "",
    CALLS,
    "[C67] a server that is sent too many PINGs",
  ),

  mutation(
    "transport/keepalive.ts",
    "{ pingPolicy: { permitTimeMs, permitWithoutCalls } }",
    "{}",
    FAULTS,
    "[C68] PINGs too many",
  ),
  mutation(
    "transport/http2/connection.ts",
    "if (keepalive?.timeIsUp(now, hasStreams)) this.abort(keepalive.error);",
    "keepalive?.timeIsUp(now, hasStreams);",
    FAULTS,
    "[C65] a path that holds everything back",
  ),

  mutation(
    "pollers/simulated/simulation.ts",
    "until ?? this.time + QUIET_MS",
    "until ?? Infinity",
    "tests/simulation/simulation_test.ts",
    "a run without an end",
  ),

  // What users give, and what sockets are asked for.
  mutation(
    "surface/keepalive.ts",
    "timeMs: Math.max(timeMs, leastMs)",
    "timeMs",
    CALLS,
    "[C65] a channel's time below 10 s",
  ),
  mutation(
    "transport/handshake.ts",
    "clientEndpoint(options.endpoint, options.keepalive)",
    "clientEndpoint(options.endpoint, undefined)",
    CALLS,
    "[C71] with keepalive",
  ),
  mutation(
    "transport/keepalive.ts",
    "{ userTimeoutMs: times.timeoutMs, ...endpoint }",
    "{ ...endpoint, userTimeoutMs: times.timeoutMs }",
    CALLS,
    "[C71] with keepalive",
  ),
  mutation(
    "surface/keepalive.ts",
    '  checkMs(purpose, "maxConnectionIdleMs", maxConnectionIdleMs, 1);\n',
    "",
    OPTIONS,
    "options of channels and servers",
  ),
  {
    ...mutation(
      "pollers/readiness/sockets.ts",
      "Math.max(1, Math.ceil(userTimeoutMs))",
      "Math.ceil(userTimeoutMs / 1000)",
      EPOLL,
      "12 the options of an endpoint",
    ),
    poller: "epoll",
  },
  {
    ...mutation(
      "pollers/readiness/sockets.ts",
      "Math.min(MOST_USER_TIMEOUT_MS, Math.max(1, Math.ceil(userTimeoutMs)))",
      "Math.max(1, Math.ceil(userTimeoutMs))",
      EPOLL,
      "12 the options of an endpoint",
    ),
    poller: "epoll",
  },
];
