// Faults of the call core: its states, parents, and calls that are made again.

const CORE = "surface/call/call_core.ts";
const CLIENT = "surface/client/client_call.ts";
const SENDING = "surface/client/sending_call.ts";
const SERVER = "surface/server/server_call_core.ts";
const REPLAY = "surface/client/replay.ts";

const STATES = "tests/surface/call/call_core_test.ts";
const PARENT = "tests/surface/call/parent_test.ts";
const WAITING = "tests/surface/client/waiting_test.ts";
const USEFUL = "tests/surface/channel/useful_test.ts";
const OUTCOMES = "tests/surface/queue/call_outcomes_test.ts";
const AGAIN = "tests/surface/client/replay_test.ts";

const mutation = (file, before, after, test, name) => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(CORE, "[ NONE, NONE, W,    NONE ]", "[ NONE, NONE, W,    W    ]", STATES, "ends once"),
  mutation(
    CORE,
    "if (next === NONE) return false;",
    "if (next === NONE) return true;",
    STATES,
    "every event",
  ),
  mutation(CORE, "this.engine.cancel(this.deadlineTask);\n", "0;\n", STATES, "taken back"),
  mutation(
    CORE,
    "if (at === Infinity) return;",
    "if (at === Infinity) return this.onDeadline();",
    STATES,
    "a deadline",
  ),
  mutation(CLIENT, "parent?.deadlineAt ?? Infinity", "Infinity", PARENT, "the back learns"),
  mutation(
    CLIENT,
    "    if (parent?.isEnding) this.onParentOver();\n    else parent",
    "    parent",
    PARENT,
    "over already",
  ),
  mutation(CLIENT, "else parent?.addChild(this);", "", PARENT, "cancels the calls"),
  mutation(
    SERVER,
    "    if (this.children !== undefined) this.endChildren();\n  }\n\n  private statusFailed",
    "  }\n\n  private statusFailed",
    PARENT,
    "that is done",
  ),
  mutation(
    SERVER,
    "    if (this.children !== undefined) this.endChildren();\n    this.abort",
    "    this.abort",
    PARENT,
    "is cancelled",
  ),
  mutation(SENDING, "    replay.sendOn(stream);\n", "", AGAIN, "made again"),
  mutation(
    CLIENT,
    "(this.requestStream && this.replay === undefined)",
    "this.replay === undefined",
    AGAIN,
    "REFUSED_STREAM of a unary",
  ),
  mutation(REPLAY, "return this.bytes > REPLAY_BYTES", "return false", AGAIN, "up to 256 KiB"),
  mutation(REPLAY, "return this.bytes > REPLAY_BYTES", "return this.bytes > 0", AGAIN, "up to 256 KiB"),
  mutation(
    CLIENT,
    "if (refused) this.refused = true;",
    "",
    WAITING,
    "[C54] GOAWAY below its stream for ever",
  ),
  mutation(
    "transport/client_transport.ts",
    "lastStreamId >= this.firstCallId && ",
    "",
    USEFUL,
    "says GOAWAY NO_ERROR right after",
  ),
  mutation(
    "transport/client_transport.ts",
    "this.firstCallId === MAX_STREAM_ID && sink.isInternal !== true",
    "this.firstCallId === MAX_STREAM_ID",
    "tests/transport/client_transport_test.ts",
    "only what the server does with calls",
  ),
  mutation(
    "transport/grpc/client_stream.ts",
    "this.connection.answered = this.sink.isInternal !== true;",
    "this.connection.answered = true;",
    "tests/transport/client_transport_test.ts",
    "only what the server does with calls",
  ),
  mutation(
    "transport/in_process/client_end.ts",
    "if (this.sink.isInternal !== true) this.host",
    "this.host",
    "tests/transport/in_process/connection_test.ts",
    "in process: only an answer to a call",
  ),
  mutation(
    "transport/client_transport.ts",
    " && lastStreamId < MAX_STREAM_ID",
    "",
    USEFUL,
    "with the highest stream",
  ),
  mutation(
    "transport/client_transport.ts",
    "this.connection.answered || this.took",
    "this.connection.answered",
    USEFUL,
    "which calls the server takes",
  ),
  mutation(
    SENDING,
    "return transport === undefined ? formatDestination",
    "return true ? formatDestination",
    OUTCOMES,
    "[Q43]",
  ),
  mutation(REPLAY, 'if (closed === "after it") stream.halfClose();', "", AGAIN, "client streaming"),
  {
    file: "surface/call/call_core.ts",
    before: "if (this.deadlineTask !== undefined) { // never",
    after: "if (false) { // never",
    test: "tests/surface/call/call_room_test.ts",
    runtime: "bun",
  },
];
