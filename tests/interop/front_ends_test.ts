// Front ends between our client and our server: what both say comes through, and no call is lost when one is reloaded.
import "../shared_engines.ts";
import { assert, assertEquals } from "@std/assert";
import { Channel, type ChannelOptions, createClient, RpcError, Server, Status, tls } from "pollwire";
import { test } from "../harness.ts";
import {
  collect,
  echo,
  failure,
  type Handlers,
  numbersOf,
  sum,
  Trial,
  type TrialClient,
  until,
} from "../surface/serving.ts";
import { authority } from "./certificates.ts";
import { behind, FRONT_ENDS, type RunningFrontEnd } from "./front_ends.ts";

const MEGABYTE = 1 << 20;

/** A call that takes so long is lost. */
const PATIENT = { deadlineMs: 10_000 };

/** What a test has. */
interface Trying {
  readonly client: TrialClient;
  readonly front: RunningFrontEnd;
  readonly channel: Channel;
  /** Calls that wait at the server for their end, and those whose end came. */
  readonly waiting: { begun: number; cancelled: number };
}

/** The service: "fail", "mid" and "wait" of a request's text say how a call ends. */
function handlers(waiting: Trying["waiting"]): Handlers {
  return {
    ...echo,
    one(note, call) {
      if (note.text === "fail") {
        throw new RpcError("FAILED_PRECONDITION", "no luck: ü, 100%", {
          metadata: { "x-why": "because", "x-octets-bin": Uint8Array.of(0, 255, 10) },
        });
      }
      if (note.text !== "wait") return note;
      waiting.begun++;
      return new Promise((_, reject) => {
        call.signal.addEventListener("abort", () => {
          waiting.cancelled++;
          reject(new Error("cancelled"));
        });
      });
    },
    async *down(note) {
      for (let number = 1; number <= note.number!; number++) {
        yield note.body === undefined ? { number } : { number, body: note.body };
        await Promise.resolve();
      }
      if (note.text === "mid") throw new RpcError("ABORTED", "in mid-stream");
    },
  };
}

const CHECKS: Readonly<Record<string, (trying: Trying) => Promise<void>>> = {
  "four kinds of call": async ({ client }) => {
    assertEquals((await client.one({ text: "a" })).text, "a");
    assertEquals(numbersOf(await collect(client.down({ number: 100 }))).length, 100);
    assertEquals((await client.up(Array.from({ length: 50 }, () => ({ number: 2 })))).number, 100);
    const answers: number[] = [];
    let answered!: () => void;
    const chat = client.both((async function* () {
      for (let number = 1; number <= 5; number++) {
        const next = new Promise<void>((resolve) => answered = resolve);
        yield { number };
        await next; // each answer comes before the next request is sent
      }
    })());
    for await (const { number } of chat) {
      answers.push(number!);
      answered();
    }
    assertEquals(answers, [2, 4, 6, 8, 10]);
  },

  "messages of 1 MB both ways": async ({ client }) => {
    const body = new Uint8Array(MEGABYTE).map((_, i) => i * 7);
    assertEquals((await client.one({ body })).body, body);
    const parts = await collect(client.down({ number: 5, body }));
    assert(parts.every((part) => part.body!.length === MEGABYTE));
    assertEquals((await client.up(Array.from({ length: 5 }, () => ({ number: 1, body })))).number, 5);
  },

  "errors with metadata": async ({ client }) => {
    const { code, details, metadata } = await failure(client.one({ text: "fail" }));
    assertEquals([code, details], [Status.FAILED_PRECONDITION, "no luck: ü, 100%"]);
    assertEquals(metadata.get("x-why"), "because");
    assertEquals(metadata.get("x-octets-bin"), Uint8Array.of(0, 255, 10));
  },

  "errors in mid-stream, after what came before them": async ({ client }) => {
    let count = 0;
    const { code, details } = await failure((async () => {
      for await (const _ of client.down({ number: 3, text: "mid" })) count++;
    })());
    assertEquals([count, code, details], [3, Status.ABORTED, "in mid-stream"]);
  },

  "deadlines, and the server sees that the call is over": async ({ client, waiting }) => {
    const { code } = await failure(client.one({ text: "wait" }, { deadlineMs: 1_000 }));
    assertEquals(code, Status.DEADLINE_EXCEEDED);
    await until(() => waiting.cancelled === 1, 10_000);
  },

  "cancellation, and the server sees it": async ({ client, waiting }) => {
    const abort = new AbortController();
    const call = client.one({ text: "wait" }, { signal: abort.signal });
    void until(() => waiting.begun === 1).then(() => abort.abort());
    assertEquals((await failure(call)).code, Status.CANCELLED);
    await until(() => waiting.cancelled === 1, 10_000);
  },

  "200 calls at once": async ({ client }) => {
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const notes = await Promise.all(
      numbers.map((number) => client.one({ number, body: new Uint8Array(100) })),
    );
    assertEquals(numbersOf(notes).map((number) => number ?? 0), numbers);
  },
};

/** Over TLS: Caddy ends no connection in plaintext when it is reloaded. */
const SECURED_CHECKS: typeof CHECKS = {
  "four kinds of call": CHECKS["four kinds of call"]!,
  "200 calls at once": CHECKS["200 calls at once"]!,

  "it is reloaded under calls, and none is lost": async ({ client, channel, front }) => {
    let isOver = false;
    let connections = 0;
    void (async () => {
      for (let state = channel.state; state !== "SHUTDOWN"; state = await channel.stateChange(state)) {
        if (state === "READY") connections++;
      }
    })();
    let done = 0;
    const lost: string[] = [];
    const caller = async (number: number): Promise<void> => {
      while (!isOver) {
        try {
          if (number % 4 === 0) assertEquals(sum(await collect(client.down({ number: 3 }, PATIENT))), 6);
          else assertEquals((await client.one({ number }, PATIENT)).number, number);
          done++;
        } catch (error) {
          return void lost.push((error as Error).message);
        }
      }
    };
    const callers = Array.from({ length: 20 }, (_, i) => caller(i + 1));
    for (let reloads = 0; reloads < 3; reloads++) {
      const before = done;
      await until(() => done > before + 200 || lost.length > 0);
      front.reload();
      await new Promise((resolve) => setTimeout(resolve, 700)); // it says nothing when it has
    }
    isOver = true;
    await Promise.all(callers);
    assertEquals(lost, []);
    assert(connections > 1, "no connection was ended by a reload");
  },
};

/** Runs `check` with a client behind `frontEnd`. */
async function trying(
  frontEnd: (typeof FRONT_ENDS)[number],
  check: (trying: Trying) => Promise<void>,
  { endsTls = false } = {},
): Promise<void> {
  const waiting = { begun: 0, cancelled: 0 };
  const server = new Server();
  server.addService(Trial, handlers(waiting));
  const options: ChannelOptions = endsTls ? { credentials: tls.client({ ca: authority.cert }) } : {};
  const port = await server.listen("127.0.0.1:0");
  try {
    await behind(frontEnd, port, async (front) => {
      const channel = new Channel(`localhost:${front.port}`, options);
      try {
        await check({ client: createClient(Trial, channel), channel, front, waiting });
      } finally {
        channel.close();
      }
    }, { endsTls });
  } finally {
    await server.shutdown({ graceMs: 0 });
  }
}

for (const frontEnd of FRONT_ENDS) {
  const { name, missing } = frontEnd;
  for (const [what, check] of Object.entries(CHECKS)) {
    test(`behind ${name}: ${what}`, () => trying(frontEnd, check), { skip: missing });
  }
  const leaves = "a runtime's TLS sockets have timers that end after them";
  for (const [what, check] of Object.entries(SECURED_CHECKS)) {
    test(
      `behind ${name}, which ends the client's TLS: ${what}`,
      () => trying(frontEnd, check, { endsTls: true }),
      { skip: missing, leaves },
    );
  }
}
