// Faults of the interop tests themselves, and of what only they and few others see.

/** As `readMutations` describes them. */
export default [
  {
    file: "tests/interop/service.ts",
    before: "call.trailers.append(ECHO_TRAILING, value);",
    after: "void value;",
    test: "tests/interop/grpc_js_test.ts",
    name: "grpc-js client, pollwire server: custom_metadata",
  },
  {
    file: "tests/interop/service.ts",
    before: "for await (const request of requests) yield* responsesTo(request, call);",
    after: "for await (const request of requests) { yield* responsesTo(request, call); break; }",
    test: "tests/interop/grpc_js_test.ts",
    name: "grpc-js client, pollwire server: ping_pong",
  },
  {
    file: "tests/interop/service.ts",
    before: "if (intervalUs > 0) await pause(intervalUs / 1000, call.signal);",
    after: "",
    test: "tests/interop/program_test.ts",
    name: "the server answers what no case asks for",
  },
  {
    file: "tests/interop/expect.ts",
    before:
      "if (message !== undefined) expectEqual(`the status message of ${what}`, ended.details, message);",
    after: "",
    test: "tests/interop/program_test.ts",
    name: "special_status_message fails",
  },
  {
    file: "tests/interop/expect.ts",
    before: "if (wrong >= 0) throw",
    after: "if (wrong < -1) throw",
    test: "tests/interop/program_test.ts",
    name: "large_unary fails",
  },
  {
    file: "tests/interop/cases.ts",
    before: '    requests.end();\n    expectEqual("responses after half-close"',
    after: '    requests.end();\n    if (requests === undefined) expectEqual("responses after half-close"',
    test: "tests/interop/program_test.ts",
    name: "ping_pong fails",
  },
  {
    file: "tests/interop/soak.ts",
    before: "else if (ms > maxLatencyMs)",
    after: "else if (ms > Infinity)",
    test: "tests/interop/program_test.ts",
    name: "a soak fails where calls are slow",
  },
  {
    file: "tests/interop/client.ts",
    before: "process.exit(passed === outcomes.length ? 0 : 1);",
    after: "process.exit(0);",
    test: "tests/interop/program_test.ts",
    name: "the client ends with 1",
  },
  {
    file: "transport/tls/openssl/context.ts",
    before: "openssl.SSL_CTX_set_cipher_list(context, cString(TLS12_CIPHERS));",
    after: "",
    test: "tests/interop/tls_tools_test.ts",
    name: "an old cipher",
    runtime: "deno",
  },
  {
    file: "surface/authorization/principals.ts",
    before: "...names.uri, ",
    after: "",
    test: "tests/interop/tls_tools_test.ts",
    name: "curl --http2 with TLS 1.3",
  },
];
