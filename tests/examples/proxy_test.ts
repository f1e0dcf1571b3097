// The example proxy: everything that makes a call goes through it, both ways, without the schema of the service.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  Channel,
  createClient,
  genericClient,
  Metadata,
  RpcError,
  Server,
  type ServerCall,
  Status,
} from "pollwire";
import { forwardTo } from "../../examples/proxy/forward.ts";
import { test } from "../harness.ts";
import { Program } from "../pollers/program.ts";
import {
  CHUNK,
  collect,
  echo,
  failure,
  gate,
  type Handlers,
  neverAnswering,
  type Note,
  numbersOf,
  standstill,
  Trial,
  type TrialClient,
  UNREAD_LIMIT,
  until,
} from "../surface/serving.ts";

/** Runs `check` against a server with `handlers` that is called through the proxy. */
async function proxied(
  handlers: Handlers,
  check: (client: TrialClient, front: Channel) => Promise<void>,
): Promise<void> {
  const [server, proxy] = [new Server(), new Server()];
  server.addService(Trial, handlers);
  const back = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  proxy.addGenericService(forwardTo(back));
  const front = new Channel(`127.0.0.1:${await proxy.listen("127.0.0.1:0")}`);
  try {
    await check(createClient(Trial, front), front);
  } finally {
    for (const one of [front, proxy, back, server]) one.close();
    await Promise.all([server.shutdown(), proxy.shutdown()]);
  }
}

test("[Q118] proxy: calls of all four kinds", () =>
  proxied(echo, async (client) => {
    assertEquals((await client.one({ text: "through" })).text, "through");
    assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
    assertEquals((await client.up([{ number: 4 }, { number: 5 }])).number, 9);
    assertEquals(numbersOf(await collect(client.both([{ number: 6 }, { number: 7 }]))), [12, 14]);
  }));

test("[Q118] proxy: metadata both ways, octets too, in headers and in trailers", () =>
  proxied({
    one: (request, call) => {
      call.sendMetadata(call.metadata);
      for (const [name, value] of call.metadata) call.trailers.append(`t-${name}`, value);
      return request;
    },
  }, async (client) => {
    const metadata = new Metadata({ list: ["a", "b"], "octets-bin": new Uint8Array([0, 255]) });
    const got: Metadata[] = [];
    await client.one({}, {
      metadata,
      onHeaders: (one) => void got.push(one),
      onTrailers: (one) => void got.push(one),
    });
    const [headers, trailers] = got;
    for (const [name, value] of [["list", ["a", "b"]], ["octets-bin", [new Uint8Array([0, 255])]]] as const) {
      assertEquals([headers!.getAll(name), trailers!.getAll(`t-${name}`)], [[...value], [...value]]);
    }
  }));

test("[Q118] proxy: initial metadata comes before any message", async () => {
  const open = gate();
  await proxied({
    one: async (request, call) => {
      call.sendMetadata({ early: "yes" });
      await open.opened;
      return request;
    },
  }, async (client) => {
    const call = client.one({}, {
      onHeaders: (headers) => {
        assertEquals(headers.get("early"), "yes");
        open.open();
      },
    });
    await call;
  });
});

test("[Q118] proxy: a status with details, and metadata that no initial metadata precedes", () =>
  proxied({
    one: () => {
      throw new RpcError("NOT_FOUND", "kein Schloß \n at all", {
        metadata: { why: "gone", "grpc-status-details-bin": new Uint8Array([8, 5]) },
      });
    },
    *down() {
      yield { number: 1 };
      throw new RpcError("DATA_LOSS", "half of it");
    },
  }, async (client) => {
    let headers = 0;
    const error = await failure(client.one({}, { onHeaders: () => void headers++ }));
    assertEquals([error.code, error.details, headers], [Status.NOT_FOUND, "kein Schloß \n at all", 0]);
    assertEquals([...error.metadata], [["why", "gone"], ["grpc-status-details-bin", new Uint8Array([8, 5])]]);
    const seen: Note[] = [];
    const later = await failure((async () => {
      for await (const note of client.down({})) seen.push(note);
    })());
    assertEquals([numbersOf(seen), later.code, later.details], [[1], Status.DATA_LOSS, "half of it"]);
    assertEquals((await failure(client.up([]))).details, "unknown method /trial.Trial/Up");
  }));

test("[Q118] proxy: the deadline goes on, and what the client cancels is cancelled behind the proxy", async () => {
  const state = { started: 0, aborted: 0 };
  const calls: ServerCall[] = [];
  const never = neverAnswering(state).one as (request: Note, call: ServerCall) => Promise<Note>;
  await proxied({
    one: (request, call) => {
      calls.push(call);
      return never(request, call);
    },
  }, async (client) => {
    const cancel = new AbortController();
    const cancelled = failure(client.one({}, { signal: cancel.signal, deadlineMs: 60_000 }));
    await until(() => state.started === 1);
    const remaining = calls[0]!.timeRemainingMs!;
    assert(remaining > 30_000 && remaining <= 60_000, `${remaining} ms remained`);
    cancel.abort();
    assertEquals((await cancelled).code, Status.CANCELLED);
    await until(() => state.aborted === 1);
    assertEquals((await failure(client.one({}, { deadlineMs: 50 }))).code, Status.DEADLINE_EXCEEDED);
    await until(() => state.aborted === state.started);
  });
});

test("[Q118] proxy: a status that comes before the end of the requests ends them", async () => {
  let left = 0;
  await proxied({
    up: () => ({ number: 7 }),
    both: () => {
      throw new RpcError("ABORTED", "enough");
    },
  }, async (client) => {
    async function* endless(): AsyncGenerator<Note> {
      try {
        for (;;) yield await new Promise<Note>((resolve) => setTimeout(() => resolve({}), 1));
      } finally {
        left++;
      }
    }
    assertEquals((await client.up(endless())).number, 7);
    assertEquals((await failure(collect(client.both(endless())))).details, "enough");
    await until(() => left === 2);
  });
});

test("[Q118] proxy: the end of the requests comes to a handler that waits for it", async () => {
  const requests = gate();
  let ended = false;
  await proxied({
    async *both(notes) {
      for await (const { number } of notes) yield { number: number! };
      ended = true;
      yield { number: -1 };
    },
  }, async (client) => {
    async function* halves(): AsyncGenerator<Note> {
      yield { number: 1 };
      await requests.opened;
    }
    const responses = client.both(halves());
    assertEquals((await responses.next()).value.number, 1);
    assertEquals(ended, false);
    requests.open();
    assertEquals(numbersOf(await collect(responses)), [-1]);
  });
});

test("[Q118] proxy: a slow reader stops the sender behind it, both ways, and loses nothing", async () => {
  const TOTAL = 1_500; // some 94 MB, of which two hops may hold a part
  const read = gate();
  let sent = 0;
  function* chunks(): Generator<Note> {
    for (; sent < TOTAL; sent++) yield { number: sent, body: new Uint8Array(CHUNK) };
  }
  await proxied({
    down: () => chunks(),
    up: async (notes) => {
      await read.opened;
      let number = 0;
      for await (const note of notes) number += note.number! === number ? 1 : NaN;
      return { number };
    },
  }, async (client) => {
    const responses = client.down({});
    assertEquals((await responses.next()).value.number, 0);
    assertLess(await standstill(() => sent) * CHUNK, 2 * UNREAD_LIMIT);
    let number = 1;
    for await (const note of responses) assertEquals(note.number, number++);
    assertEquals(number, TOTAL);
    sent = 0;
    const upload = client.up(chunks());
    await until(() => sent > 0);
    assertLess(await standstill(() => sent) * CHUNK, 2 * UNREAD_LIMIT);
    read.open();
    assertEquals((await upload).number, TOTAL);
  });
});

test("[Q118] proxy: a server that cannot be reached is UNAVAILABLE, as it is without the proxy", async () => {
  const proxy = new Server();
  const back = new Channel("127.0.0.1:1", { initialBackoffMs: 50 });
  proxy.addGenericService(forwardTo(back));
  const front = new Channel(`127.0.0.1:${await proxy.listen("127.0.0.1:0")}`);
  const error = await failure(genericClient(front).unary("/any.Thing/AtAll", new Uint8Array(3)));
  assertEquals(error.code, Status.UNAVAILABLE);
  assertMatch(error.details, /127\.0\.0\.1:1/);
  for (const one of [front, proxy, back]) one.close();
  await proxy.shutdown();
});

test("[Q118] proxy: RouteGuide's client through the program", async () => {
  const program = (path: string, ...args: string[]) =>
    new Program(new URL(`../../examples/${path}`, import.meta.url), args);
  const listening = async (one: Program): Promise<string> => {
    await until(() => /listening \d+/.test(one.output));
    return /listening (\d+)/.exec(one.output)![1]!;
  };
  const server = program("route_guide/server.ts", "--port=0");
  const proxy = program("proxy/proxy.ts", "--port=0", `--target=127.0.0.1:${await listening(server)}`);
  const client = program("route_guide/client.ts", `--port=${await listening(proxy)}`);
  const { code, output } = await client.ended;
  assertEquals(code, 0, output);
  for (
    const line of [
      /GetFeature .* at /,
      /ListFeatures .*\d+ features/,
      /RecordRoute .*\d+ points/,
      /RouteChat .*3 notes sent/,
    ]
  ) {
    assertMatch(output, line);
  }
  for (const one of [proxy, server]) one.kill("SIGTERM");
  for (const one of [proxy, server]) assertEquals((await one.ended).code, 0);
});
