// Faults of what gRPC's documents and the RFCs say word for word, found by tests that are named by section.

const HEADERS = "tests/transport/grpc/headers_test.ts";
const MAPPING = "tests/transport/grpc/http_status_mapping_test.ts";
const PROTOCOL = "tests/transport/grpc/protocol_http2_test.ts";
const SERVER_STREAM = "tests/transport/grpc/server_stream_test.ts";
const CLIENT_STREAM = "tests/transport/grpc/client_stream_test.ts";
const NAMES = "tests/surface/call/metadata_names_test.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
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
    'const spoken = httpStatus === "200" && SPOKEN_CONTENT',
    'const spoken = headers.get("grpc-status") !== undefined || SPOKEN_CONTENT',
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
    " && codes.length === 1",
    "",
    PROTOCOL,
    "[C81] a status that is there twice",
  ),
  mutation(
    "transport/grpc/headers.ts",
    'if (encoding === "identity") return undefined;',
    "return undefined;",
    SERVER_STREAM,
    "such a call does not begin",
  ),
  mutation("transport/grpc/headers.ts", "message, fields: ALLOWED_METHOD", "message", HEADERS, "HTTP 405"),
  mutation(
    "transport/grpc/headers.ts",
    'headers.get(":authority") === undefined && headers.getAll("host").length > 1',
    'headers.getAll("host").length > 1',
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
    '.replaceAll("=", "")',
    "",
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
  // statuscodes.md.
  mutation(
    "surface/client/client_call.ts",
    "this.failure(Status.UNIMPLEMENTED, none,",
    "this.failure(Status.INTERNAL, none,",
    "tests/surface/how_calls_end_test.ts",
    "[C85] a call ends: with OK",
  ),
  mutation(
    "surface/server/server_call_impl.ts",
    'Status.UNIMPLEMENTED, "client sent no request message"',
    'Status.INTERNAL, "client sent no request message"',
    "tests/surface/server/handlers_test.ts",
    "[C85] handlers",
  ),
];
