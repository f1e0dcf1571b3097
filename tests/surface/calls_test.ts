// Calls of all four kinds, end to end: messages, metadata, deadlines, cancellation, backpressure.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { connect } from "node:http2";
import { createServer } from "node:net";
import { Channel, createClient, Metadata, RpcError, type ServerCall, Status } from "pollwire";
import { test } from "../harness.ts";
import {
  CHUNK,
  collect,
  echo,
  endless,
  failure,
  gate,
  neverAnswering,
  type Note,
  numbers,
  numbersOf,
  serving,
  sleep,
  standstill,
  syncNumbers,
  Trial,
  UNREAD_LIMIT,
  until,
} from "./serving.ts";

test("unary: a handler that answers at once, and one that answers later", () =>
  serving({
    one: (request) =>
      request.number === 1 ? { text: "now" } : sleep(5).then(() => ({ text: "later", body: request.body! })),
  }, async ({ client }) => {
    assertEquals((await client.one({ number: 1 })).text, "now");
    const later = await client.one({ number: 2, body: new Uint8Array([0, 128, 255]) });
    assertEquals([later.text, [...later.body!]], ["later", [0, 128, 255]]);
  }));

test("server streaming: async generator, sync generator, array, nothing at all", () =>
  serving({
    down: (request) => {
      if (request.text === "async") return numbers(request.number!);
      if (request.text === "sync") return syncNumbers(request.number!);
      return request.text === "array" ? [{ number: 1 }, { number: 2 }] : [];
    },
  }, async ({ client }) => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    assertEquals(numbersOf(await collect(client.down({ text: "async", number: 100 }))), hundred);
    assertEquals(numbersOf(await collect(client.down({ text: "sync", number: 100 }))), hundred);
    assertEquals(numbersOf(await collect(client.down({ text: "array" }))), [1, 2]);
    assertEquals(await collect(client.down({})), []);
  }));

test("client streaming: async generator, sync generator, array, no message", () =>
  serving(echo, async ({ client }) => {
    assertEquals((await client.up(numbers(100))).number, 5050);
    assertEquals((await client.up(syncNumbers(100))).number, 5050);
    assertEquals((await client.up([{ number: 3 }, { number: 4 }])).number, 7);
    assertEquals((await client.up([])).number ?? 0, 0);
  }));

test("client streaming: a handler may answer before it has read everything", () => {
  let over = false;
  return serving({
    up: async (requests) => {
      for await (const { number } of requests) if (number === 3) break;
      return { text: "enough" };
    },
  }, async ({ client }) => {
    assertEquals((await client.up(endless(() => over = true))).text, "enough");
    await until(() => over);
  });
});

test("bidirectional streaming: every request is answered before the next is sent", () =>
  serving(echo, async ({ client }) => {
    const answers: number[] = [];
    async function* requests(): AsyncGenerator<Note> {
      for (let number = 1; number <= 20; number++) {
        yield { number };
        await until(() => answers.length === number);
      }
    }
    for await (const { number } of client.both(requests())) answers.push(number!);
    assertEquals(answers, Array.from({ length: 20 }, (_, i) => 2 * (i + 1)));
  }));

test("large messages of odd sizes arrive whole in both directions", () =>
  serving({ one: (request) => ({ body: request.body! }) }, async ({ client }) => {
    for (const size of [0, 1, 16_384, 65_535, 65_536, 3_000_001]) {
      const body = new Uint8Array(size).map((_, i) => i * 31);
      const answer = (await client.one({ body })).body ?? new Uint8Array(0);
      assertEquals(answer.length, size);
      assert(answer.every((byte, i) => byte === body[i]), `octets of ${size} differ`);
    }
  }));

test("metadata goes both ways: text, repeated, -bin, initial and trailing", () => {
  const received: Metadata[] = [];
  return serving({
    one: (_request, call) => {
      received.push(call.metadata);
      call.sendMetadata(new Metadata({ "x-initial": "i", "x-initial-bin": new Uint8Array([0, 255]) }));
      call.trailers.append("x-trailer", "a");
      call.trailers.append("x-trailer", "b");
      return {};
    },
  }, async ({ client }) => {
    const metadata = new Metadata({ "x-text": "plain", "x-raw-bin": new Uint8Array([1, 0, 254]) });
    metadata.append("x-many", "1");
    metadata.append("x-many", "2");
    const heard: Record<string, Metadata> = {};
    await client.one({}, {
      metadata,
      onHeaders: (headers) => heard["headers"] = headers,
      onTrailers: (trailers) => heard["trailers"] = trailers,
    });
    const [seen] = received;
    assertEquals(seen!.getAll("x-text"), ["plain"]);
    assertEquals(seen!.getAll("x-many"), ["1", "2"]);
    assertEquals([...seen!.get("x-raw-bin") as Uint8Array], [1, 0, 254]);
    assertEquals(heard["headers"]!.get("x-initial"), "i");
    assertEquals([...heard["headers"]!.get("x-initial-bin") as Uint8Array], [0, 255]);
    assertEquals(heard["trailers"]!.getAll("x-trailer"), ["a", "b"]);
    assertEquals(heard["headers"]!.getAll("x-trailer"), []);
  });
});

test("what a handler learns of its call", () => {
  const calls: ServerCall[] = [];
  return serving({ one: (_request, call) => (calls.push(call), {}) }, async ({ client, port }) => {
    await client.one({});
    const call = calls[0]!;
    assertEquals([call.path, call.authority], ["/trial.Trial/One", `127.0.0.1:${port}`]);
    assertEquals([call.timeRemainingMs, call.cancelled], [undefined, false]);
    assertMatch(JSON.stringify(call.peer), /127\.0\.0\.1/);
  });
});

test("every RpcError code arrives with its details and its metadata", () =>
  serving({
    one: (request) => {
      throw new RpcError(request.number!, `détails ${request.number} ✗\n`, {
        metadata: new Metadata({ "x-why": "because" }),
      });
    },
  }, async ({ client }) => {
    for (let code = 1; code <= 16; code++) {
      const error = await failure(client.one({ number: code }));
      assertEquals([error.code, error.details], [code, `détails ${code} ✗\n`]);
      assertEquals(error.metadata.get("x-why"), "because");
    }
  }));

test("an error after some messages comes after those messages", () =>
  serving({
    async *down() {
      yield { number: 1 };
      await sleep(1);
      yield { number: 2 };
      throw new RpcError(Status.DATA_LOSS, "the third is gone");
    },
  }, async ({ client }) => {
    const read: unknown[] = [];
    const error = await failure((async () => {
      for await (const { number } of client.down({})) read.push(number);
    })());
    assertEquals(read, [1, 2]);
    assertEquals([error.code, error.details], [Status.DATA_LOSS, "the third is gone"]);
  }));

test("deadline: the client hears it in time, the handler sees it coming and is aborted", () => {
  let remaining: number | undefined;
  const ended = gate();
  return serving({
    one: (_request, call) => {
      remaining = call.timeRemainingMs;
      call.signal.addEventListener("abort", () => ended.open());
      return new Promise<Note>(() => {});
    },
  }, async ({ client }) => {
    const startedAt = performance.now();
    const error = await failure(client.one({}, { deadlineMs: 1_000 }));
    const took = performance.now() - startedAt;
    assertEquals(error.code, Status.DEADLINE_EXCEEDED);
    assertMatch(error.details, /deadline of 1000 ms exceeded/);
    assert(took > 990 && took < 20_000, `${took} ms`);
    assert(remaining! > 0 && remaining! <= 1_000, `${remaining} ms remained`);
    await ended.opened;
  });
});

test("deadline: the server ends the call on its own clock, whatever the client does", () => {
  const reasons: unknown[] = [];
  return serving({
    one: (_request, call) => {
      call.signal.addEventListener("abort", () => reasons.push(call.signal.reason));
      return new Promise<Note>(() => {});
    },
  }, async ({ port }) => {
    // A client that says 100 ms, and itself would wait for ever.
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/trial.Trial/One",
      "content-type": "application/grpc",
      "te": "trailers",
      "grpc-timeout": "100m",
    });
    stream.end(new Uint8Array(5));
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on("response", resolve));
    session.destroy();
    assertEquals(headers["grpc-status"], String(Status.DEADLINE_EXCEEDED));
    assertEquals(headers["grpc-message"], "deadline of 100 ms exceeded on the server");
    assertEquals((reasons[0] as RpcError).code, Status.DEADLINE_EXCEEDED);
  });
});

test("deadline: one that has passed fails before anything is sent", () => {
  let calls = 0;
  return serving({ one: () => (calls++, {}) }, async ({ client }) => {
    for (const deadlineMs of [0, -5, -Infinity]) {
      assertEquals((await failure(client.one({}, { deadlineMs }))).code, Status.DEADLINE_EXCEEDED);
    }
    assertEquals(calls, 0);
    await client.one({}, { deadlineMs: 1e12 }); // longer than any timer of the runtime
    await client.one({}, { deadlineMs: Infinity });
    assertEquals(calls, 2);
  });
});

test("cancellation: a signal that is aborted already", () => {
  let calls = 0;
  return serving({ one: () => (calls++, {}) }, async ({ client }) => {
    const error = await failure(client.one({}, { signal: AbortSignal.abort(new Error("changed my mind")) }));
    assertEquals(error.code, Status.CANCELLED);
    assertMatch(error.details, /changed my mind/);
    assertEquals(calls, 0);
  });
});

test("cancellation: while the connection is being made", async () => {
  const silent = createServer(() => {}); // accepts, and never says a word of HTTP/2
  const port = await new Promise<number>((resolve) =>
    silent.listen(0, "127.0.0.1", () => resolve((silent.address() as { port: number }).port))
  );
  const channel = new Channel(`127.0.0.1:${port}`);
  try {
    const controller = new AbortController();
    const call = failure(createClient(Trial, channel).one({}, { signal: controller.signal }));
    await sleep(50);
    assertEquals(channel.state, "CONNECTING");
    controller.abort();
    assertEquals((await call).code, Status.CANCELLED);
  } finally {
    channel.close();
    silent.close();
  }
});

test("cancellation: in the middle of a unary call, the handler's signal is aborted", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client }) => {
    const controller = new AbortController();
    const call = failure(client.one({}, { signal: controller.signal }));
    await until(() => seen.started === 1);
    controller.abort();
    assertEquals((await call).code, Status.CANCELLED);
    await until(() => seen.aborted === 1);
  });
});

test("cancellation: in the middle of a stream", () => {
  let finished = false;
  return serving({ down: () => endless(() => finished = true) }, async ({ client }) => {
    const controller = new AbortController();
    let read = 0;
    const error = await failure((async () => {
      for await (const _ of client.down({}, { signal: controller.signal })) {
        if (++read === 3) controller.abort();
      }
    })());
    assertEquals(error.code, Status.CANCELLED);
    await until(() => finished);
  });
});

test("cancellation: what had come is not read any more by who ended the call, and is where the server ended it", () =>
  serving({
    async *down({ text }) {
      yield* syncNumbers(50);
      if (text === "fail") throw new RpcError("ABORTED", "enough");
      await new Promise(() => {});
    },
  }, async ({ client, channel }) => {
    const seen = { came: 0, ended: 0 };
    const stop = channel.observe({ onMessageReceived: () => seen.came++, onCallEnd: () => seen.ended++ });
    const controller = new AbortController();
    const aborted = client.down({}, { signal: controller.signal })[Symbol.asyncIterator]();
    assertEquals((await aborted.next()).value?.number, 1);
    await until(() => seen.came === 50);
    controller.abort();
    assertEquals((await failure(aborted.next())).code, Status.CANCELLED);
    assertEquals((await aborted.next()).done, true);

    let read = 0;
    const error = await failure((async () => {
      for await (const _ of client.down({ text: "fail" })) {
        if (++read === 1) await until(() => seen.ended === 2);
      }
    })());
    assertEquals([error.code, read], [Status.ABORTED, 50]);
    stop();
  }));

test("leaving the loop cancels the call, and the server generator's finally runs", () => {
  let finished = false;
  let call: ServerCall | undefined;
  return serving({
    ...echo,
    down(_request, serverCall) {
      call = serverCall;
      return endless(() => finished = true);
    },
  }, async ({ client }) => {
    for await (const { number } of client.down({})) if (number === 5) break;
    await until(() => finished);
    assertEquals(call!.cancelled, true);
    assertEquals((await client.one({ text: "still here" })).text, "still here");
  });
});

test("leaving the loop of a bidirectional call ends the client's request generator", () => {
  let finished = false;
  return serving(echo, async ({ client }) => {
    for await (const { number } of client.both(endless(() => finished = true))) if (number === 6) break;
    await until(() => finished);
  });
});

test("a request generator that throws cancels its call with that error", () => {
  let serverError: unknown;
  return serving({
    async up(requests) {
      try {
        await collect(requests);
      } catch (error) {
        serverError = error;
      }
      return {};
    },
  }, async ({ client }) => {
    async function* requests(): AsyncGenerator<Note> {
      yield { number: 1 };
      await sleep(5);
      throw new Error("disk is gone");
    }
    const error = await failure(client.up(requests()));
    assertEquals(error.code, Status.CANCELLED);
    assertMatch(error.details, /request stream failed: disk is gone/);
    await until(() => serverError !== undefined);
    assertEquals((serverError as RpcError).code, Status.CANCELLED);
  });
});

test("backpressure: a client that does not read stops the server's generator", () => {
  let yielded = 0;
  const body = new Uint8Array(CHUNK);
  const count = 4 * UNREAD_LIMIT / CHUNK;
  return serving({
    ...echo,
    *down() {
      for (; yielded < count; yielded++) yield { body };
    },
  }, async ({ client }) => {
    const stream = client.down({});
    assert(!(await stream.next()).done);
    const stopped = await standstill(() => yielded);
    assertLess(stopped * CHUNK, UNREAD_LIMIT);
    // The connection is not blocked with it.
    assertEquals((await client.one({ text: "beside" }, { deadlineMs: 5000 })).text, "beside");
    let read = 1;
    for await (const message of stream) read += message.body!.length === CHUNK ? 1 : 0;
    assertEquals([read, yielded], [count, count]);
  });
});

test("backpressure: a server that does not read stops the client's generator", () => {
  let yielded = 0;
  const body = new Uint8Array(CHUNK);
  const count = 4 * UNREAD_LIMIT / CHUNK;
  const read = gate();
  function* requests(): Generator<Note> {
    for (; yielded < count; yielded++) yield { body };
  }
  return serving({
    up: async (messages) => {
      await read.opened;
      return { number: (await collect(messages)).length };
    },
  }, async ({ client }) => {
    const answer = client.up(requests());
    await until(() => yielded > 0);
    const stopped = await standstill(() => yielded);
    assertLess(stopped * CHUNK, UNREAD_LIMIT);
    read.open();
    assertEquals((await answer).number, count);
    assertEquals(yielded, count);
  });
});

test("1000 concurrent calls over one channel, asked for before it is connected", () =>
  serving(
    { one: async (request) => (await sleep(request.number! % 7), request) },
    async ({ client, channel }) => {
      assertEquals(channel.state, "IDLE");
      const calls = Array.from({ length: 1000 }, (_, number) => client.one({ number: number + 1 }));
      assertEquals(numbersOf(await Promise.all(calls)), Array.from({ length: 1000 }, (_, i) => i + 1));
      assertEquals(channel.state, "READY");
    },
  ));

test("calls of all kinds may share a channel that is not connected yet", () =>
  serving(echo, async ({ client, channel }) => {
    assertEquals(channel.state, "IDLE");
    const [one, down, up, both] = await Promise.all([
      client.one({ text: "a" }),
      collect(client.down({ number: 3 })),
      client.up(numbers(4)),
      collect(client.both(numbers(2))),
    ]);
    assertEquals([one.text, numbersOf(down), up.number, numbersOf(both)], ["a", [1, 2, 3], 10, [2, 4]]);
  }));
