// Faults of compression, from node:zlib to what applications say of it.

const FRAMES = "tests/transport/grpc/compression_test.ts";
const CALLS = "tests/surface/compression_test.ts";
const STYLES = "tests/surface/compression_styles_test.ts";
const INFLATION = "transport/grpc/inflation.ts";
const COMPRESSION = "transport/grpc/compression.ts";
const ZLIB = "pollers/native/zlib.ts";
const SERVER_STREAM = "transport/grpc/server_stream.ts";
const CLIENT_STREAM = "transport/grpc/client_stream.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    COMPRESSION,
    "if (framed[0] !== MessageMark.UNCOMPRESSED) {",
    "if (framed.length > 0) {",
    FRAMES,
    "[C73] a message that is marked, and one that would become no smaller, are sent as they are",
  ),
  mutation(
    COMPRESSION,
    "if (compressed.length < framed.length) {",
    "if (compressed.length > 0) {",
    FRAMES,
    "[C73] a message that is marked, and one that would become no smaller, are sent as they are",
  ),
  mutation(
    COMPRESSION,
    "const plain = new Uint8Array(framed);",
    "const plain = framed;",
    FRAMES,
    "[C73] a message that is marked, and one that would become no smaller, are sent as they are",
  ),
  mutation(
    "surface/compression.ts",
    "(uncompressedMessages.all ??= new WeakSet()).add(message);",
    "uncompressedMessages.all ??= new WeakSet();",
    CALLS,
    "[C73] a call says otherwise than its channel, and a message otherwise than its call",
  ),
  mutation(
    "surface/client/sending_call.ts",
    "this.template = compression === undefined ? template : context.template(template.path, compression);",
    "this.template = compression !== undefined ? template : template;",
    CALLS,
    "[C73] a call says otherwise than its channel, and a message otherwise than its call",
  ),
  mutation(
    "surface/reactor/client_reactor_call.ts",
    "const { last = false, corked = false, through = false, noCompression = false } = options;",
    "const { last = false, corked = false, through = false } = options, noCompression = false;",
    CALLS,
    "[C73] reactors: both sides, and noCompression of one write",
  ),
  mutation(
    "surface/reactor/server_reactor_call.ts",
    "const { last = false, corked = false, through = false, noCompression = false } = options;",
    "const { last = false, corked = false, through = false } = options, noCompression = false;",
    CALLS,
    "[C73] reactors: both sides, and noCompression of one write",
  ),
  mutation(
    SERVER_STREAM,
    'if (this.headersSent) throw new TypeError("Cannot change the compression: initial metadata was sent");',
    "",
    CALLS,
    "[C73] a handler says otherwise than its server, before initial metadata",
  ),
  mutation(
    "transport/grpc/message_reader.ts",
    "    return this.takesCompressed();",
    "    return true;",
    "tests/transport/grpc/message_reader_test.ts",
    "[C74] the compressed flag is INTERNAL without grpc-encoding, and 2 is no flag",
  ),
  mutation(
    INFLATION,
    "    return this.compressed === 1;",
    "    return true;",
    FRAMES,
    "[C74] compressed messages are inflated, each by itself, and others beside them come as they are",
  ),
  mutation(
    COMPRESSION,
    "      compressed[0] = 1;",
    "",
    CALLS,
    "[C73] messages are compressed where a side was asked to, and are not where it was not",
  ),
  mutation(
    SERVER_STREAM,
    "if (inflation.unsupported !== undefined) {",
    'if (inflation.unsupported === "") {',
    FRAMES,
    "[C75] an encoding of requests that is not there is UNIMPLEMENTED, with those that are",
  ),
  mutation(
    INFLATION,
    "if (unsupported !== undefined) return this.fail(GrpcStatus.INTERNAL, unsupported);",
    "if (unsupported !== undefined) return this.fail(GrpcStatus.UNIMPLEMENTED, unsupported);",
    FRAMES,
    "[C75] a response in an encoding that is not there is INTERNAL, once a message makes use of it",
  ),
  mutation(
    ZLIB,
    "if (left > 0) return {",
    "if (left < 0) return {",
    FRAMES,
    "[C75] data that cannot be inflated is INTERNAL: broken, cut off, and with more behind it",
  ),
  mutation(
    INFLATION,
    "if (this.status === undefined) return this.owner.onMessageError(error);",
    "if (this.status !== null) return this.owner.onMessageError(error);",
    FRAMES,
    "[C75] broken data behind messages that wait ends the call, also where the server's status is there",
  ),
  mutation(
    SERVER_STREAM,
    "encoding !== undefined && takesEncoding(head.headers, encoding) ? encoding : undefined;",
    "encoding;",
    FRAMES,
    "[C76] a server compresses with what the client's grpc-accept-encoding has, and else it does not",
  ),
  mutation(
    COMPRESSION,
    "    name.trim() === encoding.name",
    "    name.includes(encoding.name)",
    FRAMES,
    "[C76] a server compresses with what the client's grpc-accept-encoding has, and else it does not",
  ),
  mutation(
    SERVER_STREAM,
    "const accepted = head.encoding === UNCOMPRESSED ? undefined : acceptedNames(this.limits.encodings);",
    "const accepted = undefined;",
    FRAMES,
    "[C76] who sends a compressed request learns what else is taken; others are told nothing",
  ),
  mutation(
    ZLIB,
    "{ maxOutputLength: Math.max(1, maxBytes) }",
    "{}",
    FRAMES,
    "[C77] a gigabyte of zeros in a megabyte stops at the limit, and takes no more memory than that",
  ),
  mutation(
    ZLIB,
    "if (buffer.length > maxBytes) return { tooLarge: true,",
    "if (buffer.length < 0) return { tooLarge: true,",
    FRAMES,
    "[C77] the limit is of inflated octets: at it a message comes, above it the call is RESOURCE_EXHAUSTED",
  ),
  mutation(
    INFLATION,
    "if (messageBytes <= maxBytes * EXPANSION + EXPANSION_BYTES) return true;",
    "if (messageBytes <= maxBytes) return true;",
    FRAMES,
    "[C77] a message at the limit that does not compress is received, though it is longer on the wire",
  ),
  mutation(
    INFLATION,
    "return this.aheadBytes < AHEAD_BYTES || this.singleMessage;",
    "return true;",
    FRAMES,
    "[C77] what the application does not take stays compressed, and comes when it does, the status last",
  ),
  mutation(
    INFLATION,
    "if (this.held.size > 0) this.limits.encodings!.execCtx.schedule(this);",
    "if (this.held.size > 0) this.runCallback();",
    FRAMES,
    "[C77] what the application does not take stays compressed, and comes when it does, the status last",
  ),
  mutation(
    INFLATION,
    "if (this.isBehind && status.cause === undefined) {",
    "if (this.isBehind && status.code > 99) {",
    FRAMES,
    "[C77] what the application does not take stays compressed, and comes when it does, the status last",
  ),
  mutation(
    CLIENT_STREAM,
    "else if (this.sink instanceof ClientInflation) this.sink.onStatus(status); // the server's own may wait there",
    "",
    FRAMES,
    "[C77] a call that is cancelled meanwhile gets nothing of what waits",
  ),
  mutation(
    INFLATION,
    "    if (this.isBehind) this.halfClosed = true;",
    "    if (this.halfClosed) this.halfClosed = true;",
    FRAMES,
    "[C77] the end of a request waits behind its messages",
  ),
  mutation(
    COMPRESSION,
    "  writePrefix(plain);\n  return plain;",
    "  writePrefix(plain), framed[0] = 0;\n  return plain;",
    CALLS,
    "[C73] a call that is made again sends what it sent: compressed, but for what is not to be",
  ),
  mutation(
    "surface/queue/batch.ts",
    "if ((flags & NO_COMPRESS) !== 0) markUncompressed(framed);",
    "if (flags > 99) markUncompressed(framed);",
    STYLES,
    "[C73] completion queues: typed calls, write by write",
  ),
  mutation(
    "surface/queue/create_call.ts",
    "checkedCompression(purpose, options.compression),",
    "undefined,",
    STYLES,
    "[C73] completion queues: of a call on either side, and NO_COMPRESS of a message",
  ),
  mutation(
    "surface/queue/server_context.ts",
    "this.#there.compression = compression;",
    "this.#there;",
    STYLES,
    "[C73] polled methods: by their context",
  ),
  mutation(
    "surface/blocking/responses.ts",
    "markMessage(framed, request);",
    "",
    STYLES,
    "[C73] a call that blocks is compressed, and so is what it gets",
  ),
  {
    ...mutation(
      "surface/blocking/helper_worker.ts",
      "const said = { deadlineMs, waitForReady, compression, corked };",
      "const said = { deadlineMs, waitForReady, corked };",
      STYLES,
      "native: [C73] a call that blocks is compressed, and so is what it gets",
    ),
    poller: "native",
  },
  mutation(
    "surface/server/server.ts",
    "reporter, encodings };",
    "reporter };",
    STYLES,
    "[C73] a method on an executor: as its server says",
  ),
  mutation(
    INFLATION,
    "    this.aheadBytes = 0;\n    if",
    "    if",
    "tests/simulation/simulation_test.ts",
    "[C77] programs whose messages are compressed keep every promise",
  ),
];
