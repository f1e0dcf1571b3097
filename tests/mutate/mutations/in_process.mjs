// Faults of the transport inside the process: what each side owns, flow control, order, limits, names.

const OWN = "tests/surface/in_process_test.ts";
const UNIT = "tests/transport/in_process/connection_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    "transport/in_process/stream_end.ts",
    "other.add(copyMessage(framed, PREFIX_BYTES));",
    "other.add(framed.subarray(PREFIX_BYTES));",
    OWN,
    "nobody else's memory",
  ),
  mutation(
    "transport/in_process/stream_end.ts",
    "if (this.untakenBytes > 0 && this.untakenBytes + wireBytes > windowBytes) break;",
    "",
    UNIT,
    "a window holds messages back",
  ),
  mutation(
    "transport/in_process/stream_end.ts",
    "if (this.hasMessages) this.host.lane.schedule(this);\n",
    "",
    UNIT,
    "a call's events come in order",
  ),
  mutation(
    "transport/in_process/stream_end.ts",
    "this.messages.onWritable();",
    "",
    UNIT,
    "a window holds messages back",
  ),
  mutation(
    "transport/in_process/lane.ts",
    "if (this.due.push(one) === 1) this.engine.run(this.run);",
    "if (this.due.push(one) === 1) this.deliver();",
    OWN,
    "nothing is called on its caller's stack",
  ),
  mutation(
    "transport/in_process/server_end.ts",
    "if (!this.sentHeaders && !isTooLarge) this",
    "if (!this.sentHeaders) this",
    UNIT,
    "has no headers before its status",
  ),
  mutation(
    "transport/in_process/server_end.ts",
    "if (this.error !== undefined) this.finish(true);",
    "if (false) this.finish(true);",
    UNIT,
    "is withdrawn",
  ),
  mutation(
    "transport/in_process/connection.ts",
    "      this.streams.size < this.server.settings.maxConcurrentStreams;",
    "      this.streams.size < Infinity;",
    UNIT,
    "maxConcurrentStreams",
  ),
  mutation(
    "transport/in_process/connection.ts",
    "if (!couldOpen && this.canOpen) this.control.run(this.canOpenAgain);",
    "",
    UNIT,
    "maxConcurrentStreams",
  ),
  mutation(
    "transport/in_process/connection.ts",
    "this.server.peerSettings.maxHeaderListSize = this.client.settings.maxHeaderListSize;",
    "",
    OWN,
    "header lists",
  ),
  mutation(
    "transport/in_process/connection.ts",
    "hasBegun ? theirs : unprocessed(said)",
    "theirs",
    UNIT,
    "may be made again",
  ),
  mutation(
    "transport/in_process/connection.ts",
    "if (!this.isDraining || this.isClosed || this.streams.size > 0) return;",
    "if (!this.isDraining || this.isClosed) return;",
    UNIT,
    "with its last stream",
  ),
  mutation(
    "transport/in_process/listener.ts",
    'if (engine.name !== "simulated") return ofThread;',
    "if (engine.name !== undefined) return ofThread;",
    OWN,
    "each simulated host",
  ),
  mutation(
    "transport/in_process/listener.ts",
    "if (this.name !== undefined) namesOf(this.engine).delete(this.name);",
    "",
    OWN,
    "a name has one server",
  ),
  mutation(
    "surface/server/server.ts",
    "if (!admitted || this.#styles.isShutDown) {",
    "if (!admitted) {",
    OWN,
    "leaves nobody waiting",
  ),
  mutation(
    "transport/in_process/client_end.ts",
    "if (status === undefined || !(isEmpty || this.isReset)) return;",
    "if (status === undefined) return;",
    UNIT,
    "a call's events come in order",
  ),
  mutation(
    "transport/in_process/client_end.ts",
    'this.end(status, status.cause?.kind !== "connection");',
    "this.end(status, true);",
    UNIT,
    "an end says it too",
  ),
  mutation(
    "transport/in_process/listener.ts",
    "if (options.security !== undefined) {",
    "if (false) {",
    OWN,
    "TLS, threads that block",
  ),
  mutation(
    "transport/in_process/message_memory.ts",
    "  used += size;",
    "  used += size >> 1;",
    OWN,
    "nobody else's memory",
  ),
];
