// Options that cannot be used: each throws at once, names what was given, and says what is right.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Channel,
  CompletionQueue,
  createQueueClient,
  createReactorClient,
  genericClient,
  genericReactorClient,
  Metadata,
  rawMethod,
  Server,
  Status,
} from "pollwire";
import { describe } from "../../surface/options.ts";
import { test } from "../harness.ts";
import { collect, echo, failure, type Handlers, serving, Trial } from "./serving.ts";

// deno-lint-ignore no-explicit-any
const wrong = (value: unknown): any => value;

function refused(attempt: () => unknown, ...says: string[]): void {
  const error = assertThrows(attempt) as Error;
  assert(error instanceof TypeError || error instanceof RangeError, error.stack);
  for (const part of says) assertStringIncludes(error.message, part);
}

test("call options: what is unknown or of a wrong type throws before anything is sent", () =>
  serving(echo, async ({ client }) => {
    for (
      const [options, ...says] of [
        [
          { deadlnMs: 5 },
          'there is no option "deadlnMs"',
          "did you mean deadlineMs?",
        ],
        [{ deadline: 5 }, "did you mean deadlineMs?"],
        [{ foo: 5 }, "there are deadlineMs, signal, metadata"],
        [{ deadlineMs: new Date() }, "deadlineMs is a Date", "date.getTime() - Date.now()"],
        [{ deadlineMs: "5" }, 'deadlineMs is the string "5"', "milliseconds from now"],
        [{ deadlineMs: NaN }, "deadlineMs is the number NaN"],
        [{ signal: new AbortController() }, "signal is an AbortController, not an AbortSignal"],
        [{ waitForReady: "no" }, 'waitForReady is the string "no"; give true or false'],
        [{ corked: 1 }, "corked is the number 1; give true or false"],
        [{ onHeaders: {} }, "onHeaders is an object; give a function"],
        [{ onTrailers: null }, "onTrailers is null; give a function"],
        [{ metadata: 5 }, "Cannot make metadata of the number 5"],
        [{ metadata: Promise.resolve({}) }, "Cannot make metadata of a Promise"],
        [{ metadata: new Date() }, "Cannot make metadata of a Date"],
        [Promise.resolve({ deadlineMs: 5 }), "its options are a Promise, not an object"],
        [new Map([["deadlineMs", 5]]), "its options are a Map"],
        [new Metadata({ a: "b" }), "its options are a Metadata, not an object"],
        [{ metadata: { "a b": "c" } }, '"a b"'],
        [5, "its options are the number 5, not an object"],
        [null, "its options are null"],
      ] as const
    ) {
      refused(() => client.one({}, wrong(options)), ...says);
      refused(() => client.down({}, wrong(options)), ...says);
    }
    assertEquals(await client.one({ text: "still" }), { text: "still", number: 0, body: new Uint8Array(0) });
  }));

test("metadata of a call: a plain object, pairs, Headers, or a Metadata", () => {
  const seen: string[] = [];
  const handlers: Handlers = {
    one: (request, call) => {
      seen.push(call.metadata.getAll("x-a").join());
      call.sendMetadata({ "x-b": ["1", "2"] });
      return request;
    },
  };
  return serving(handlers, async ({ client }) => {
    const onHeaders = (metadata: Metadata) => seen.push(metadata.getAll("x-b").join());
    for (
      const metadata of [
        { "x-a": "object" },
        { "x-a": ["two", "values"] },
        [["x-a", "pairs"]] as const,
        new Headers({ "x-a": "headers" }),
        new Metadata({ "x-a": "metadata" }),
      ]
    ) await client.one({}, { metadata, onHeaders });
    assertEquals(seen, [
      "object",
      "1,2",
      "two,values",
      "1,2",
      "pairs",
      "1,2",
      "headers",
      "1,2",
      "metadata",
      "1,2",
    ]);
  });
});

test("a single message where a stream is due is refused with the method's name", () =>
  serving(echo, async ({ client }) => {
    for (
      const [given, says] of [[{ number: 1 }, "an object"], ["text", 'the string "text"'], [
        undefined,
        "undefined",
      ]]
    ) {
      refused(
        () => client.up(wrong(given)),
        "Cannot call /trial.Trial/Up",
        "a stream of requests",
        says as string,
      );
      refused(() => client.both(wrong(given)), "Cannot call /trial.Trial/Both", says as string);
    }
    assertEquals((await client.up([{ number: 2 }, { number: 3 }])).number, 5);
  }));

test("options of channels and servers: unknown names and values out of range throw when they are made", () => {
  for (
    const make of [
      (options: unknown) => new Channel("localhost:1", wrong(options)),
      (options: unknown) => new Server(wrong(options)),
    ]
  ) {
    refused(() => make({ maxRecieveMessageBytes: 5 }), "did you mean maxReceiveMessageBytes?");
    refused(() => make({ endpoint: { nodelay: true } }), "did you mean noDelay?");
    for (const noDelay of [0, null, "yes"]) {
      refused(() => make({ endpoint: { noDelay } }), "endpoint.noDelay is ", "give true or false");
    }
    for (const ms of [0, -1, NaN, "5", null, true, 10n]) {
      for (const name of ["keepAliveMs", "userTimeoutMs"]) {
        refused(
          () => make({ endpoint: { [name]: ms } }),
          `endpoint.${name} is ${describe(ms)}; give a number`,
        );
      }
    }
    refused(() => make({ settings: { initialWindow: 5 } }), "did you mean initialWindowSize?");
    refused(() => make({ settings: { maxFrameSize: 5 } }), "maxFrameSize");
    refused(
      () => make({ settings: { initialWindowSize: 4 } }),
      "initialWindowSize is the number 4",
      "at least 5",
    );
    refused(() => make({ maxReceiveMessageBytes: -1 }), "maxReceiveMessageBytes");
    refused(() => make({ maxSendMessageBytes: "1" }), "maxSendMessageBytes");
    refused(() => make({ maxReceiveElements: "many" }), 'maxReceiveElements is the string "many"');
    refused(() => make({ handshakeTimeoutMs: 0 }), "handshakeTimeoutMs is the number 0");
    refused(
      () => make(wrong({ handshakeTimeoutMs: "5000" })),
      'handshakeTimeoutMs is the string "5000"; give a',
    );
    refused(() => make({ keepAlive: {} }), "did you mean keepalive?");
    refused(() => make({ keepalive: { time: 10_000 } }), "keepalive", "did you mean timeMs?");
    refused(() => make({ keepalive: { timeMs: 0 } }), "keepalive.timeMs is the number 0");
    refused(() => make({ keepalive: { timeoutMs: NaN } }), "keepalive.timeoutMs is the number NaN");
    refused(() => make({ keepalive: 10_000 }), "keepalive", "the number 10000");
    refused(
      () => make({ keepalive: { permitWithoutCalls: 1 } }),
      "permitWithoutCalls is the number 1; give true",
    );
    refused(() => make("native"), 'its options are the string "native"');
    for (const onError of [null, {}, "report"]) {
      refused(() => make({ onError }), `onError is ${describe(onError)}; give a function`);
    }
    for (const logger of [null, {}, "stderr", () => {}]) {
      refused(() => make({ logger }), "logger.error is null; give a function");
    }
    refused(() => make({ logger: { error() {}, warn() {}, info() {}, debug: true } }), "logger.debug is the");
  }
  refused(() => new Channel("localhost:1", { keepalive: wrong({ permitTimeMs: 5 }) }), "permitTimeMs");
  refused(() => new Channel("localhost:1", wrong({ maxConnectionAgeMs: 5 })), "maxConnectionAgeMs");
  for (const initialBackoffMs of [0, -5, NaN, "100", null]) {
    const options = wrong({ initialBackoffMs });
    refused(
      () => new Channel("localhost:1", options),
      `initialBackoffMs is ${describe(initialBackoffMs)}; give`,
    );
  }
  refused(
    () => new Channel("localhost:1", wrong({ idleTimeoutMs: "2000" })),
    'idleTimeoutMs is the string "2000"',
  );
  refused(
    () => new Channel("localhost:1", wrong({ retryBufferBytes: -1 })),
    "retryBufferBytes is the number -1",
  );
  for (const authority of [5, "two words", "a:80\r\nb: c", "\u00e9"]) {
    refused(() => new Channel("localhost:1", wrong({ authority })), "authority is ");
  }
  refused(
    () => new Channel("etcd:///services/two%20words"),
    'authority of the target is the string "two words"',
  );
  for (const name of ["lookUpServiceConfig", "enableRetries", "holdsProcess", "shareConnections"]) {
    for (const given of [0, "no", null]) {
      refused(
        () => new Channel("localhost:1", wrong({ [name]: given })),
        `${name} is `,
        "give true or false",
      );
    }
  }
  for (const given of ["false", 0, null]) {
    for (const name of ["exposeErrors", "reusePort"]) {
      refused(() => new Server({ [name]: wrong(given) }), `${name} is `, "give true or false");
    }
    for (const name of ["acceptConnection", "onAcceptPaused"]) {
      refused(() => new Server({ [name]: wrong(given) }), `${name} is `, "give a function");
    }
  }
  for (const name of ["maxConnectionIdleMs", "maxConnectionAgeMs"]) {
    refused(() => new Server({ [name]: 0 }), `${name} is the number 0`);
  }
  refused(() => new Server({ maxConnectionAgeGraceMs: -1 }), "maxConnectionAgeGraceMs is the number -1");
  refused(() => new Server({ keepalive: { permitTimeMs: -1 } }), "keepalive.permitTimeMs is the number -1");
  using server = new Server();
  refused(() => server.shutdown(wrong({ grace: 5 })), "did you mean graceMs?");
  for (const [graceMs, says] of [["5000", 'the string "5000"'], [NaN, "the number NaN"], [null, "null"]]) {
    refused(() => server.shutdown(wrong({ graceMs })), `graceMs is ${says}; give a number of milliseconds`);
    refused(
      () => server.drain("127.0.0.1:1", wrong(graceMs)),
      `Cannot drain 127.0.0.1:1: graceMs is ${says}`,
    );
  }
});

for (
  const [target, says] of [
    ["https://example.com:8443/path", 'calls have paths of their own: leave "/path" out'],
    [
      "http://user:sec/ret@example.com",
      "Cannot parse address: it has a user in it; give callCredentials, or",
    ],
    ["https://", "the host is empty"],
    ["ftp://example.com", "ftp: is no scheme of an address"],
    ["xds:///service", "xds: is no scheme of an address; there are"],
    ["consul:service", "consul: is no scheme of an address"],
    [undefined, 'expected a string, "host:port", found undefined'],
    [8080, "found 8080"],
    [{ port: 80 }, 'found {"port":80}'],
    [["localhost:80"], "found an array"],
    ["", "the host is empty"],
  ] as const
) {
  test(`target ${JSON.stringify(target)} is refused with what to write`, () => {
    refused(() => new Channel(wrong(target)), says);
  });
}

test("what is no option, list or kind of another style is refused where it is given, and not left out", async () => {
  const given = wrong({ interceptors: [] });
  const queue = new CompletionQueue();
  await serving(echo, ({ channel }) => {
    for (
      const [maker, make] of [
        ["createReactorClient", () => createReactorClient(Trial, channel, given)],
        ["genericReactorClient", () => genericReactorClient(channel, given)],
        ["createQueueClient", () => createQueueClient(Trial, channel, queue, given)],
      ] as const
    ) {
      refused(
        make,
        `Cannot make a client: ${maker} takes no options; found an object. Interceptors run around`,
      );
    }
    refused(
      () => new Server(wrong({ interceptors: null })),
      "interceptors are null, not an array of functions",
    );
    refused(
      () => rawMethod("/a.B/C", wrong("uny")),
      "Cannot call /a.B/C: its kind is uny; there are unary, ",
    );
    refused(() => genericClient(channel).unary(wrong(5), Uint8Array.of()), "Cannot call number");
    return Promise.resolve();
  });
  queue.destroy();
});

test("a message above a limit: the status names the option and both sizes, on either side and either way", async () => {
  const large: Handlers = { ...echo, one: ({ number }) => ({ body: new Uint8Array(number!) }) };
  const body = new Uint8Array(2_000);
  const exhausted = async (call: PromiseLike<unknown>, ...says: string[]) => {
    const { code, details } = await failure(call);
    assertEquals(code, Status.RESOURCE_EXHAUSTED);
    for (const part of says) assertStringIncludes(details, part);
  };
  await serving(large, async ({ client }) => {
    const { one, up, down } = client;
    await exhausted(one({ body }), "message of 2003 bytes to be sent", "limit of 1000 (maxSendMessageBytes)");
    await exhausted(up([{}, { body }]), "maxSendMessageBytes");
    await exhausted(
      one({ number: 3_000 }),
      "received message of 3003 bytes",
      "1500 (maxReceiveMessageBytes)",
    );
    assertEquals((await one({ number: 500 })).body!.length, 500);
    assertEquals((await collect(down({ number: 3 }))).length, 3);
  }, { channel: { maxSendMessageBytes: 1_000, maxReceiveMessageBytes: 1_500 } });
  const streams: Handlers = { ...large, down: () => [{}, { body }, {}] };
  await serving(streams, async ({ client }) => {
    await exhausted(client.one({ number: 3_000 }), "to be sent", "limit of 1000 (maxSendMessageBytes)");
    await exhausted(client.one({ body }), "received message of 2003 bytes", "1500 (maxReceiveMessageBytes)");
    await exhausted(collect(client.down({})), "maxSendMessageBytes");
    assertEquals((await client.one({ number: 900 })).body!.length, 900);
  }, { server: { maxSendMessageBytes: 1_000, maxReceiveMessageBytes: 1_500 } });
});

test("a message with too many elements: RESOURCE_EXHAUSTED names the option, on either side", async () => {
  const echoed: Handlers = { ...echo, one: ({ number }) => ({ body: new Uint8Array(number!) }) };
  const exhausted = async (call: PromiseLike<unknown>, what: string) => {
    const { code, details } = await failure(call);
    assertEquals(code, Status.RESOURCE_EXHAUSTED);
    assertStringIncludes(details, `cannot decode ${what}`);
    assertStringIncludes(details, "(maxReceiveElements)");
  };
  const body = Uint8Array.of(1);
  await serving(echoed, async ({ client }) => {
    await exhausted(client.one({ body }), "request");
    await exhausted(client.up([{}, { body }]), "request");
    assertEquals((await client.one({ number: 1 })).body!.length, 1);
  }, { server: { maxReceiveElements: 0 } });
  await serving(echoed, async ({ client }) => {
    await exhausted(client.one({ number: 1 }), "response");
    assertEquals((await client.one({ body })).body!.length, 0);
  }, { channel: { maxReceiveElements: 0 } });
});
