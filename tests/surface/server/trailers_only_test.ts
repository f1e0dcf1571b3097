// A server's early error is Trailers-Only in every style, so that clients may make the call again (gRFC A6).
import { assertEquals } from "@std/assert";
import {
  Channel,
  createClient,
  PolledMethods,
  reactor,
  RpcError,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  Server,
  ServerBidiReactor,
  ServerReadReactor,
  ServerWriteReactor,
  Status,
} from "pollwire";
import { test } from "../../harness.ts";
import { queueServing } from "../queue/server_calls.ts";
import { collect, type Note, sum, Trial, type TrialClient } from "../serving.ts";

const serviceConfig = {
  methodConfig: [{
    name: [{}],
    retryPolicy: {
      maxAttempts: 2,
      initialBackoff: "0.001s",
      maxBackoff: "0.001s",
      backoffMultiplier: 1,
      retryableStatusCodes: ["ABORTED"],
    },
  }],
};

/** A call of each kind, and its attempts at a server whose first attempts fail. */
async function attemptsOf(client: TrialClient): Promise<Note[][]> {
  return [
    [await client.one({ number: 6 })],
    await collect(client.down({ number: 6 })),
    [await client.up([{ number: 2 }, { number: 4 }])],
    await collect(client.both([{ number: 6 }])),
  ];
}

/** Throws for the first call of each method. */
class Failing {
  private readonly seen = new Set<string>();

  get error(): RpcError {
    return new RpcError("ABORTED", "the first one");
  }
  isFirst(method: string): boolean {
    return !this.seen.has(method) && this.seen.add(method) !== undefined;
  }
  check(method: string): void {
    if (this.isFirst(method)) throw this.error;
  }
}

type SetUp = (server: Server, failing: Failing) => void;

const STYLES: Readonly<Record<string, SetUp>> = {
  "promises and iterators": (server, failing) =>
    server.addService(Trial, {
      one: (request) => (failing.check("one"), request),
      async *down(request) {
        failing.check("down");
        yield request;
      },
      up: async (requests) => {
        failing.check("up");
        return { number: sum(await collect(requests)) };
      },
      async *both(requests) {
        failing.check("both");
        yield* requests;
      },
    }),
  reactors: (server, failing) =>
    server.addService(Trial, {
      one: reactor((context, request) => {
        const one = context.defaultReactor();
        if (failing.isFirst("one")) one.finish(failing.error);
        else one.respond(request);
        return one;
      }),
      down: reactor((context, request) => {
        const down = new ServerWriteReactor<Note>(context);
        if (failing.isFirst("down")) down.finish(failing.error);
        else down.startWriteAndFinish(request, "OK");
        return down;
      }),
      up: reactor((context) => new Sums(context, failing)),
      both: reactor((context) => {
        const both = new ServerBidiReactor<Note, Note>(context);
        if (failing.isFirst("both")) both.finish(failing.error);
        else both.startWriteAndFinish({ number: 6 }, "OK");
        return both;
      }),
    }),
  "polled methods": (server, failing) => {
    const polled = new PolledMethods(server);
    server.addService(Trial, {
      one: polled.method((request) => (failing.check("one"), request)),
      down: polled.method(async (request, writer) => {
        failing.check("down");
        await writer.write(request);
      }),
      up: polled.method(async (reader) => {
        failing.check("up");
        let number = 0;
        for (let note = await reader.read(); note !== undefined; note = await reader.read()) {
          number += note.number!;
        }
        return { number };
      }),
      both: polled.method(async (stream) => {
        failing.check("both");
        await stream.write({ number: 6 });
      }),
    });
  },
};

class Sums extends ServerReadReactor<Note, Note> {
  private total = 0;

  constructor(context: ConstructorParameters<typeof ServerReadReactor>[0], failing: Failing) {
    super(context);
    if (failing.isFirst("up")) this.finish(failing.error);
    else this.startRead();
  }
  override onReadDone(ok: boolean): void {
    if (!ok) return void this.respond({ number: this.total });
    this.total += this.message.number!;
    this.startRead();
  }
}

for (const [style, setUp] of Object.entries(STYLES)) {
  test(`[C63] ${style}: a handler that fails before its first message has its call made again`, async () => {
    const server = new Server();
    setUp(server, new Failing());
    const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, { serviceConfig });
    try {
      for (const notes of await attemptsOf(createClient(Trial, channel))) assertEquals(sum(notes), 6);
    } finally {
      channel.close();
      server.close();
      await server.shutdown();
    }
  });
}

test("[C63] completion queues: initial metadata without fields, in one batch with an error, is not sent", async () => {
  await queueServing(async (bench) => {
    const attempt = async (isFirst: boolean): Promise<void> => {
      const one = await bench.accept(Trial.methods.one);
      const rest = isFirst
        ? [sendStatusFromServer("ABORTED", "the first one")]
        : [sendMessage<Note>({ number: 6 }), sendStatusFromServer("OK")];
      await bench.batch(one, [sendInitialMetadata(), ...rest]);
    };
    const answer = bench.client.one({ number: 6 });
    await attempt(true);
    await attempt(false);
    assertEquals((await answer).number, 6);
  }, { channel: { serviceConfig } });
});

test("[C63] initial metadata that was sent commits the call", async () => {
  await queueServing(async (bench) => {
    const answer = bench.client.one({ number: 6 }).catch((error: RpcError) => error.code);
    const one = await bench.accept(Trial.methods.one);
    await bench.batch(one, [sendInitialMetadata({ a: "b" }), sendStatusFromServer("ABORTED", "")]);
    assertEquals(await answer, Status.ABORTED);
  }, { channel: { serviceConfig } });
});
