// Faults of channelz: numbers, counts, pages, and what it costs who does not ask.

const TEST = "tests/surface/services/channelz_test.ts";

const mutation = (file, before, after, name) => ({ file, before, after, test: TEST, name });

/** As `readMutations` describes them. */
export default [
  mutation("surface/services/channelz.ts", "        unwatch();\n", "", "as long as a server shows them"),
  mutation(
    "surface/server/server_styles.ts",
    "    if (this.isOver) style.onOver();\n",
    "",
    "a server that was shut down before counts",
  ),
  mutation(
    "surface/channelz/registry.ts",
    "if (--users === 0)",
    "if (--users >= 0)",
    "as long as a server shows them",
  ),
  mutation(
    "surface/channelz/registry.ts",
    "let users = 0;",
    "let users = 1;",
    "before anybody asks",
  ),
  mutation(
    "surface/channelz/registry.ts",
    "  channels.delete(numberOf(channel));",
    "  void channel;",
    "before anybody asks",
  ),
  mutation(
    "surface/channelz/registry.ts",
    "    takeBack = channel.onNextState(next);",
    "",
    "a trace keeps",
  ),
  mutation("surface/channelz/registry.ts", "    takeBack();\n", "", "leaves none of their states watched"),
  mutation(
    "surface/channelz/call_counts.ts",
    "if (code === Status.OK) this.succeeded++;",
    "if (code >= Status.OK) this.succeeded++;",
    "counted by how they end",
  ),
  mutation(
    "surface/channelz/channel_trace.ts",
    "if (this.states.length > KEPT) this.states.shift();",
    "",
    "a trace keeps",
  ),
  mutation(
    "surface/channelz/identity.ts",
    "numbers.set(one, number = ++last);",
    "numbers.set(one, number = last++);",
    "pages go by numbers",
  ),
  mutation(
    "surface/services/channelz.ts",
    "return [rest.slice(0, size), rest.length <= size];",
    "return [rest.slice(0, size), rest.length < size];",
    "pages go by numbers",
  ),
  mutation(
    "surface/services/channelz.ts",
    "numberOf(one) >= start",
    "numberOf(one) > start",
    "pages go by numbers",
  ),
  mutation(
    "surface/services/channelz.ts",
    "        servers.delete(numberOf(known));\n",
    "",
    "shut down is not listed",
  ),
  mutation(
    "transport/http2/connection.ts",
    "      streamsStarted: opened,",
    "      streamsStarted: opened - finished,",
    "a subchannel has its address",
  ),
  mutation(
    "transport/http2/connection.ts",
    "messagesReceived: this.received.messages,",
    "messagesReceived: this.messagesSent,",
    "counts its messages",
  ),
  mutation("transport/http2/received_memory.ts", "    this.messages++;\n", "", "counts its messages"),
  mutation("transport/grpc/message_reader.ts", "    this.memory.messages++;\n", "", "counts its messages"),
  mutation(
    "transport/grpc/server_stream.ts",
    "    if (!this.stream.closed) this.connection.messagesSent++;\n",
    "",
    "counts its messages",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "    if (status.code !== OK) this.connection.callsFailed++;\n",
    "",
    "counts its messages",
  ),
  mutation(
    "transport/http2/lifecycle.ts",
    "if (error !== undefined && !isInOrder(error)) streams.failed++;",
    "if (error !== undefined && isInOrder(error)) streams.failed++;",
    "counts its messages",
  ),
  mutation(
    "surface/channel/subchannel.ts",
    "    this.settings.options.connectionLeft?.(this, link.transport);\n",
    "",
    "keeps the calls of connections",
  ),
  mutation(
    "surface/channelz/subchannel_calls.ts",
    "    this.counted.set(transport, transport.counters());\n",
    "",
    "leaves and uses again count once",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "    prefix(framed);\n    if (!this.stream.closed) this.connection.messagesSent++;\n",
    "    prefix(framed);\n",
    "counts its messages",
  ),
  mutation(
    "transport/grpc/compressed_client_streams.ts",
    "      if (!this.stream.closed) this.connection.messagesSent++;\n",
    "",
    "compressed messages count",
  ),
  mutation(
    "transport/in_process/stream_end.ts",
    "      host.messagesReceived++;\n",
    "",
    "has its own name",
  ),
  mutation(
    "surface/services/channelz.ts",
    "numberOf(address)), name: formatAddress(address)",
    "numberOf({ address })), name: formatAddress(address)",
    "each socket that it listens on",
  ),
  mutation(
    "surface/server/binding.ts",
    '"port" in one ? { ...one, port } : { ...one }',
    '"port" in one ? { ...one } : { ...one }',
    "each socket that it listens on",
  ),
  mutation(
    "transport/server_transport.ts",
    "this.endpoint instanceof SecureEndpoint ? this.endpoint.security : undefined",
    "undefined",
    "over TLS show its cipher",
  ),
  mutation(
    "surface/services/channelz.ts",
    "remoteCertificate: peerCertificate?.der",
    "remoteCertificate: undefined",
    "over TLS show its cipher",
  ),
  {
    file: "transport/http2/keepalive.ts",
    before: "    this.sent++;\n",
    after: "",
    test: "tests/transport/http2/keepalive_test.ts",
    name: "counts its keepalive PINGs",
  },
];
