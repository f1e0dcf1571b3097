// Faults that let a peer cost more than it may.

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/driver.ts",
    before: "return this.engine.now() >= this.turnEnds || this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    after: "return this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "transport/driver.ts",
    before: "return this.engine.now() >= this.turnEnds || this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    after: "return this.engine.now() >= this.turnEnds;",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "transport/driver.ts",
    before: "else input.drop(taken);",
    after: "else input.clear();",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (now - this.armedAt < LATE_MS && this.waiting.length === 0) return true;",
    after: "return true;",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (now - this.restedAt < EVERY_MS) return true;",
    after: "",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (this.armed !== undefined) this.loop.disarm(this.armed);",
    after: "",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "    this.beginWaiting();\n  }\n\n  private rested",
    after: "    this.waiting = [];\n  }\n\n  private rested",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "|| !abuse.ages.isYoung(streamId, timers.now)) return undefined;",
    after: ") return undefined;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/abuse.ts",
    before: "if (id <= this.earlierId) return false;",
    after: "",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/abuse.ts",
    before: "this.markId = id - 1;",
    after: "this.markId = id + 1_000;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "if (++this.windowUpdates > 2 * framesSent + lastPeerId + nextId) {",
    after: "if (++this.windowUpdates > 1e9 * framesSent + lastPeerId + nextId && framesSent > 0) {",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "if (++this.windowUpdates > 2 * framesSent + lastPeerId + nextId) {",
    after: "if (++this.windowUpdates > lastPeerId + nextId) {",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "const flood = abuse.goAways.spend(timers.now);",
    after: "const flood = undefined as Http2Error | undefined;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/ping.ts",
    before: "if (this.opaqueOutstanding === 0) return this.abuse.emptyFrames.spend(now);",
    after: "if (this.opaqueOutstanding === 0) return undefined;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "if (stream === undefined) return abuse.late.reset(streamId, timers.now);",
    after: "if (stream === undefined) return undefined;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "    this.lifecycle.ignore(stream.id, 0);\n    return this.streamErrorCost();",
    after: "    this.lifecycle.ignore(stream.id, 0);\n    return undefined;",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/hpack/decoder.ts",
    before: "else if (++excess > this.maxExcessFields) {",
    after: "else if (++excess > 1e9) {",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "    this.parts.timers.stop(Timer.HEADER_BLOCK);\n",
    after: "",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "transport/http2/frame_handler.ts",
    before: "timers.set(Timer.HEADER_BLOCK, timers.now + HEADER_BLOCK_TIMEOUT_MS);",
    after: "",
    test: "tests/transport/http2/rfc9113_10_5_abuse_test.ts",
  },
  {
    file: "surface/call/message_store.ts",
    before: "length > OWN_BUFFER_BYTES && bytes.buffer.byteLength === length;",
    after: "length > OWN_BUFFER_BYTES;",
    test: "tests/surface/call/message_store_test.ts",
  },
  {
    file: "surface/call/message_store.ts",
    before: "Math.max(LEAST_BLOCK_BYTES, this.wireBytes)",
    after: "Math.max(LEAST_BLOCK_BYTES, 2 * (last?.bytes.length ?? 0))",
    test: "tests/surface/call/inbox_test.ts",
  },
  {
    file: "surface/call/message_store.ts",
    before: "this.wireBytes -= heads.getUint32(this.at + 4);",
    after: "this.wireBytes -= heads.getUint32(this.at);",
    test: "tests/surface/call/message_store_test.ts",
  },
  {
    file: "surface/call/inbox.ts",
    before: "    this.dropStored();\n    this.end(error);",
    after: "    this.end(error);",
    test: "tests/surface/call/inbox_test.ts",
  },
  {
    file: "surface/call/inbox.ts",
    before: "    this.end(error);\n    this.error = error;",
    after: "    this.end(error);",
    test: "tests/surface/call/inbox_test.ts",
  },
];
