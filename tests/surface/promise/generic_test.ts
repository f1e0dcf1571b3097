// Calls without their schema: a generic client, a generic service, and single methods that are served as octets.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { genericClient, raw, Server, type ServerCall, Status } from "pollwire";
import { test } from "../../harness.ts";
import { collect, echo, failure, gate, type Note, numbersOf, serving, Trial } from "../serving.ts";

const codec = Trial.methods.one.requestCodec;
const octets = (note: Note) => codec.encode(note);
const note = (bytes: Uint8Array) => codec.decode(bytes);

test("[Q118] a generic client calls methods of every kind by their paths", async () => {
  await serving(echo, async ({ channel }) => {
    const client = genericClient(channel);
    assertEquals(note(await client.unary("/trial.Trial/One", octets({ text: "a" }))).text, "a");
    const down = await collect(client.serverStreaming("/trial.Trial/Down", octets({ number: 3 })));
    assertEquals(numbersOf(down.map(note)), [1, 2, 3]);
    const up = await client.clientStreaming("/trial.Trial/Up", [
      octets({ number: 4 }),
      octets({ number: 5 }),
    ]);
    assertEquals(note(up).number, 9);
    const both = await collect(client.bidiStreaming("/trial.Trial/Both", [octets({ number: 7 })]));
    assertEquals(numbersOf(both.map(note)), [14]);
  });
});

test("[Q118] errors of generic calls name the method", async () => {
  await serving(echo, async ({ channel }) => {
    const client = genericClient(channel);
    const unknown = await failure(client.unary("/trial.Trial/None", octets({})));
    assertEquals([unknown.code, unknown.method], [Status.UNIMPLEMENTED, "/trial.Trial/None"]);
    assertThrows(() => client.unary("trial.Trial/One", octets({})), TypeError, '"trial.Trial/One"');
    assertThrows(() => client.unary("/trial.Trial/O ne", octets({})), TypeError, "package.Service/Method");
    const text = await failure(client.unary("/trial.Trial/One", "text" as never));
    assertEquals(text.code, Status.INTERNAL);
    assertMatch(text.details, /expected a Uint8Array, found string/);
    assertThrows(() => genericClient({} as never), TypeError, "Cannot make a generic client");
  });
});

test("[Q118] a generic client calls more methods than it keeps", async () => {
  await serving(echo, async ({ channel, server }) => {
    const paths = new Set<string>();
    server.addGenericService(async function* (_requests, call) {
      paths.add(call.path);
      yield new TextEncoder().encode(call.path);
    });
    const client = genericClient(channel);
    for (let i = 0; i < 2_100; i += 70) {
      const calls = Array.from({ length: 70 }, (_, j) => client.unary(`/any/M${i + j}`, new Uint8Array(1)));
      const answers = (await Promise.all(calls)).map((answer) => new TextDecoder().decode(answer));
      assertEquals(answers, Array.from({ length: 70 }, (_, j) => `/any/M${i + j}`));
    }
    assertEquals(paths.size, 2_100);
  });
});

test("[Q117] a generic service serves what no service has, and says what was called", async () => {
  const calls: ServerCall[] = [];
  await serving({ one: (request) => request }, async ({ client, channel, server, port }) => {
    const before = await failure(genericClient(channel).unary("/other.Other/Any", octets({})));
    assertEquals(before.code, Status.UNIMPLEMENTED);
    server.addGenericService(async function* (requests, call) {
      calls.push(call);
      for await (const request of requests) yield octets({ text: `${note(request).text} twice` });
    });
    assertEquals((await client.one({ text: "own" })).text, "own");
    const generic = genericClient(channel);
    assertEquals(note(await generic.unary("/other.Other/Any", octets({ text: "a" }))).text, "a twice");
    const other = await collect(
      generic.bidiStreaming("/x/Y", [octets({ text: "b" }), octets({ text: "c" })]),
    );
    assertEquals(other.map((one) => note(one).text), ["b twice", "c twice"]);
    assertEquals((await collect(client.down({ text: "d" }))).map(({ text }) => text), ["d twice"]);
    assertEquals(calls.map(({ path }) => path), ["/other.Other/Any", "/x/Y", "/trial.Trial/Down"]);
    assertEquals(calls.map(({ authority }) => authority), Array(3).fill(`127.0.0.1:${port}`));
  });
});

test("[Q117] a service that is added later takes its methods from the generic one, and gives them back", async () => {
  const at = (who: string) =>
    async function* () {
      await Promise.resolve();
      yield octets({ text: who });
    };
  await serving({}, async ({ channel, server }) => {
    const who = async () => note(await genericClient(channel).unary("/trial.Trial/One", octets({}))).text;
    server.addGenericService(at("generic"));
    assertEquals([await who(), await who()], ["generic", "generic"]);
    server.addService(Trial, { one: () => ({ text: "typed" }) });
    assertEquals([await who(), await who()], ["typed", "typed"]);
    server.removeService(Trial);
    assertEquals([await who(), await who()], ["generic", "generic"]);
  });
});

test("[Q117] a second generic service, and what is no handler, is refused", async () => {
  const server = new Server();
  assertThrows(() => server.addGenericService({} as never), TypeError, "its handler is an object");
  server.addGenericService(() => []);
  assertThrows(() => server.addGenericService(() => []), TypeError, "the server has a generic service");
  await server.shutdown();
});

test("[Q119] one method of a service is served as octets, beside typed ones", async () => {
  const open = gate();
  await serving({
    one: raw((request, call) => {
      assert(request instanceof Uint8Array);
      call.trailers.set("path", call.path);
      return octets({ number: request.length });
    }),
    down: raw(function* (request) {
      yield request;
      yield request;
    }),
    up: raw(async (requests) => octets({ number: (await collect(requests)).length })),
    both: async function* (requests) {
      for await (const { number } of requests) yield { number: number! + 1 };
      open.open();
    },
  }, async ({ client }) => {
    let path: unknown = undefined;
    const onTrailers = (trailers: { get(name: string): unknown }) => path = trailers.get("path");
    assertEquals((await client.one({ text: "four" }, { onTrailers })).number, 6);
    assertEquals(path, "/trial.Trial/One");
    assertEquals(numbersOf(await collect(client.down({ number: 8 }))), [8, 8]);
    assertEquals((await client.up([{}, {}, {}])).number, 3);
    assertEquals(numbersOf(await collect(client.both([{ number: 1 }]))), [2]);
    await open.opened;
    await assertRejects(
      () => Promise.resolve().then(() => raw({} as never)),
      TypeError,
      "Cannot serve octets",
    );
  });
});
