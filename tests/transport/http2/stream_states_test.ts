// RFC 9113, section 5.1: the connection does what the table of `stream.ts` says, in every state and for every event.
//
// What the table itself must say is tested in `rfc9113_5_1_states_and_frames_test.ts` and `5_1_stream_states_test.ts`.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import {
  afterEvent,
  Refusal,
  STREAM_TABLE,
  StreamEvent,
  StreamState,
} from "../../../transport/http2/stream.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goAway,
  REQUEST,
  RESPONSE_LIST,
  rst,
  TRAILERS_LIST,
  uint32,
  windowUpdate,
} from "./wire.ts";

type Role = "client" | "server";
type StateName = keyof typeof StreamState;
type EventName = keyof typeof StreamEvent;

const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "cancelled");
const NO_ERROR = new Http2Error("stream", ErrorCode.NO_ERROR, "user", "enough");
const OK: Array<[string, string]> = [[":status", "200"]];
const STATES = Object.keys(StreamState) as StateName[];
const EVENTS = Object.keys(StreamEvent) as EventName[];

/** How a stream comes into a state, on either side; gives its number. */
const WAYS: Readonly<Record<Role, Partial<Record<StateName, Array<(bench: Bench) => number>>>>> = {
  server: {
    IDLE: [() => 9, () => 101],
    IDLE_OURS: [() => 2, () => 100],
    OPEN: [opened(false)],
    HALF_CLOSED_REMOTE: [opened(true)],
    PASSED_OVER: [(bench) => (bench.send(bench.headers(1), bench.headers(7)), 5)],
    CLOSED: [
      (bench) => (bench.send(bench.headers(1), rst(1, ErrorCode.CANCEL)), 1),
      (bench) => {
        bench.send(bench.headers(1, REQUEST, true));
        bench.connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true);
        return 1;
      },
    ],
    CLOSED_BY_US: [
      (bench) => (bench.send(bench.headers(1)), bench.connection.reset(bench.sink.streams[0]!, CANCEL), 1),
      (bench) => (bench.send(bench.headers(1, [...REQUEST, ["Bad", "name"]])), 1),
      (bench) => {
        bench.send(bench.headers(1));
        bench.connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true);
        return 1;
      },
    ],
  },
  client: {
    IDLE_OURS: [() => 9, () => 2, () => 100],
    OPEN: [asked(false, false)],
    HALF_CLOSED_LOCAL: [asked(true, false)],
    HALF_CLOSED_REMOTE: [asked(false, true)],
    CLOSED_BY_US: [
      asked(true, true),
      (bench) => (bench.connection.reset(bench.open(), CANCEL), 1),
      (bench) => (bench.open(), bench.send(rst(1, ErrorCode.CANCEL)), 1),
      (bench) => (bench.open(), bench.open(), bench.send(goAway(1, ErrorCode.NO_ERROR)), 3),
    ],
  },
};

function opened(endStream: boolean): (bench: Bench) => number {
  return (bench) => (bench.send(bench.headers(1, REQUEST, endStream)), 1);
}

function asked(endLocal: boolean, endRemote: boolean): (bench: Bench) => number {
  return (bench) => {
    const { id } = bench.open(endLocal);
    bench.send(bench.headers(id, OK, endRemote));
    return id;
  };
}

/** The state of stream `id` as the connection knows it. */
function stateOf({ connection: { streams } }: Bench, id: number): number {
  return streams.get(id)?.state ?? streams.stateOf(id);
}

/** Frames that are `event`. HEADERS are a request on an idle stream of a server, else trailers. */
function frames(bench: Bench, event: EventName, id: number, state: number): Uint8Array[] {
  switch (event) {
    case "RECEIVE_HEADERS":
      if (state === StreamState.IDLE) return [bench.headers(id, REQUEST)];
      return [bench.headers(id, TRAILERS_LIST, true)];
    case "RECEIVE_DATA":
      return [data(id, 3)];
    case "RECEIVE_END_STREAM":
      return [data(id, 3, END_STREAM)];
    case "RECEIVE_RST_STREAM":
      return [rst(id, ErrorCode.CANCEL)];
    case "RECEIVE_WINDOW_UPDATE":
      return [windowUpdate(id, 5)];
    case "RECEIVE_PRIORITY":
      return [frame("PRIORITY", 0, id, new Uint8Array(5))];
    case "RECEIVE_PUSH_PROMISE":
      return [frame("PUSH_PROMISE", END_HEADERS, id, uint32(id + 1))];
    default:
      return [];
  }
}

const ERRORS: ReadonlyMap<number, string> = new Map([
  [Refusal.STREAM_CLOSED, "stream STREAM_CLOSED"],
  [Refusal.CONNECTION_CLOSED, "connection STREAM_CLOSED"],
  [Refusal.PROTOCOL, "connection PROTOCOL_ERROR"],
]);

/** What came of a frame on stream `id`: an error, or its state. */
function outcome(bench: Bench, id: number): string {
  const resets = bench.sent().filter((line) => line.startsWith(`RST_STREAM ${id}`));
  if (bench.connection.closed) return bench.outcome.split(" ").slice(0, 2).join(" ");
  return resets.length > 0 ? `stream ${resets[0]!.split(" ")[2]}` : STATES_BY_CODE[stateOf(bench, id)]!;
}

const STATES_BY_CODE: readonly string[] = STATES;

/** What the table says of a frame; a state that a server does not stay in is followed to its end. */
function expected(role: Role, state: number, event: EventName): string {
  let next = afterEvent(state, StreamEvent[event]);
  // HEADERS on a stream that has its header section are trailers, which must end it.
  if (event === "RECEIVE_HEADERS" && next <= StreamState.HALF_CLOSED_REMOTE && state !== StreamState.IDLE) {
    next = afterEvent(next, StreamEvent.RECEIVE_END_STREAM);
  }
  if (next === StreamState.CLOSED && role === "client") next = StreamState.CLOSED_BY_US;
  return ERRORS.get(next) ?? STATES_BY_CODE[next]!;
}

for (const role of ["server", "client"] as const) {
  for (
    const [name, ways] of Object.entries(WAYS[role]) as Array<[StateName, typeof WAYS.client.OPEN & object]>
  ) {
    test(`5.1: each frame on a stream of a ${role} that is ${name} does what the table says`, () => {
      for (const event of EVENTS.filter((event) => event.startsWith("RECEIVE"))) {
        ways.forEach((way, i) => {
          const bench = new Bench(role);
          const id = way(bench);
          bench.sent();
          const state = stateOf(bench, id);
          assertEquals(STATES_BY_CODE[state], name, `way ${i} does not lead there`);
          bench.send(...frames(bench, event, id, state));
          assertEquals(outcome(bench, id), expected(role, state, event), `${event}, way ${i}`);
        });
      }
    });
  }

  test(`5.1: what a ${role} may send in each state is what the table says`, () => {
    for (const name of ["OPEN", "HALF_CLOSED_LOCAL", "HALF_CLOSED_REMOTE"] as const) {
      for (const way of WAYS[role][name] ?? []) {
        const start = () => {
          const bench = new Bench(role);
          const stream = bench.connection.streams.get(way(bench))!;
          if (role === "server") bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
          return { bench, stream, state: StreamState[name] as number };
        };
        const commands: Array<[EventName[], (at: ReturnType<typeof start>) => void]> = [
          [["SEND_DATA"], ({ bench, stream }) => bench.connection.sendData(stream, new Uint8Array(3), false)],
          [
            ["SEND_DATA", "SEND_END_STREAM"],
            ({ bench, stream }) => bench.connection.sendData(stream, new Uint8Array(3), true),
          ],
          [
            ["SEND_HEADERS", "SEND_END_STREAM"],
            ({ bench, stream }) => bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true),
          ],
          [["SEND_RST_STREAM"], ({ bench, stream }) => bench.connection.reset(stream, NO_ERROR)],
        ];
        for (const [events, command] of commands) {
          const at = start();
          let next = at.state;
          for (const event of events) {
            next = afterEvent(next, StreamEvent[event]);
            if (next === Refusal.MISUSE) break;
          }
          const where = `${events.join(" and ")} in ${name}`;
          if (next === Refusal.MISUSE) {
            assertThrows(() => command(at), TypeError);
            continue;
          }
          command(at);
          // A server that has answered in full resets what the client has not ended (section 8.1).
          if (role === "server" && next === StreamState.HALF_CLOSED_LOCAL) next = StreamState.CLOSED_BY_US;
          if (role === "client" && next === StreamState.CLOSED) next = StreamState.CLOSED_BY_US;
          assertEquals(STATES_BY_CODE[stateOf(at.bench, at.stream.id)], STATES_BY_CODE[next], where);
        }
      }
    }
  });
}

test("5.1: the table has every event and state, and each state it leads to is one", () => {
  assertEquals(Object.keys(STREAM_TABLE), EVENTS);
  assertEquals(Object.values(StreamEvent), EVENTS.map((_, i) => i));
  assertEquals(Object.values(StreamState), STATES.map((_, i) => i));
  for (const [event, row] of Object.entries(STREAM_TABLE)) {
    assertEquals(row.length, STATES.length, event);
    for (const next of row) {
      assert(next < STATES.length || Object.values(Refusal).some((one) => one === next));
    }
  }
});
