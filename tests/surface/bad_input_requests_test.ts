// Requests that are wrong, from other clients and by size: each is answered with its status, and nothing hangs or crashes.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { createClient, parseProto, Status } from "pollwire";
import { test } from "../harness.ts";
import {
  assertStillServes,
  collect,
  failure,
  serving,
  TRIAL_PROTO,
  type TrialProto,
  working,
} from "./serving.ts";

/** The same messages under a name that no server here serves. */
const { Trial: Stranger } = parseProto<TrialProto>(TRIAL_PROTO.replace("package trial", "package stranger"));

const PREFIX_BYTES = 5;

const CALL_HEADERS = {
  ":method": "POST",
  ":path": "/trial.Trial/One",
  "content-type": "application/grpc",
  "te": "trailers",
};

/** A request of another HTTP/2 client, and what its answer begins with. */
async function ask(
  port: number,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<IncomingHttpHeaders> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ...CALL_HEADERS, ...headers });
      stream.on("error", reject);
      stream.on("response", resolve);
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** `content` as one gRPC message. */
function framed(...content: number[]): Uint8Array {
  return new Uint8Array([0, 0, 0, 0, content.length, ...content]);
}

test("requests that are no gRPC: wrong content type is 415, wrong method is refused", () =>
  serving(working, async ({ port, client }) => {
    for (const type of ["text/html", "application/json", "application/grpcish"]) {
      assertEquals(Number((await ask(port, { "content-type": type }, framed()))[":status"]), 415);
    }
    const put = await ask(port, { ":method": "PUT" }, framed());
    assert(Number(put[":status"]) >= 400 || Number(put["grpc-status"]) > 0, JSON.stringify(put));
    await assertStillServes(client);
  }));

test("unknown service, unknown method, odd paths: UNIMPLEMENTED with the path", () =>
  serving(working, async ({ channel, client, port }) => {
    const error = await failure(createClient(Stranger, channel).one({}));
    assertEquals([error.code, error.details], [Status.UNIMPLEMENTED, "unknown service /stranger.Trial/One"]);
    for (
      const path of [
        "/trial.Trial/Nothing",
        "/",
        "/trial.Trial",
        "/trial.Trial/One/",
        "/__proto__/constructor",
      ]
    ) {
      const answer = await ask(port, { ":path": path }, framed());
      assertEquals(answer["grpc-status"], String(Status.UNIMPLEMENTED), path);
      assert(String(answer["grpc-message"]).includes(path), String(answer["grpc-message"]));
    }
    await assertStillServes(client);
  }));

test("methods without a handler: UNIMPLEMENTED, of every kind", () =>
  serving({}, async ({ client }) => {
    const errors = [
      await failure(client.one({})),
      await failure(collect(client.down({}))),
      await failure(client.up([{ number: 1 }])),
      await failure(collect(client.both([{ number: 1 }]))),
    ];
    for (const error of errors) assertEquals(error.code, Status.UNIMPLEMENTED, error.details);
  }));

test("a request that cannot be decoded: INTERNAL, and the handler is not called", () => {
  let calls = 0;
  return serving({ one: (request) => (calls++, request) }, async ({ port, client }) => {
    // A string of five octets that is cut, a varint without end, a group that is not closed, not UTF-8.
    for (const content of [[0x0a, 5, 65], Array(11).fill(0xff), [0x0b], [0x0a, 1, 0xff]]) {
      const answer = await ask(port, {}, framed(...content));
      assertEquals(answer["grpc-status"], String(Status.INTERNAL), content.join());
      assertMatch(String(answer["grpc-message"]), /cannot decode request/);
    }
    assertEquals(calls, 0);
    await assertStillServes(client);
  });
});

test("[C85] a unary request of no message or of two: UNIMPLEMENTED; of half a message: INTERNAL", () =>
  serving(working, async ({ port, client }) => {
    const two = new Uint8Array([...framed(0x10, 1), ...framed(0x10, 2)]);
    for (const body of [new Uint8Array(0), two]) {
      assertEquals((await ask(port, {}, body))["grpc-status"], String(Status.UNIMPLEMENTED), `${body}`);
    }
    const half = framed(0x10, 1).subarray(0, PREFIX_BYTES + 1);
    assertEquals((await ask(port, {}, half))["grpc-status"], String(Status.INTERNAL));
    await assertStillServes(client);
  }));

test("compressed messages: UNIMPLEMENTED with an encoding that is not known, INTERNAL without one and with broken data", () =>
  serving(working, async ({ port, client }) => {
    const compressed = new Uint8Array([1, 0, 0, 0, 1, 0]);
    const unknown = await ask(port, { "grpc-encoding": "snappy" }, compressed);
    assertEquals(unknown["grpc-status"], String(Status.UNIMPLEMENTED));
    const broken = await ask(port, { "grpc-encoding": "gzip" }, compressed);
    assertEquals(broken["grpc-status"], String(Status.INTERNAL));
    assertEquals((await ask(port, {}, compressed))["grpc-status"], String(Status.INTERNAL));
    await assertStillServes(client);
  }));

test("a request over the limit: RESOURCE_EXHAUSTED with both sizes", () =>
  serving(
    { ...working, up: async (requests) => ({ number: (await collect(requests)).length }) },
    async ({ client }) => {
      const error = await failure(client.one({ body: new Uint8Array(2000) }));
      assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
      assertMatch(error.details, /2003 bytes.*limit of 1000/);
      const stream = await failure(client.up([{ number: 1 }, { body: new Uint8Array(2000) }]));
      assertEquals(stream.code, Status.RESOURCE_EXHAUSTED);
      assertEquals((await client.one({ body: new Uint8Array(997) })).body!.length, 997); // exactly 1000
      await assertStillServes(client);
    },
    { server: { maxReceiveMessageBytes: 1000 } },
  ));

test("a response over the limit: RESOURCE_EXHAUSTED with both sizes", () =>
  serving({
    one: (request) => ({ text: request.text!, body: new Uint8Array(request.number ?? 0) }),
    down: () => [{ number: 1 }, { body: new Uint8Array(2000) }],
  }, async ({ client }) => {
    const error = await failure(client.one({ number: 2000 }));
    assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
    assertMatch(error.details, /2003 bytes.*limit of 1000/);
    assertEquals((await failure(collect(client.down({})))).code, Status.RESOURCE_EXHAUSTED);
    await assertStillServes(client);
  }, { channel: { maxReceiveMessageBytes: 1000 } }));
