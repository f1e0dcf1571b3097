// RFC 9113, section 5.1, as a table: what each frame from the peer does to a stream in each state, on either side.
import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  EMPTY,
  END_HEADERS,
  END_STREAM,
  frame,
  REQUEST,
  RESPONSE_LIST,
  rst,
  TRAILERS_LIST,
  uint32,
  windowUpdate,
} from "./wire.ts";

type Role = "client" | "server";
type Field = readonly [name: string, value: string];

/** The states of section 5.1, "closed" by what closed it, for section 5.1 has a rule for each. */
type State =
  | "idle"
  | "open"
  | "half-closed (local)"
  | "half-closed (remote)"
  | "closed by both"
  | "closed by the peer's RST_STREAM"
  | "closed by our RST_STREAM";

type Frame =
  | "DATA"
  | "DATA, END_STREAM"
  | "HEADERS"
  | "HEADERS, END_STREAM"
  | "PRIORITY"
  | "RST_STREAM"
  | "WINDOW_UPDATE"
  | "CONTINUATION"
  | "PUSH_PROMISE";

/** A state: the frame is taken, and the stream is in that state then. Else the error, of the stream or the connection. */
type Effect = State | `${"stream" | "connection"} ${"PROTOCOL_ERROR" | "STREAM_CLOSED"}`;

const FRAMES: readonly Frame[] = [
  "DATA",
  "DATA, END_STREAM",
  "HEADERS",
  "HEADERS, END_STREAM",
  "PRIORITY",
  "RST_STREAM",
  "WINDOW_UPDATE",
  "CONTINUATION",
  "PUSH_PROMISE",
];

const PROTOCOL = "connection PROTOCOL_ERROR";
const CLOSED = "connection STREAM_CLOSED";

/** Effects in the order of `FRAMES`; CONTINUATION without HEADERS and PUSH_PROMISE are always the connection's error. */
function row(...effects: readonly Effect[]): ReadonlyMap<Frame, Effect> {
  const all = [...effects, PROTOCOL, PROTOCOL] as const;
  return new Map(FRAMES.map((frame, i) => [frame, all[i]!]));
}

/** A row in which DATA and HEADERS have one effect, and the others leave the state as it is. */
function closed(state: State, late: Effect): ReadonlyMap<Frame, Effect> {
  return row(late, late, late, late, state, state, state);
}

const NOT_OURS = "closed by our RST_STREAM";
const RESET = "closed by the peer's RST_STREAM";

/** States of a stream that is open at either side, whose header section has come. */
const OPEN_STATES: ReadonlyArray<readonly [State, ReadonlyMap<Frame, Effect>]> = [
  [
    "open",
    row(
      "open",
      "half-closed (remote)",
      "stream PROTOCOL_ERROR",
      "half-closed (remote)",
      "open",
      RESET,
      "open",
    ),
  ],
  [
    "half-closed (local)",
    row(
      "half-closed (local)",
      "closed by both",
      "stream PROTOCOL_ERROR",
      "closed by both",
      "half-closed (local)",
      RESET,
      "half-closed (local)",
    ),
  ],
  [
    "half-closed (remote)",
    row(
      "stream STREAM_CLOSED",
      "stream STREAM_CLOSED",
      "stream STREAM_CLOSED",
      "stream STREAM_CLOSED",
      "half-closed (remote)",
      RESET,
      "half-closed (remote)",
    ),
  ],
];

/**
 * A server's streams. "HEADERS" is a request on an idle stream, and trailers on one that is not, which are malformed
 * without END_STREAM (section 8.1). Half-closed (local) is a stream whose response does not ask the client to stop.
 */
const SERVER: ReadonlyMap<State, ReadonlyMap<Frame, Effect>> = new Map([
  ["idle", row(PROTOCOL, PROTOCOL, "open", "half-closed (remote)", "idle", PROTOCOL, PROTOCOL)],
  ...OPEN_STATES,
  ["closed by both", closed("closed by both", CLOSED)],
  [RESET, closed(RESET, CLOSED)],
  [NOT_OURS, closed(NOT_OURS, NOT_OURS)],
]);

/** A client's streams, which have their response's header section. */
const CLIENT: ReadonlyMap<State, ReadonlyMap<Frame, Effect>> = new Map([
  ["idle", row(PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, "idle", PROTOCOL, PROTOCOL)],
  ...OPEN_STATES,
  // A client ignores what comes on every stream that it has opened (the head of stream.ts says why).
  ["closed by both", closed("closed by both", "closed by both")],
  [RESET, closed(RESET, RESET)],
  [NOT_OURS, closed(NOT_OURS, NOT_OURS)],
]);

const TABLES: Record<Role, ReadonlyMap<State, ReadonlyMap<Frame, Effect>>> = {
  server: SERVER,
  client: CLIENT,
};
const OK: Field[] = [[":status", "200"]];
const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "cancelled");

/** A bench on which streams are brought into states; `streams` has what both sides know of them. */
class States {
  readonly bench: Bench;
  private next = 1;

  constructor(readonly role: Role) {
    this.bench = new Bench(role, { windowGrowthSize: 0 });
  }

  /** The number of a new stream in `state`. */
  enter(state: State): number {
    const id = this.next;
    if (state === "idle") return id;
    this.next += 2;
    if (this.role === "server") this.enterServer(id, state);
    else this.enterClient(id, state);
    this.bench.sent();
    this.bench.sink.take();
    return id;
  }

  private enterServer(id: number, state: State): void {
    const { bench } = this;
    const ended = state === "half-closed (remote)" || state === "closed by both";
    bench.send(bench.headers(id, REQUEST, ended));
    if (state === "closed by both" || state === "half-closed (local)") {
      const stream = bench.sink.streams.at(-1)!;
      stream.takesWholeRequest = true;
      bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
    } else this.reset(id, state);
  }

  private enterClient(id: number, state: State): void {
    const { bench } = this;
    bench.open(state === "half-closed (local)" || state === "closed by both");
    const ended = state === "half-closed (remote)" || state === "closed by both";
    bench.send(bench.headers(id, OK, ended));
    this.reset(id, state);
  }

  private reset(id: number, state: State): void {
    const { bench } = this;
    if (state === RESET) bench.send(rst(id, ErrorCode.CANCEL));
    if (state === NOT_OURS) bench.connection.reset(bench.connection.streams.get(id)!, CANCEL);
  }

  /** Sends `kind` on stream `id`; gives the error that came of it, or undefined. */
  send(kind: Frame, id: number, state: State): string | undefined {
    const { bench } = this;
    bench.send(this.bytes(kind, id, state));
    const resets = bench.sent().filter((line) => line.startsWith(`RST_STREAM ${id} `));
    if (bench.connection.closed) return bench.outcome.split(" ").slice(0, 2).join(" ");
    return resets.length === 0 ? undefined : `stream ${resets.join(" and ").split(" ").slice(2).join(" ")}`;
  }

  private bytes(kind: Frame, id: number, state: State): Uint8Array {
    const { bench } = this;
    const section = state !== "idle" ? TRAILERS_LIST : this.role === "server" ? REQUEST : OK;
    switch (kind) {
      case "DATA":
        return data(id, 1);
      case "DATA, END_STREAM":
        return data(id, 1, END_STREAM);
      case "HEADERS":
        return bench.headers(id, section);
      case "HEADERS, END_STREAM":
        return bench.headers(id, section, true);
      case "PRIORITY":
        return frame("PRIORITY", 0, id, new Uint8Array(5));
      case "RST_STREAM":
        return rst(id, ErrorCode.CANCEL);
      case "WINDOW_UPDATE":
        return windowUpdate(id, 1);
      case "CONTINUATION":
        return frame("CONTINUATION", END_HEADERS, id, EMPTY);
      case "PUSH_PROMISE":
        return frame("PUSH_PROMISE", END_HEADERS, id, uint32(id + 1));
    }
  }

  /** What the connection's own record of stream `id` says. */
  stateOf(id: number): "open" | "half-closed (local)" | "half-closed (remote)" | "none" {
    const stream = this.bench.connection.streams.get(id);
    if (stream === undefined) return "none";
    if (stream.localClosed) return "half-closed (local)";
    return stream.remoteClosed ? "half-closed (remote)" : "open";
  }
}

function check(states: States, state: State, kind: Frame, id: number): Effect {
  const expected = TABLES[states.role].get(state)!.get(kind)!;
  const failed = states.send(kind, id, state);
  const where = `${kind} on a stream of a ${states.role} that is ${state}`;
  if (failed !== undefined || /^(stream|connection) /.test(expected)) assertEquals(failed, expected, where);
  else assertEquals(states.stateOf(id), LIVE.has(expected as State) ? expected : "none", where);
  return expected;
}

const LIVE: ReadonlySet<State> = new Set(["open", "half-closed (local)", "half-closed (remote)"]);

for (const role of ["server", "client"] as const) {
  for (const [state, effects] of TABLES[role]) {
    test(`5.1: what each frame does to a stream of a ${role} that is ${state}`, () => {
      for (const kind of effects.keys()) {
        const states = new States(role);
        check(states, state, kind, states.enter(state));
      }
    });
  }

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`5.1: streams of a ${role} in random states do what the table says, in any order, seed ${seed}`, () => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 40; round++) {
        const states = new States(role);
        const streams = new Map<number, State>();
        for (let step = 0; step < 60; step++) {
          if (streams.size === 0 || random.chance(0.2)) {
            const state = random.pick([...TABLES[role].keys()].filter((state) => state !== "idle"));
            streams.set(states.enter(state), state);
          }
          const [id, state] = random.pick([...streams]);
          const kind = random.pick(FRAMES);
          const ends = TABLES[role].get(state)!.get(kind)!.startsWith("connection ");
          if (ends && random.chance(0.9)) continue; // so that there is a long way before it
          const effect = check(states, state, kind, id);
          if (effect.startsWith("connection ")) break;
          streams.set(id, effect.startsWith("stream ") ? NOT_OURS : effect as State);
        }
      }
    });
  }
}
