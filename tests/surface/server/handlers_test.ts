// What handlers may rely on: `this`, the time that is left, and what unfit requests never reach.
import { assertEquals } from "@std/assert";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { type ServerCall, Status } from "pollwire";
import { test } from "../../harness.ts";
import { collect, failure, type Handlers, type Note, numbersOf, serving, until } from "../serving.ts";

/** The trailers that a unary call with these messages ends with. */
function trailersOf(port: number, path: string, ...messages: number[][]): Promise<IncomingHttpHeaders> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    "te": "trailers",
  });
  const framed = messages.map((content) => [0, 0, 0, 0, content.length, ...content]);
  stream.end(Uint8Array.from(framed.flat()));
  return new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.on("response", (headers) => headers["grpc-status"] !== undefined && resolve(headers));
    stream.on("trailers", resolve);
    stream.on("error", reject);
    stream.resume();
  }).finally(() => session.destroy());
}

test("handlers: `this` is what they were given in, methods of a class included", () => {
  class Counter {
    private count = 0;
    one(): Note {
      return { number: ++this.count };
    }
    *down(): Iterable<Note> {
      for (let i = 0; i < 2; i++) yield { number: ++this.count };
    }
  }
  const counter = new Counter();
  const handlers: Handlers = {
    own: "of the object",
    one() {
      return { text: (this as unknown as { own: string }).own, number: counter.one().number! };
    },
    down: () => counter.down(),
  } as Handlers & { own: string };
  Object.defineProperty(handlers, "own", { enumerable: false });
  return serving(handlers, async ({ client }) => {
    assertEquals((await client.one({})).text, "of the object");
    assertEquals(numbersOf(await collect(client.down({}))), [2, 3]);
  });
});

test("handlers: the time that is left is never less than none, also when the call is long over", () => {
  let call: ServerCall | undefined;
  const handlers: Handlers = { one: (_request, given) => (call = given, new Promise<Note>(() => {})) };
  return serving(handlers, async ({ client }) => {
    assertEquals((await failure(client.one({}, { deadlineMs: 40 }))).code, Status.DEADLINE_EXCEEDED);
    await until(() => call!.cancelled);
    const end = performance.now() + 20;
    await until(() => performance.now() > end);
    assertEquals([call!.timeRemainingMs, call!.signal.aborted], [0, true]);
  });
});

test("handlers: a unary request of none or two messages is refused by what was wrong", () => {
  let calls = 0;
  return serving({ one: (request) => (calls++, request) }, async ({ port }) => {
    const about = async (...messages: number[][]) => {
      const { "grpc-status": status, "grpc-message": message } = await trailersOf(
        port,
        "/trial.Trial/One",
        ...messages,
      );
      return [Number(status), message];
    };
    assertEquals(await about(), [Status.INTERNAL, "client sent no request message"]);
    assertEquals(await about([0x10, 1], [0x10, 2]), [
      Status.INTERNAL,
      "client sent more than one request message",
    ]);
    assertEquals(calls, 0);
    assertEquals((await about([0x10, 1]))[0], Status.OK);
    assertEquals(calls, 1);
  });
});

test("handlers: a path that nobody serves is told by whether its service is known", () =>
  serving({ one: (request) => request }, async ({ port }) => {
    const about = async (path: string) => (await trailersOf(port, path, []))["grpc-message"];
    for (const path of ["/trial.Trial/Down", "/trial.Trial/None", "/trial.Trial/"]) {
      assertEquals(await about(path), `unknown method ${path}`);
    }
    for (const path of ["/trial.Tria/One", "/trial.Trials/One"]) {
      assertEquals(await about(path), `unknown service ${path}`);
    }
  }));
