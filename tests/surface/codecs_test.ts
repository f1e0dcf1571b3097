// Codecs of the application's that end their own call while they decode: no other call of the connection notices.
import { assertEquals } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  ClientReadReactor,
  type Codec,
  CompletionQueue,
  createClient,
  createQueueClient,
  createReactorClient,
  reactor,
  type ReactorContext,
  type RpcError,
  Server,
  ServerReadReactor,
  Status,
} from "pollwire";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { type Handlers, type Note, Trial } from "./serving.ts";

/** What the second message that is decoded does. */
type Interrupt = { run(): void };

function interrupted<T>(codec: Codec<T>, interrupt: Interrupt): Codec<T> {
  let decoded = 0;
  const decode = (bytes: Uint8Array, most?: number): T => {
    const message = codec.decode(bytes, most);
    if (++decoded === 2) interrupt.run();
    return message;
  };
  return Object.assign(Object.create(codec) as Codec<T>, { decode });
}

/** What a test makes its call with. */
interface World {
  readonly service: typeof Trial;
  readonly channel: Channel;
  readonly interrupt: Interrupt;
  readonly simulation: Simulation;
  readonly here: SimulatedEngine;
}

/** The service, one side of whose streams decodes with an interruption. */
function interruptedTrial(side: "client" | "server", interrupt: Interrupt): typeof Trial {
  const { methods } = Trial;
  const { down, up } = methods;
  const responseCodec = side === "client" ? interrupted(down.responseCodec, interrupt) : down.responseCodec;
  const requestCodec = side === "server" ? interrupted(up.requestCodec, interrupt) : up.requestCodec;
  return {
    ...Trial,
    methods: { ...methods, down: { ...down, responseCodec }, up: { ...up, requestCodec } },
  };
}

/** A server and a channel; `call` makes a call that is interrupted, while another one runs, and goes on. */
async function withOther(
  side: "client" | "server",
  handlers: (interrupt: Interrupt) => Partial<Handlers>,
  call: (world: World) => Promise<unknown>,
): Promise<unknown> {
  const simulation = new Simulation();
  const [there, here] = [simulation.host(), simulation.host()];
  const interrupt: Interrupt = { run() {} };
  const reported: unknown[] = [];
  const onError: ChannelOptions["onError"] = (error) => void reported.push(error);
  const service = interruptedTrial(side, interrupt);
  const server = new Server({ poller: there, onError });
  server.addService(service, {
    async one(note) {
      await simulation.sleep(500);
      return note;
    },
    async *down() {
      for (let number = 1; number <= 4; number++) {
        yield { number };
        await simulation.sleep(50);
      }
    },
    ...handlers(interrupt),
  });
  const target = `${there.hostAddress}:50051`;
  const listening = server.listen(target);
  await simulation.run();
  await listening;
  const channel = new Channel(target, { poller: here, onError });
  const other = createClient(Trial, channel).one({ number: 7 });
  const outcome = call({ service, channel, interrupt, simulation, here });
  await simulation.run();
  assertEquals((await other).number, 7);
  assertEquals(reported, []);
  channel.close();
  server.close();
  await simulation.run();
  return await outcome;
}

async function* slowly(simulation: Simulation): AsyncGenerator<Note> {
  for (let number = 1; number <= 4; number++) {
    yield { number };
    await simulation.sleep(50);
  }
}

const up = ({ service, channel, simulation }: World): Promise<unknown> =>
  createClient(service, channel).up(slowly(simulation)).then(({ number }) => number, ({ code }) => code);

for (const how of ["aborts its call", "leaves its responses", "closes nothing"]) {
  test(`codecs: one that decodes a response which is waited for ${how}`, async () => {
    const read: unknown[] = [];
    await withOther("client", () => ({}), async ({ service, channel, interrupt }) => {
      const abort = new AbortController();
      const responses = createClient(service, channel).down({}, { signal: abort.signal });
      if (how === "aborts its call") interrupt.run = () => abort.abort();
      if (how === "leaves its responses") interrupt.run = () => void responses.return!();
      try {
        for await (const { number } of responses) read.push(number);
      } catch (error) {
        read.push((error as RpcError).code);
      }
    });
    const rest = how === "aborts its call" ? [Status.CANCELLED] : how === "closes nothing" ? [2, 3, 4] : [];
    assertEquals(read, [1, ...rest]);
  });
}

test("codecs: one that decodes a request which is waited for has the handler leave the others", async () => {
  const answer = await withOther("server", (interrupt) => ({
    async up(requests) {
      let sum = 0;
      interrupt.run = () => void (requests as AsyncIterableIterator<Note>).return!();
      for await (const { number = 0 } of requests) sum += number;
      return { number: sum };
    },
  }), up);
  assertEquals(answer, 1);
});

test("codecs: one that decodes for a reactor which it cancels, on either side", async () => {
  const reactions: unknown[] = [];
  await withOther("client", () => ({}), ({ service, channel, interrupt }) =>
    new Promise((resolve) => {
      class Reader extends ClientReadReactor<Note> {
        override onReadDone(ok: boolean): void {
          reactions.push(ok);
          if (ok) this.startRead();
        }
        override onDone({ code }: { code: number }): void {
          resolve(reactions.push(code));
        }
      }
      const reader = new Reader();
      interrupt.run = () => reader.tryCancel();
      createReactorClient(service, channel).down({}, reader);
      reader.startRead();
      reader.startCall();
    }));
  assertEquals(reactions, [true, true, false, Status.CANCELLED]);
  const seen: unknown[] = [];
  class Adder extends ServerReadReactor<Note, Note> {
    override onReadDone(ok: boolean): void {
      seen.push(ok);
      if (ok) this.startRead();
      else this.finish(Status.ABORTED);
    }
    override onCancel(): void {
      seen.push("cancelled");
    }
  }
  const code = await withOther("server", (interrupt) => ({
    up: reactor((context: ReactorContext) => {
      const adder = new Adder(context);
      interrupt.run = () => context.tryCancel();
      adder.startRead();
      return adder;
    }) as unknown as NonNullable<Handlers["up"]>,
  }), up);
  assertEquals([code, seen], [Status.CANCELLED, [true, true, "cancelled", false]]);
});

test("codecs: one that decodes for an operation of a queue whose call it cancels", async () => {
  const events: unknown[] = [];
  await withOther("client", () => ({}), async ({ service, channel, interrupt, here }) => {
    const queue = new CompletionQueue<string>({ poller: here });
    const call = createQueueClient(service, channel, queue).asyncDown({}, "start");
    interrupt.run = () => call.cancel();
    await queue.next();
    for (let ok = true; ok;) {
      call.read("read");
      ok = (await queue.next()).success;
      events.push(ok);
    }
    call.finish("finish");
    await queue.next();
    events.push(call.status!.code);
    queue.shutdown();
  });
  assertEquals(events, [true, true, false, Status.CANCELLED]);
});
