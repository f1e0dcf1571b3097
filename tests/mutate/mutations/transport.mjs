// Faults of HPACK, HTTP/2 and gRPC framing, and of what drives a connection.

const SEND_QUEUE = "tests/transport/http2/send_queue_test.ts";
const DRIVER = "tests/transport/driver_test.ts";
const HANDSHAKE = "tests/transport/handshake_test.ts";

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
    "if (stream.queuedBytes > 0 && stream.sendWindow <= 0) return;",
    "if (stream.sendWindow <= 0) return;",
    SEND_QUEUE,
    "needs no window",
  ),
  mutation(
    "transport/http2/send_queue.ts",
    "if (block === undefined || stream.joinLength === 0 ||",
    "if (true || block === undefined || stream.joinLength === 0 ||",
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
    "      this.threw(error, options);\n      endpoint.close();\n",
    "      this.threw(error, options);\n",
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
];
