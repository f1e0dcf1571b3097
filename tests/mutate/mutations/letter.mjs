// Faults of what gRPC's documents and the RFCs say word for word, found by tests that are named by section.

const HEADERS = "tests/transport/grpc/headers_test.ts";
const MAPPING = "tests/transport/grpc/http_status_mapping_test.ts";
const PROTOCOL = "tests/transport/grpc/protocol_http2_test.ts";
const SERVER_STREAM = "tests/transport/grpc/server_stream_test.ts";
const CLIENT_STREAM = "tests/transport/grpc/client_stream_test.ts";
const NAMES = "tests/surface/call/metadata_names_test.ts";
const FIELDS = "tests/transport/http2/rfc9113_8_2_fields_test.ts";
const FORMAT = "tests/transport/http2/rfc9113_4_frame_format_test.ts";
const RESETS = "tests/transport/http2/rfc9113_6_4_rst_stream_test.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/http2/header_validation.ts",
    before: "if (field.hasControl) return",
    after: "if (field.hasControl || isPadded(field.text)) return",
    test: "tests/surface/how_calls_end_test.ts",
    name: "white space at its ends",
  },
  // http-grpc-status-mapping.md.
  mutation("transport/grpc/status_mapping.ts", "    case 431:\n", "", MAPPING, "[C78] each HTTP status"),
  mutation(
    "transport/grpc/client_stream.ts",
    'if (endStream && headers.get("grpc-status") !== undefined)',
    'if (headers.get("grpc-status") !== undefined)',
    MAPPING,
    "[C78] 503 with HTML",
  ),
  mutation(
    "transport/grpc/headers.ts",
    'const spoken = httpStatus === "200" && isSpoken',
    'const spoken = headers.get("grpc-status") !== undefined || isSpoken',
    HEADERS,
    "[C78] responses",
  ),
  // PROTOCOL-HTTP2.md.
  mutation(
    "transport/grpc/headers.ts",
    "const GRPC_CONTENT = /^application\\/grpc *([+;]|$)/i;",
    "const GRPC_CONTENT = /^application\\/grpc/i;",
    HEADERS,
    "[C80] requests",
  ),
  mutation(
    "transport/grpc/headers.ts",
    "const SPOKEN_CONTENT = /^application\\/grpc(\\+proto)? *(;|$)/i;",
    "const SPOKEN_CONTENT = GRPC_CONTENT;",
    HEADERS,
    "a subtype that is not spoken here",
  ),
  mutation(
    "transport/grpc/headers.ts",
    "statuses === 1 ? status",
    "statuses >= 1 ? status",
    PROTOCOL,
    "[C81] a status that is there twice",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "return this.refuseRequest(encodingRefusal(head.encoding, acceptedNames(limits.encodings)), headers);",
    "",
    SERVER_STREAM,
    "such a call does not begin",
  ),
  mutation("transport/grpc/headers.ts", "message, fields: ALLOWED_METHOD", "message", HEADERS, "HTTP 405"),
  mutation(
    "transport/grpc/headers.ts",
    "authority === undefined && hosts > 1",
    "hosts > 1",
    PROTOCOL,
    "Authority",
  ),
  mutation(
    "transport/grpc/status_mapping.ts",
    "      return GrpcStatus.PERMISSION_DENIED;\n    default:\n      return GrpcStatus.INTERNAL;",
    "      return GrpcStatus.PERMISSION_DENIED;\n    default:\n      return GrpcStatus.UNKNOWN;",
    PROTOCOL,
    "[C79] Errors: codes that the table does not have",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "const code = stream.remoteClosed ? ErrorCode.NO_ERROR : ErrorCode.CANCEL;",
    "const code = ErrorCode.CANCEL;",
    CLIENT_STREAM,
    "[C83] Early Server Closure",
  ),
  mutation(
    "transport/grpc/binary_header.ts",
    "return Math.ceil(length * 4 / 3);",
    "return 4 * Math.ceil(length / 3);",
    "tests/transport/grpc/coding_test.ts",
    "[C82]",
  ),
  mutation(
    "surface/version.ts",
    "grpc-typescript-pollwire/",
    "pollwire/",
    PROTOCOL,
    "[C84] User Agents",
  ),
  mutation(
    "surface/call/metadata.ts",
    "if (init instanceof Metadata) {",
    "if (false) {",
    NAMES,
    "may be copied",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "    if (this.done) sink.onClosed(this.connection.error);\n    else if",
    "    if",
    "tests/surface/reentrancy_test.ts",
    "when a call begins ends that call too: 127.0.0.1",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    'request.get(":method") === "HEAD"',
    "false",
    SERVER_STREAM,
    "HEAD without content",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    ".slice(0, REFUSAL_CHARACTERS)",
    "",
    SERVER_STREAM,
    "has a bound",
  ),
  mutation(
    "surface/server/server_call_core.ts",
    "      if (this.stream.queuedBytes === 0) this.disarmDeadline();",
    "      this.disarmDeadline();",
    "tests/surface/server/handlers_test.ts",
    "deadline: responses that the client does not take",
  ),
  mutation(
    "surface/server/server_call_core.ts",
    "if (this.stream.queuedBytes === 0) return this.cancelWith(",
    "return this.cancelWith(",
    "tests/surface/server/handlers_test.ts",
    "deadline: responses that the client does not take",
  ),
  mutation(
    "surface/server/server_call_core.ts",
    "    else this.disarmDeadline();\n",
    "",
    "tests/surface/server/handlers_test.ts",
    "deadline: it is forgotten",
  ),
  // RFC 9113 and RFC 7541.
  mutation(
    "transport/http2/request_validation.ts",
    "allowed: REQUIRED | (1 << AUTHORITY),",
    "allowed: 31,",
    FIELDS,
    "8.5: :protocol",
  ),
  mutation(
    "transport/http2/request_validation.ts",
    'if (scheme !== undefined || path !== undefined) return "CONNECT with :scheme or :path";',
    "",
    FIELDS,
    "8.5: CONNECT",
  ),
  mutation(
    "transport/http2/header_validation.ts",
    "values.every((value) => value === first)",
    "true",
    FIELDS,
    "8.1.1: content-length that is there more than once",
  ),
  mutation(
    "transport/hpack/octet_classes.ts",
    "if (octet !== 0x09) table",
    "if (octet === 0 || octet === 0x0a || octet === 0x0d) table",
    FIELDS,
    "8.2.1: each octet in a field value",
  ),
  mutation(
    "transport/hpack/octet_classes.ts",
    "  table[0x7f] = CONTROL;\n",
    "",
    FIELDS,
    "8.2.1: each octet in a field value",
  ),
  mutation(
    "transport/hpack/octet_classes.ts",
    "\"!#$%&'*+-.^_`|~0",
    "\"!#$%&'*+-.^_`|~(0",
    FIELDS,
    "8.2.1: each octet in a field name",
  ),
  mutation(
    "transport/http2/header_validation.ts",
    'if (kind !== "request") return `te in ${kind}`;',
    "",
    FIELDS,
    "8.2.2: te is in requests alone",
  ),
  mutation(
    "transport/http2/request_validation.ts",
    'path !== "*" || method !== "OPTIONS"',
    'path !== "*"',
    FIELDS,
    "8.3.1: :path",
  ),
  mutation(
    "transport/http2/request_validation.ts",
    'authority.includes("@")',
    "false",
    FIELDS,
    "8.3.1: :authority",
  ),
  mutation(
    "transport/http2/header_validation.ts",
    'return status === "204" || status === "304";',
    "return false;",
    FIELDS,
    "8.1.1: content-length above 0",
  ),
  mutation(
    "transport/http2/frame_handler.ts",
    "if (length > 0 && endStream && !hasNoContent(headers)) return lengthMismatch();",
    "",
    FIELDS,
    "8.1.1: content-length above 0",
  ),
  mutation(
    "transport/http2/header_sections.ts",
    "if (end - start < fieldBytes) {",
    "if (false) {",
    FORMAT,
    "4.2: a HEADERS frame that is too small",
  ),
  mutation(
    "transport/http2/frame_reader.ts",
    "if (this.padLengthDue && length === 0) {",
    "if (false) {",
    FORMAT,
    "4.2: DATA with flags 8",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "if (stream.takesWholeRequest && !this.parts.shutdown.drained) return;",
    "",
    RESETS,
    "8.1: a response that asks for no reset",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "stream.takesWholeRequest && !this.parts.shutdown.drained",
    "stream.takesWholeRequest",
    RESETS,
    "8.1: a graceful shutdown",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "if (stream.localClosed) this.reset(",
    "if (false) this.reset(",
    RESETS,
    "8.1: a graceful shutdown",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "unreleased <= DISCARDED_BYTES",
    "true",
    SERVER_STREAM,
    "answered in HTTP stays open",
  ),
  mutation(
    "transport/grpc/server_stream.ts",
    "stream.takesWholeRequest = false;",
    "",
    SERVER_STREAM,
    "answered in HTTP and fills its window",
  ),
  mutation(
    "transport/hpack/decoder.ts",
    "    if (indexing) this.table.insert(field);",
    "    this.table.insert(field);",
    "tests/transport/hpack/rfc7541_2_compression_process_test.ts",
    "3.2 and 6.2",
  ),
  // statuscodes.md.
  mutation(
    "surface/client/client_call.ts",
    "return { code: Status.UNIMPLEMENTED, message, metadata,",
    "return { code: Status.INTERNAL, message, metadata,",
    "tests/surface/how_calls_end_test.ts",
    "[C85] a call ends: with OK",
  ),
  mutation(
    "surface/server/server_call_core.ts",
    'Status.UNIMPLEMENTED, "client sent no request message"',
    'Status.INTERNAL, "client sent no request message"',
    "tests/surface/server/handlers_test.ts",
    "[C85] handlers",
  ),
];
