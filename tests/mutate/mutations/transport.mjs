// Faults of HPACK, HTTP/2 and gRPC framing, and of what drives a connection.

const SEND_QUEUE = "tests/transport/http2/send_queue_test.ts";
const DRIVER = "tests/transport/driver_test.ts";
const HANDSHAKE = "tests/transport/handshake_test.ts";
const SERVER = "tests/transport/server_transport_test.ts";
const CLIENT = "tests/transport/grpc/client_stream_test.ts";
const SERVER_STREAM = "tests/transport/grpc/server_stream_test.ts";
const READER = "tests/transport/grpc/message_reader_test.ts";
const GOAWAY = "tests/transport/http2/6_8_goaway_test.ts";
const CONTINUATION = "tests/transport/http2/6_10_continuation_test.ts";
const TABLE = "tests/transport/http2/4_3_1_table_size_test.ts";
const ABUSE = "tests/transport/http2/10_5_abuse_test.ts";
const DATA = "tests/transport/http2/6_1_data_test.ts";
const SETTINGS = "tests/transport/http2/6_5_settings_test.ts";
const STREAMS = "tests/transport/http2/streams_test.ts";
const BDP = "tests/transport/http2/bdp_test.ts";
const WINDOWS = "tests/transport/http2/6_9_receive_windows_test.ts";
const TIMERS = "tests/transport/http2/timers_test.ts";
const PING = "tests/transport/http2/6_7_ping_test.ts";
const REPRESENTATION = "tests/transport/hpack/rfc7541_6_representations_test.ts";
const TABLE_SIZE = "tests/transport/hpack/rfc7541_4_2_maximum_table_size_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/hpack/decoder.ts",
    before: "scratch = new Uint8Array(4 * length)",
    after: "scratch = new Uint8Array(256)",
    test: "tests/transport/hpack/long_string_test.ts",
  },

  // Turns, and what waits for them.
  mutation(
    "transport/http2/send_queue.ts",
    "        this.round.length = 0;\n",
    "",
    SEND_QUEUE,
    "through many transmits",
  ),
  mutation(
    "transport/http2/send_queue.ts",
    "      streams.length = waiting;\n",
    "",
    SEND_QUEUE,
    "through many transmits",
  ),
  mutation(
    "transport/http2/send_queue.ts",
    "while (turn < streams.length) streams[waiting++] = streams[turn++]!;",
    "",
    SEND_QUEUE,
    "nobody starves",
  ),
  mutation(
    "transport/http2/send_queue.ts",
    "if (queue.bytes > 0 && stream.sendWindow.available <= 0) return;",
    "if (stream.sendWindow.available <= 0) return;",
    SEND_QUEUE,
    "needs no window",
  ),
  mutation(
    "transport/http2/stream_queue.ts",
    "if (block === undefined || this.joinLength === 0 ||",
    "if (true || block === undefined || this.joinLength === 0 ||",
    SEND_QUEUE,
    "small ones joined",
  ),

  // What a connection leaves behind, and what it needs the second time.
  mutation(
    "transport/driver.ts",
    "    this.writing = false;\n    this.connection.transmitted();\n",
    "    this.writing = false;\n",
    DRIVER,
    "used again",
  ),
  mutation(
    "transport/driver.ts",
    "    this.connection.handleTimeout(this.engine.now());\n    this.touch();\n",
    "    this.connection.handleTimeout(this.engine.now());\n",
    DRIVER,
    "does not answer the PING",
  ),
  mutation(
    "transport/driver.ts",
    '"remote", reason));\n    this.closeEndpoint();\n',
    '"remote", reason));\n',
    DRIVER,
    "released at once",
  ),
  mutation("transport/driver.ts", "    if (this.lingering) return;\n", "", DRIVER, "stay longer"),
  mutation(
    "transport/handshake.ts",
    '    this.abandon("handshake timed out");\n',
    "",
    HANDSHAKE,
    "what timed out",
  ),
  mutation(
    "transport/handshake.ts",
    "    this.settled = true;\n    this.engine.cancel(this.timer);\n",
    "    this.settled = true;\n",
    HANDSHAKE,
    "leaves no timer",
  ),
  mutation(
    "transport/handshake.ts",
    "      callApplication(() => endpoint.close(), (again) => this.threw(again, options));\n",
    "",
    HANDSHAKE,
    "throws on the way",
  ),
  mutation(
    "transport/handshake.ts",
    "engine.run(() => this.threw(error, options));",
    "this.threw(error, options);",
    HANDSHAKE,
    "throws on the way",
  ),
  mutation(
    "transport/handshake.ts",
    'reporter.report(error, { where: "connection", level: "error", peer });',
    "",
    HANDSHAKE,
    "throws on the way",
  ),
  mutation("transport/handshake.ts", "options.endpoint ?? {}", "{}", HANDSHAKE, "the options reach"),
  mutation(
    "transport/handshake.ts",
    "new Http2ClientTransport(this.engine, endpoint, options, this,",
    "new Http2ClientTransport(this.engine, endpoint, {}, this,",
    HANDSHAKE,
    "the options reach",
  ),
  mutation(
    "transport/handshake.ts",
    "new Http2ServerTransport(engine, endpoint, options, {",
    "new Http2ServerTransport(engine, endpoint, {}, {",
    HANDSHAKE,
    "the options reach",
  ),
  mutation(
    "transport/handshake.ts",
    "    if (this.connected) this.owner.sink.onCanOpen();\n",
    "",
    HANDSHAKE,
    "opened again",
  ),

  // What transports pass on, on both sides.
  mutation(
    "transport/client_transport.ts",
    "this.limits = messageLimits(options);",
    "this.limits = messageLimits({});",
    SERVER,
    "message limits",
  ),
  mutation(
    "transport/server_transport.ts",
    "this.limits = messageLimits(options);",
    "this.limits = messageLimits({});",
    SERVER,
    "message limits",
  ),
  mutation("transport/server_transport.ts", "      options.reporter,\n", "", SERVER, "goes to the reporter"),
  mutation(
    "transport/client_transport.ts",
    ", undefined, options.reporter)",
    ")",
    SERVER,
    "goes to the reporter",
  ),
  mutation(
    "transport/server_transport.ts",
    "this.sink.onStream(stream, head, this.connection.now)",
    "this.sink.onStream(stream, head, 0)",
    SERVER,
    "the time at which it came",
  ),
  mutation(
    "transport/server_transport.ts",
    "    if (this.ready) this.connection.drain(reason, this.engine.now());\n",
    "    if (this.ready) {}\n",
    SERVER,
    "drain",
  ),
  mutation("transport/client_transport.ts", "    if (this.ready) return;\n", "", HANDSHAKE, "opened again"),
  mutation(
    "transport/grpc/client_stream.ts",
    "if (!this.done) this.sink.onWritable();",
    "",
    CLIENT,
    "a message that waits",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "    this.sink.onSent(framed);\n",
    "",
    CLIENT,
    "a message that waits",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "if (!this.done) this.sink.onMessage(bytes, wireBytes);",
    "this.sink.onMessage(bytes, wireBytes);",
    CLIENT,
    "in the middle of what came",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "lost || unprocessed ?",
    "unprocessed ?",
    CLIENT,
    "a connection that is lost",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    'if (endStream && headers.get("grpc-status") !== undefined)',
    'if (headers.get("grpc-status") !== undefined)',
    CLIENT,
    "says nothing yet",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "if (!this.done) this.sink!.onWritable();",
    "",
    SERVER_STREAM,
    "a message that waits",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "    this.sink?.onSent(framed); // there is none where no call began\n",
    "",
    SERVER_STREAM,
    "a message that waits",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "if (!this.done) this.sink!.onMessage(bytes, wireBytes);",
    "this.sink!.onMessage(bytes, wireBytes);",
    SERVER_STREAM,
    "cancel",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "if (!this.stream.localClosed && !this.stream.endQueued) {",
    "if (!this.stream.localClosed) {",
    SERVER_STREAM,
    "after the status is queued",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "    if (this.done) return;\n    this.done = true;\n    this.sink?.onClosed(error);",
    "    this.sink?.onClosed(error);",
    SERVER_STREAM,
    "what may be sent",
  ),
  mutation(
    "transport/grpc/message_reader.ts",
    "    this.aheadBytes += held;\n",
    "",
    READER,
    "gives nothing back until",
  ),
  mutation(
    "transport/grpc/message_reader.ts",
    "    if (this.untakenBytes > 0) return wireBytes - paid;\n",
    "",
    READER,
    "behind several messages",
  ),

  // Connections and streams.
  mutation(
    "transport/http2/shutdown.ts",
    "    this.timers.stop(Timer.DRAIN_PING);\n",
    "",
    GOAWAY,
    "nothing is waited for",
  ),
  mutation(
    "transport/http2/shutdown.ts",
    'if (kind !== "io" || this.peerReason === "")',
    'if (kind !== "io")',
    GOAWAY,
    "without GOAWAY",
  ),
  mutation(
    "transport/http2/header_sections.ts",
    "if (flags & Flag.PADDED) end -=",
    "end -=",
    CONTINUATION,
    "6.2: padding and priority",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "    parts.sections.peerSettingsChanged();\n",
    "",
    TABLE,
    "keeps to the table",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "return this.isServer && !answered ?",
    "return true ?",
    ABUSE,
    "cost no budget",
  ),
  mutation(
    "transport/http2/frame_reader.ts",
    "if (this.dataLeft === 0) this.handler.data(EMPTY, true);",
    "this.handler.data(EMPTY, true);",
    DATA,
    "END_STREAM of padded",
  ),
  mutation(
    "transport/http2/frame_reader.ts",
    "      if (this.dataLeft === 0) this.handler.data(EMPTY, true);\n",
    "",
    DATA,
    "END_STREAM of padded",
  ),
  mutation(
    "transport/http2/settings.ts",
    "at < end; at += 6",
    "at <= end; at += 6",
    SETTINGS,
    "what follows a SETTINGS frame",
  ),
  mutation(
    "transport/http2/settings.ts",
    "  headerTableSize = 4_096;\n",
    "  headerTableSize = 0;\n",
    TABLE,
    "says nothing of its table",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "    if (more === 0) return;\n",
    "",
    SETTINGS,
    "what is not the initial value",
  ),
  mutation(
    "transport/http2/streams.ts",
    "    this.forgottenUpTo = Math.max(this.forgottenUpTo, oldest!);\n",
    "",
    STREAMS,
    "of more resets",
  ),
  mutation(
    "transport/http2/streams.ts",
    "    if (this.closedByUs.size <= REMEMBERED_RESETS) return;\n",
    "",
    STREAMS,
    "of more resets",
  ),
  mutation("transport/http2/bdp_estimator.ts", "      this.stable = 0;\n", "", BDP, "the pauses grow"),
  mutation(
    "transport/http2/bdp_estimator.ts",
    "      this.pauseMs = BDP_PAUSE_MS;\n",
    "",
    BDP,
    "the pauses grow",
  ),

  mutation(
    "transport/http2/timers.ts",
    "    this.earliest = Math.min(...this.deadlines);\n",
    "    this.earliest = Math.min(this.earliest, at);\n",
    TIMERS,
    "the earliest deadline",
  ),
  mutation("transport/http2/timers.ts", "      this.stop(timer);\n", "", TIMERS, "expires once"),

  mutation(
    "transport/http2/shutdown.ts",
    "    if (this.drained) return; //",
    "    //",
    GOAWAY,
    "never comes back",
  ),

  // Windows, and output of which nobody is told.
  mutation(
    "transport/http2/flow_control.ts",
    "    const isNeeded = expected >= window.available + window.unreleased;",
    "    const isNeeded = expected >= window.available;",
    WINDOWS,
    "asks for no more",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "isNeeded ? expected : 0, isDue",
    "expected, isDue",
    WINDOWS,
    "asks for no more",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "(windowGrowthSize - this.grown) >> 1",
    "windowGrowthSize - this.grown",
    WINDOWS,
    "takes half of what is left",
  ),
  mutation("transport/http2/flow_control.ts", "this.quarterAt === 0 || now", "now", WINDOWS, "but once"),
  mutation(
    "transport/http2/flow_control.ts",
    "Math.max(1, 2 * grown)",
    "2 * grown",
    WINDOWS,
    "a setting of 0",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    " && streamTarget < maxWindowSize) this.probe",
    ") this.probe",
    BDP,
    "up to the maximum",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "this.streamTarget = Math.min(this.bdp.estimate, this.settings.maxWindowSize)",
    "this.streamTarget = this.bdp.estimate",
    BDP,
    "up to the maximum",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "    this.grown -= stream.receiveWindow.growth;\n",
    "",
    WINDOWS,
    "goes to the others",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "    if (this.isDue) this.out.announce();\n",
    "",
    WINDOWS,
    "comes back on receipt",
  ),
  mutation(
    "transport/http2/flow_control.ts",
    "    this.available += increment;\n    this.unannounced = 0;\n",
    "    this.available += increment;\n",
    WINDOWS,
    "5.2",
  ),
  mutation(
    "transport/http2/send_queue.ts",
    "    if (!this.isEmpty) this.parts.out.announce();\n",
    "",
    SEND_QUEUE,
    "",
  ),
  mutation(
    "transport/http2/output_buffer.ts",
    "    if (this.byteLength === 0) this.owner.onOutput();\n",
    "",
    PING,
    "comes back as onPong",
  ),
  mutation(
    "transport/http2/connection.ts",
    "    if (lifecycle.closed || shutdown.draining) return;\n",
    "    if (lifecycle.closed) return;\n",
    SERVER,
    "drain",
  ),
  mutation(
    "transport/http2/ping.ts",
    "opaque === PingPurpose.DRAIN && this.drainOutstanding",
    "opaque === PingPurpose.DRAIN",
    PING,
    "not asked for",
  ),
  mutation(
    "transport/http2/ping.ts",
    "      this.drainOutstanding = false;\n      return opaque;",
    "      return opaque;",
    PING,
    "comes twice",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "    stream.queue?.clear();\n",
    "",
    SEND_QUEUE,
    "forgets what it had queued",
  ),
  mutation(
    "transport/http2/header_sections.ts",
    "Math.min(this.peer.maxFrameSize, DATA_FRAME_BYTES)",
    "this.peer.maxFrameSize",
    CONTINUATION,
    "however large",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "flow.release(stream, frameBytes - contentBytes, 0, 0,",
    "flow.release(stream, frameBytes - contentBytes, frameBytes - contentBytes, 0,",
    WINDOWS,
    "padding",
  ),
  mutation("transport/driver.ts", "    if (this.lingering) return;\n", "", DRIVER, "stay longer"),

  // What is bounded, and what is counted anew the second time.
  mutation(
    "transport/http2/header_sections.ts",
    "    this.continuations = 0;\n",
    "",
    ABUSE,
    "not those of all together",
  ),
  mutation(
    "transport/http2/shutdown.ts",
    "if (code !== ErrorCode.NO_ERROR) this.peerError = error;",
    "",
    GOAWAY,
    "leaves no stream",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "    else if (!this.isServer) lifecycle.endIfDrained();\n",
    "",
    GOAWAY,
    "leaves no stream",
  ),
  mutation(
    "transport/http2/shutdown.ts",
    "subarray(start + 8, debugEnd)",
    "subarray(start + 8, end)",
    GOAWAY,
    "than a message has room for",
  ),
  mutation(
    "transport/http2/output_buffer.ts",
    "if (pool.length < POOLED_CHUNKS) pool.push(chunk);",
    "pool.push(chunk);",
    SEND_QUEUE,
    "chunks are used again",
  ),
  mutation(
    "transport/http2/output_buffer.ts",
    "if (pool.length < POOLED_CHUNKS) pool.push(chunk);",
    "",
    SEND_QUEUE,
    "chunks are used again",
  ),
  mutation(
    "transport/http2/stream_queue.ts",
    "return front.length > QUEUE_JOIN_BLOCK_BYTES ? front : undefined;",
    "return front;",
    SEND_QUEUE,
    "whatever their sizes",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "if (this.remembered.size >= REMEMBERED_LISTS) this.remembered.clear();",
    "",
    REPRESENTATION,
    "remembered in bounds",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "SELDOM_REPEATED.has(name) || ",
    "",
    REPRESENTATION,
    "remembered in bounds",
  ),
  mutation(
    "transport/hpack/decoder.ts",
    "if (size < this.table.maxSize) this.updateDue = true;",
    "if (size < this.maxTableSize) this.updateDue = true;",
    TABLE_SIZE,
    "owes no update",
  ),
];
