// Faults of flow control (RFC 9113, section 6.9): windows, their growth, and turns.

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/http2/flow_control.ts",
    before: "    this.connectionWindow += this.unclaimed;\n    this.unclaimed = 0;\n",
    after: "    this.unclaimed = 0;\n",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "    this.arrived += bytes;\n    this.unclaimed += bytes;\n",
    after: "    this.arrived += bytes;\n",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "    this.grown -= stream.receiveWindow.growth;\n",
    after: "",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "return Math.min(growth, (windowGrowthSize - this.grown) >> 1);",
    after: "return growth;",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "now - this.quarterAt <= WINDOW_GROWTH_PACE_MS",
    after: "true",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "const isDue = window.unclaimed >= size >> 2;",
    after: "const isDue = window.unclaimed >= size >> 1;",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "if (!isDue && growth < size >> 1) return;",
    after: "if (!isDue) return;",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "    else if (!isNeeded) return;\n",
    after: "",
    test: "tests/transport/grpc/message_windows_test.ts",
  },
  {
    file: "transport/http2/flow_control.ts",
    before: "if (bdp.end(this.arrived, now)) this.streamTarget",
    after: "if (bdp.end(this.arrived, now) && false) this.streamTarget",
    test: "tests/transport/http2/bdp_estimator_test.ts",
  },
  {
    file: "transport/http2/connection.ts",
    before: " || (this.flow.isDue && !this.lifecycle.closed)",
    after: "",
    test: "tests/transport/http2/rfc9113_6_9_receive_windows_test.ts",
  },
  {
    file: "transport/driver.ts",
    before: ' &&\n      connection.role === "server";',
    after: ";",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "transport/grpc/message_reader.ts",
    before: "if (this.untakenBytes > 0) this.heldBytes += consumed;",
    after: "if (this.untakenBytes < 0) this.heldBytes += consumed;",
    test: "tests/transport/grpc/message_reader_test.ts",
  },
  {
    file: "transport/grpc/message_reader.ts",
    before:
      "        if (this.prefixLength < PREFIX_BYTES) continue;\n        if (!this.checkPrefix()) return;\n",
    after:
      "        if (this.prefixLength < PREFIX_BYTES) continue;\n        if (!this.checkPrefix()) return;\n        if (this.messageBytes > 0) continue;\n",
    test: "tests/transport/grpc/message_windows_test.ts",
    name: "windows of a few octets",
  },
  {
    file: "surface/connect_options.ts",
    before: "initialWindowSize, MESSAGE_PREFIX_BYTES, beginning);",
    after: "initialWindowSize, 0, beginning);",
    test: "tests/surface/options_test.ts",
  },
  {
    file: "transport/http2/settings.ts",
    before: "initialWindowSize: STREAM_WINDOW_BYTES",
    after: "initialWindowSize: 1_048_576",
    test: "tests/surface/flow_control_test.ts",
  },
];
