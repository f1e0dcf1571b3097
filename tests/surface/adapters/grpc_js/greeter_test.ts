// What grpc-node's first examples do: the four kinds of calls, metadata both ways, errors.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceError,
} from "pollwire/grpc-js";
import { setLogger, status } from "pollwire/grpc-js";
import { test } from "../../../harness.ts";
import { app, type Handlers, libraries, type Library, type Note, outcome, run } from "./sides.ts";

const handlers = ({ Metadata, status }: Library): Handlers => ({
  one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
    const { text, number } = call.request;
    const trailers = new Metadata();
    trailers.set("trail", "last");
    trailers.set("trail-bin", Buffer.from([1, 2, 3]));
    if (text === "missing") {
      return callback({ code: status.NOT_FOUND, details: "no such note, née Müller", metadata: trailers });
    }
    if (text === "thrown") throw new Error("out of order");
    if (text === "plain") return callback(new Error("it went wrong"));
    const initial = new Metadata();
    initial.set("seen", call.metadata.get("ask").join("+").replace(", ", "+"));
    initial.add("path", call.getPath());
    call.sendMetadata(initial);
    callback(null, { text: `hello ${text}`, number: number! + 1 }, trailers);
  },
  down(call: ServerWritableStream<Note, Note>) {
    for (let number = 0; number < call.request.number!; number++) call.write({ number });
    if (call.request.text !== "fails") return void call.end();
    call.emit("error", Object.assign(new Error("half"), { code: status.ABORTED, details: "midway" }));
  },
  up(call: ServerReadableStream<Note, Note>, callback: sendUnaryData<Note>) {
    let number = 0;
    call.on("data", (note: Note) => number += note.number!);
    call.on("end", () => callback(null, { number }));
  },
  both(call: ServerDuplexStream<Note, Note>) {
    call.on("data", ({ text }: Note) => call.write({ text: text!.toUpperCase() }));
    call.on("end", () => {
      const trailers = new Metadata();
      trailers.set("count", "all");
      call.end(trailers);
    });
  },
});

app("a unary call has metadata both ways", handlers, async ({ client, calling: { Metadata } }) => {
  const metadata = new Metadata();
  metadata.add("Ask", "one");
  metadata.add("ask", "two");
  const request = { text: "you", number: 1, unknown: { extra: "keys" } };
  const { error, value, initial } = await outcome((done) => client["one"](request, metadata, done));
  assertEquals(error, null);
  assertEquals([value!.text, value!.number], ["hello you", 2]);
  assertEquals(initial!.get("path"), ["/guide.Guide/One"]);
  assertEquals(initial!.get("seen"), ["one+two"]);
});

app("errors have code, details and metadata", handlers, async ({ client }) => {
  const { error } = await outcome((done) => client["One"]({ text: "missing" }, done));
  assert(error instanceof Error);
  assertEquals([error.code, error.details], [5, "no such note, née Müller"]);
  assertEquals(error.message, "5 NOT_FOUND: no such note, née Müller");
  assertEquals(error.metadata.get("trail"), ["last"]);
  assertEquals([...error.metadata.get("trail-bin")[0] as Buffer], [1, 2, 3]);
  assertMatch(error.stack!, /for call at\n[^]*greeter_test\.ts/);
});

app("what a handler throws or gives without a code is UNKNOWN", handlers, async ({ client, serving }) => {
  const lines: string[] = [];
  setLogger({ error: (line: string) => void lines.push(line) });
  const thrown = await outcome((done) => client["one"]({ text: "thrown" }, done));
  assertEquals(thrown.error?.message, "2 UNKNOWN: Unknown error");
  const plain = await outcome((done) => client["one"]({ text: "plain" }, done));
  assertEquals(plain.error?.message, "2 UNKNOWN: it went wrong");
  setLogger(console);
  assertEquals(lines.length, serving === libraries.ours ? 1 : 0);
});

test("grpc-js: what an async handler rejects with ends its call, unless that has ended", async () => {
  const lines: string[] = [];
  setLogger({ error: (line: string) => void lines.push(line) });
  const failing = (): Handlers => ({
    async one(_call: unknown, callback: sendUnaryData<Note>) {
      await Promise.resolve();
      callback(null, { text: "answered" });
      throw new Error("too late");
    },
    down: () => Promise.reject(new Error("no responses")),
    up: () => Promise.reject(new Error("no response")),
  });
  await run(libraries.ours, libraries.ours, failing, async ({ client }) => {
    assertEquals((await outcome((done) => client["one"]({}, done))).value?.text, "answered");
    const up = await outcome((done) => client["up"](done).end());
    assertEquals(up.error?.message, "2 UNKNOWN: Unknown error");
    const down = client["down"]({}).resume();
    const error = await new Promise<ServiceError>((resolve) => down.on("error", resolve));
    assertEquals(error.code, status.UNKNOWN);
  });
  setLogger(console);
  assertEquals(lines.length, 3);
});

app("a stream of responses is a readable stream", handlers, async ({ client }) => {
  const numbers: number[] = [];
  for await (const { number } of client["down"]({ number: 100 })) numbers.push(number);
  assertEquals(numbers, Array.from({ length: 100 }, (_, at) => at));
});

app(
  "a stream of responses that fails emits its error, and its status",
  handlers,
  async ({ client, calling }) => {
    const call = client["down"]({ number: 3, text: "fails" });
    const seen: unknown[] = [];
    call.on("data", ({ number }: Note) => seen.push(number));
    const status = new Promise<void>((resolve) =>
      call.on("status", ({ code, details }: ServiceError) => {
        seen.push(code, details);
        resolve();
      })
    );
    const error = await new Promise<ServiceError>((resolve) => call.on("error", resolve));
    await status;
    assertEquals(error.message, "10 ABORTED: midway");
    assertEquals(seen.slice(-2), [10, "midway"]);
    // Theirs drops what came before a status that is an error, and was not read.
    if (calling === libraries.ours) assertEquals(seen.slice(0, -2), [0, 1, 2]);
  },
);

app("a stream of requests is a writable stream", handlers, async ({ client }) => {
  const { value } = await outcome((done) => {
    const call = client["up"](done);
    for (let number = 0; number < 100; number++) call.write({ number });
    call.end();
    return call;
  });
  assertEquals(value!.number, 4950);
});

app("streams both ways", handlers, async ({ client }) => {
  const call = client["both"]();
  const trailers = new Promise<string>((resolve) =>
    call.on("status", ({ metadata }: ServiceError) => resolve(String(metadata.get("count")[0])))
  );
  const texts: string[] = [];
  call.write({ text: "a" });
  for await (const { text } of call) {
    texts.push(text);
    if (text === "A") call.write({ text: "b" });
    else call.end();
  }
  assertEquals(texts, ["A", "B"]);
  assertEquals(await trailers, "all");
});

app("a method that nothing serves is UNIMPLEMENTED", () => ({}), async ({ client }) => {
  const { error } = await outcome((done) => client["one"]({}, done));
  assertEquals(error?.code, 12);
  assertMatch(error!.details, /^The server does not implement the method/);
});
