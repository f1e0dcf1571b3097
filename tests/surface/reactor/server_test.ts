// Server reactors by the rules of gRFC L67: when operations may be started, which reactions they have, and when it is done.
import { assert, assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  createReactorClient,
  type DefaultReactor,
  type ErrorContext,
  Metadata,
  parseProto,
  reactor,
  type ReactorContext,
  RpcError,
  ServerBidiReactor,
  type ServiceOf,
  Status,
  type Unary,
  type UnaryReactorContext,
} from "pollwire";
import { styledServer } from "../../../surface/server/server.ts";
import { HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import {
  CHUNK,
  collect,
  failure,
  type Handlers,
  type Note,
  numbers,
  numbersOf,
  serving,
  sleep,
  standstill,
  Trial,
  UNREAD_LIMIT,
  until,
} from "../serving.ts";
import { Both, Log, readOn } from "./reactors.ts";
import { echoes, ServesBoth, ServesDown, ServesOne, ServesUp } from "./server_reactors.ts";

/** Handlers of the bidirectional method: `make` does the rest with a reactor that writes down what happens to it. */
function both(log: Log, make: (reactor: ServesBoth, context: ReactorContext) => void): Handlers {
  return {
    both: reactor((context) => {
      const made = new ServesBoth(context, log);
      make(made, context);
      return made;
    }),
  };
}

/** Requests that never end. */
async function* open(): AsyncGenerator<Note> {
  yield { number: 1 };
  await new Promise(() => {});
}

test("[Q98] what is started before the handler returns is kept, and sent in its order", async () => {
  const log = new Log();
  await serving(
    both(log, (made, context) => {
      made.startWrite({ number: 1 });
      made.startRead();
      context.initialMetadata.set("from", "reactor");
      made.finish(Status.ABORTED, "at once");
      log.lines.push("returns");
    }),
    async ({ channel }) => {
      const client = createReactorClient(Trial, channel).both(new Both());
      client.startRead();
      readOn(client);
      client.startCall();
      await client.log.over;
      assertEquals(client.log.lines, ["metadata true", "read 1", "read false", "done ABORTED: at once"]);
      assertEquals(client.initialMetadata.get("from"), "reactor");
      await log.over;
      assertEquals(log.lines, ["returns", "write true", "read false", "done"]);
    },
  );
});

test("[Q98] metadata and a last message with the status, all before the handler returns", async () => {
  const log = new Log();
  await serving(
    both(log, (made) => {
      made.startRead();
      made.startSendInitialMetadata({ a: "1" });
      made.startWriteAndFinish({ number: 5 });
    }),
    async ({ client }) => {
      assertEquals(numbersOf(await collect(client.both([]))), [5]);
      await log.over;
      assertEquals(log.lines, ["metadata true", "read false", "done"]);
    },
  );
});

test("[Q99] finish is called exactly once, also after a cancel", async () => {
  const log = new Log();
  let made!: ServesBoth;
  await serving(both(log, (one) => made = one), async ({ channel, client }) => {
    const call = createReactorClient(Trial, channel).both(new Both());
    call.startCall();
    await until(() => made !== undefined);
    call.tryCancel();
    await until(() => log.lines.length === 1);
    await sleep(5);
    assertEquals(log.lines, ["cancel"]);
    made.finish();
    assertThrows(
      () => made.finish(),
      TypeError,
      "Cannot finish the call of /trial.Trial/Both: it is finished, which is done once, and nothing is started afterwards",
    );
    await log.over;
    assertEquals(log.lines, ["cancel", "done"]);
    assertThrows(() => made.finish(), TypeError, "its onDone was called, which is the last reaction");
    await call.log.over;
    const next = collect(client.both([]));
    const first = made;
    await until(() => made !== first);
    for (const wrong of [-1, 17, 1.5, "NOT FOUND", new Error("no")]) {
      const says = "is no status: give a code of 0 to 16 or its name, or an RpcError";
      assertThrows(() => made.finish(wrong as never), TypeError, says);
      assertThrows(() => made.startWriteAndFinish({}, wrong as never), TypeError, says);
    }
    assertThrows(() => made.finish("NOT_FOUND", 5 as never), TypeError, "its details are the number 5");
    made.finish(new RpcError("NOT_FOUND", "nothing", { metadata: { why: "gone" } }));
    const error = await failure(next);
    assertEquals([error.code, error.details, error.metadata.get("why")], [5, "nothing", "gone"]);
    const named = collect(client.both([]));
    const second = made;
    await until(() => made !== second);
    made.startWriteAndFinish({ number: 1 }, "ABORTED", "by its name");
    const aborted = await failure(named);
    assertEquals([aborted.code, aborted.details], [Status.ABORTED, "by its name"]);
  });
});

test("[Q99] a server that is closed names the calls that were not finished", async () => {
  const warnings: string[] = [];
  const logger = { error() {}, info() {}, debug() {}, warn: (line: string) => void warnings.push(line) };
  const log = new Log();
  let made: ServesBoth | undefined;
  await serving(
    both(log, (one) => {
      one.startRead();
      made = one;
    }),
    async ({ client, server }) => {
      const call = failure(collect(client.both([])));
      await until(() => made !== undefined);
      assertMatch(server.describePending(), /\n {2}call \/trial.Trial\/Both: no finish/);
      server.close();
      await call;
      await server.shutdown();
      assertEquals(warnings, [
        "the server was closed, and onDone never comes: finish was not called " +
        "(call /trial.Trial/Both: no finish, its stream is over)",
      ]);
    },
    { server: { logger } },
  );
});

test("[Q100] nothing is started after finish, and a read that is outstanding has its reaction", async () => {
  const log = new Log();
  const wrong: string[] = [];
  await serving(
    both(log, (made) => {
      made.startRead();
      log.react = (line) => {
        if (line !== "read 1") return;
        made.startRead();
        made.finish();
        const starts = [
          () => made.startRead(),
          () => made.startWrite({}),
          () => made.startSendInitialMetadata(),
        ];
        for (const start of starts) {
          try {
            start();
          } catch (error) {
            wrong.push((error as Error).message);
          }
        }
      };
    }),
    async ({ client }) => {
      assertEquals(await collect(client.both(open())), []);
      await log.over;
      assertEquals(log.lines, ["read 1", "read false", "done"]);
      assertEquals(wrong.map((line) => line.replace(/:.*/, "")), [
        "Cannot start a read of /trial.Trial/Both",
        "Cannot start a write of /trial.Trial/Both",
        "Cannot send initial metadata of /trial.Trial/Both",
      ]);
    },
  );
});

test("[Q100] requests that nobody reads after finish do not stop a client that sends before it reads", async () => {
  const WRITES = 40;
  const log = new Log();
  let made!: ServesBoth;
  let finished = false;
  await serving(
    both(log, (one) => {
      made = one;
      log.react = (line) => {
        if (line === "write true" && !finished) one.startWrite({ body: new Uint8Array(CHUNK) });
      };
      one.startWrite({ body: new Uint8Array(CHUNK) });
    }),
    async ({ channel }) => {
      const call = new Both();
      let writes = 0;
      call.log.react = (line) => {
        if (line === "write true" && ++writes < WRITES) call.startWrite({ body: new Uint8Array(CHUNK) });
      };
      createReactorClient(Trial, channel).both(call);
      call.startWrite({ body: new Uint8Array(CHUNK) });
      call.startCall();
      await until(() => made !== undefined);
      await standstill(() => log.lines.length + writes);
      assertLess(writes, WRITES);
      finished = true;
      made.finish(); // which waits for the client to read
      await until(() => writes === WRITES);
      call.startWritesDone();
      call.startRead();
      readOn(call);
      await call.log.over;
      assertEquals(call.log.lines.at(-1), "done OK");
      await log.over;
    },
  );
});

test("[Q101] startWriteAndFinish has no onWriteDone", async () => {
  const log = new Log();
  await serving({
    down: reactor((context, request) => {
      const made = new ServesDown(context, log);
      log.react = (line) => {
        if (line === "write true") made.startWriteAndFinish({ number: 2 }, Status.ABORTED, "that is all");
      };
      made.startWrite(request);
      return made;
    }),
  }, async ({ client }) => {
    const seen: number[] = [];
    const error = await failure((async () => {
      for await (const { number } of client.down({ number: 1 })) seen.push(number!);
    })());
    await log.over;
    assertEquals([seen, error.code, error.details], [[1, 2], Status.ABORTED, "that is all"]);
    assertEquals(log.lines, ["write true", "done"]);
  });
});

test("[Q102] a unary call that is not OK sends no response; after the last write there is only finish", async () => {
  const log = new Log();
  await serving({
    one: reactor((context) => {
      const made = new ServesOne(context, new Log());
      made.response = { number: 1 };
      assertThrows(() => made.respond({ number: "x" } as never), Error, "Cannot encode");
      made.response = undefined;
      assertThrows(() => made.finish(), TypeError, "OK is sent with a response, and its reactor has none");
      made.response = { number: 1 };
      made.finish(Status.NOT_FOUND, "none");
      return made;
    }),
    down: reactor((context) => {
      const made = new ServesDown(context, log);
      made.startWriteLast({ number: 3 });
      log.react = (line) => {
        if (line !== "write true") return;
        assertThrows(
          () => made.startWrite({}),
          TypeError,
          "the last one was startWriteLast, and only finish may follow",
        );
        made.finish();
      };
      return made;
    }),
  }, async ({ client }) => {
    let headers = 0; // which a response would come with
    const error = await failure(client.one({}, { onHeaders: () => headers++ }));
    assertEquals([error.code, error.details, headers], [Status.NOT_FOUND, "none", 0]);
    assertEquals(numbersOf(await collect(client.down({}))), [3]);
    await log.over;
    assertEquals(log.lines, ["write true", "done"]);
  });
});

test("[Q103] initial metadata is sent once, by itself or with the first message, and reacts only by itself", async () => {
  const log = new Log();
  await serving(
    both(log, (made, { initialMetadata, metadata }) => {
      initialMetadata.set("mine", "1");
      if (metadata.get("how") === "alone") {
        const received = HeaderList.of([["more", "2"], ["name", "J\u00fcrgen"]]);
        made.startSendInitialMetadata(Metadata.fromHeaders(received)); // as it came, though it could not be set
        assertThrows(
          () => made.startSendInitialMetadata(),
          TypeError,
          "Cannot send initial metadata of /trial.Trial/Both: it was sent, and is sent once, before the first message",
        );
      } else {
        made.startWrite({ number: 1 });
        assertThrows(() => made.startSendInitialMetadata(), TypeError, "it was sent, and is sent once");
      }
      made.startRead();
      log.react = (line) => {
        if (line === "read false") made.finish();
      };
    }),
    async ({ client }) => {
      const got: unknown[] = [];
      const onHeaders = (headers: Iterable<unknown>) => got.push([...headers]);
      await collect(client.both([], { metadata: { how: "alone" }, onHeaders }));
      await until(() => log.lines.at(-1) === "done");
      assertEquals(log.lines, ["metadata true", "read false", "done"]);
      await collect(client.both([], { onHeaders }));
      await until(() => log.lines.length === 6);
      assertEquals(log.lines.slice(3), ["write true", "read false", "done"]);
      assertEquals(got, [[["mine", "1"], ["more", "2"], ["name", "J\u00fcrgen"]], [["mine", "1"]]]);
    },
  );
});

test("[Q104] onCancel comes once, when client, deadline or connection end the call, and not for a status", async () => {
  for (const how of ["client", "deadline", "connection", "server", "status"]) {
    const log = new Log();
    let made!: ServesBoth;
    await serving(
      both(log, (one) => {
        made = one;
        one.startRead();
        log.react = (line) => {
          if (line === "cancel") one.finish(Status.ABORTED); // which nobody gets
        };
      }),
      async ({ channel, server }) => {
        const options = how === "deadline" ? { deadlineMs: 1_000 } : {};
        const call = createReactorClient(Trial, channel).both(new Both(), options);
        call.startCall();
        await until(() => made !== undefined);
        if (how === "client") call.tryCancel();
        if (how === "connection") channel.close();
        if (how === "server") made.context.tryCancel();
        if (how === "status") made.finish(Status.CANCELLED, "as if");
        await log.over;
        await call.log.over;
        const lines = how === "status" ? ["read false", "done"] : ["read false, cancelled", "cancel", "done"];
        assertEquals([how, ...log.lines], [how, ...lines]);
        if (how === "server") assertEquals(call.log.lines.at(-1), "done CANCELLED: cancelled by the server");
        void server;
      },
    );
  }
});

test("[Q104] a status that cannot go out any more is a cancel too, and there is one at most", async () => {
  for (const how of ["finish", "tryCancel", "read"]) {
    const log = new Log();
    let made!: ServesBoth;
    let finished = false;
    let isCancelled = false;
    await serving(
      both(log, (one) => {
        made = one;
        log.react = (line) => {
          if (line === "cancel") isCancelled = one.context.isCancelled;
          if (line === "write true" && !finished) one.startWrite({ body: new Uint8Array(CHUNK) });
        };
        one.startWrite({ body: new Uint8Array(CHUNK) });
      }),
      async ({ channel }) => {
        const call = createReactorClient(Trial, channel).both(new Both());
        call.startCall(); // and reads nothing
        await until(() => made !== undefined);
        const written = await standstill(() => log.lines.length);
        finished = true;
        if (how === "tryCancel") made.context.tryCancel();
        made.finish();
        await sleep(5);
        assertEquals([how, log.lines.includes("cancel")], [how, how === "tryCancel"]);
        if (how === "read") {
          call.startRead();
          readOn(call);
        } else call.tryCancel();
        await log.over;
        const lines = how === "read" ? ["write true", "done"] : ["write false", "cancel", "done"];
        assertEquals([how, isCancelled, ...log.lines.slice(written)], [how, how !== "read", ...lines]);
      },
    );
  }
});

test("[Q45] a write of a call that its own metadata ends has failed", async () => {
  for (const isLater of [false, true]) {
    const log = new Log();
    await serving(
      both(log, (made, context) => {
        context.initialMetadata.set("large", "x".repeat(100_000));
        if (isLater) made.startRead();
        else made.startWrite({ number: 1 });
        log.react = (line) => {
          if (line === "read 1") made.startWrite({ number: 1 });
          if (line === "cancel") made.finish();
        };
      }),
      async ({ client }) => {
        assertEquals((await failure(collect(client.both([{ number: 1 }])))).code, Status.RESOURCE_EXHAUSTED);
        await log.over;
      },
    );
    const lines = log.lines.filter((line) => line !== "read 1");
    assertEquals([lines.slice(0, 2).sort(), lines.slice(2)], [["cancel", "write false"], ["done"]]);
  }
});

test("[Q105] onDone is the last reaction: it waits for finish, for the stream, and for every reaction", async () => {
  const log = new Log();
  let made!: ServesBoth;
  await serving(both(log, (one) => made = one), async ({ client }) => {
    const call = collect(client.both([]));
    await until(() => made !== undefined);
    await sleep(10);
    assertEquals(log.lines, []);
    made.startRead();
    made.startWrite({ number: 1 });
    made.finish();
    assertEquals(log.lines, []);
    assertEquals(numbersOf(await call), [1]);
    await log.over;
    assertEquals(log.lines, ["write true", "read false", "done"]);
    await sleep(5);
    assertEquals(log.lines.length, 3);
    log.lines.length = 0;
    log.react = (line) => {
      if (line !== "write false") return;
      log.react = () => {};
      made.startWrite({}); // fails in a later turn
      made.finish();
    };
    const first = made;
    const failed = failure(collect(client.both([], { deadlineMs: 1_000 })));
    await until(() => made !== first);
    made.context.tryCancel();
    made.startWrite({});
    await failed;
    await until(() => log.lines.at(-1) === "done");
    assertEquals(log.lines, ["write false", "cancel", "write false", "done"]);
  });
});

test("[Q106] after onReadDone(false) isCancelled says whether the requests ended or the call did", async () => {
  const log = new Log();
  await serving({
    up: reactor((context) => {
      const made = new ServesUp(context, log);
      log.react = (line) => {
        if (/^read \d/.test(line)) made.startRead();
        else if (line.startsWith("read")) made.respond({ number: log.lines.length });
      };
      made.startRead();
      return made;
    }),
  }, async ({ client }) => {
    assertEquals((await client.up([{ number: 1 }, { number: 2 }])).number, 3);
    await until(() => log.lines.length === 4);
    const abort = new AbortController();
    const call = failure(client.up(open(), { signal: abort.signal }));
    await until(() => log.lines.length === 5);
    abort.abort();
    await call;
    await until(() => log.lines.length === 8);
    assertEquals(log.lines, [
      "read 1",
      "read 2",
      "read false",
      "done",
      "read 1",
      "read false, cancelled",
      "cancel",
      "done",
    ]);
  });
});

test("[Q107] a handler that returns no reactor, or another one, or throws", async () => {
  const reported: [unknown, ErrorContext][] = [];
  let stray: ServesOne | undefined;
  const trap = () => {
    throw new Error("trapped");
  };
  const hostile = new Proxy({}, { getPrototypeOf: trap, get: trap });
  await serving({
    one: reactor((context, request) => {
      if (request.number === 1) return undefined as never;
      if (request.number === 2) throw new Error("secret");
      if (request.number === 3) throw new RpcError("NOT_FOUND", "chosen");
      if (request.number === 4) return Promise.reject(new Error("late")) as never;
      if (request.number === 7) return hostile as never;
      const made = new ServesOne(context, new Log());
      if (request.number === 6) return stray as never;
      stray = made;
      return undefined as never;
    }),
  }, async ({ client, channel }) => {
    const results: unknown[] = [];
    for (let number = 1; number <= 5; number++) {
      const { code, details } = await failure(client.one({ number }));
      results.push([code, details]);
    }
    const { code, details } = await failure(client.one({ number: 6 }));
    const none = "handler of /trial.Trial/One returned no reactor";
    assertEquals(results, [
      [Status.UNIMPLEMENTED, none],
      [Status.UNKNOWN, "handler failed"],
      [Status.NOT_FOUND, "chosen"],
      [
        Status.INTERNAL,
        "handler of /trial.Trial/One returned a Promise, not a ServerUnaryReactor that was made with its context",
      ],
      [Status.UNIMPLEMENTED, none],
    ]);
    assertEquals(code, Status.INTERNAL);
    assertMatch(details, /returned a ServesOne, not a ServerUnaryReactor that was made with its context/);
    const odd = await failure(client.one({ number: 7 }));
    assertEquals(odd.code, Status.INTERNAL);
    assertMatch(odd.details, /returned an object, not a ServerUnaryReactor/);
    assertEquals(channel.state, "READY");
    await until(() => reported.length === 8); // a promise that rejects is reported besides, and what throws when it is asked whether it is one
    assertEquals(reported.filter(([error]) => (error as Error).message === "secret").length, 1);
  }, { server: { onError: (error, context) => void reported.push([error, context]) } });
  assertThrows(
    () => reactor({} as never),
    TypeError,
    "Cannot serve a method by reactors: an object is no function",
  );
  assertThrows(() => new ServesOne({} as never, new Log()), TypeError, "its constructor takes the context");
});

interface OddNote {
  text?: Uint8Array;
}

test("[Q108] a request that cannot be decoded ends the call with INTERNAL, and no handler is called", async () => {
  const { Trial: Odd } = parseProto<
    { Trial: ServiceOf<{ one: Unary<OddNote, OddNote>; both: Unary<OddNote, OddNote> }> }
  >(
    `syntax = "proto3"; package trial; message OddNote { bytes text = 1; }
    service Trial { rpc One(OddNote) returns (OddNote); rpc Both(OddNote) returns (OddNote); }`,
  );
  let calls = 0;
  const log = new Log();
  await serving({
    one: reactor((context) => {
      calls++;
      return context.defaultReactor();
    }),
    ...both(log, (made) => {
      made.startRead();
      log.react = (line) => {
        if (line === "cancel") made.finish();
      };
    }),
  }, async ({ port }) => {
    const channel = new Channel(`127.0.0.1:${port}`);
    const client = createReactorClient(Odd, channel);
    const seen: string[] = [];
    client.one({ text: new Uint8Array([0xff]) }, (status) => seen.push(`${status}`));
    client.both({ text: new Uint8Array([0xff]) }, (status) => seen.push(`${status}`));
    await until(() => seen.length === 2);
    await log.over;
    for (const line of seen) {
      assertMatch(line, /^INTERNAL: cannot decode request: Cannot decode trial.Note.text/);
    }
    assertEquals([calls, ...log.lines], [0, "read false, cancelled", "cancel", "done"]);
    channel.close();
  });
});

test("[Q109] [Q110] tryCancel leaves what is outstanding to its reactions, and isCancelled is always allowed", async () => {
  const log = new Log();
  const seen: boolean[] = [];
  await serving(
    both(log, (made, context) => {
      seen.push(context.isCancelled);
      made.startRead();
      made.startWrite({ number: 1 });
      context.tryCancel("not now");
      seen.push(context.isCancelled);
      context.tryCancel();
      log.react = (line) => {
        if (line === "cancel") made.finish();
        seen.push(context.isCancelled);
      };
    }),
    async ({ client }) => {
      const error = await failure(collect(client.both(open())));
      assertEquals([error.code, error.details], [Status.CANCELLED, "not now"]);
      await log.over;
      assertEquals(log.lines, ["write false", "read false, cancelled", "cancel", "done"]);
      assertEquals(seen, [false, true, true, true, true, true]);
    },
  );
});

test("[Q111] the default reactor responds now or later, once, and is made before the handler returns", async () => {
  const contexts: UnaryReactorContext<Note>[] = [];
  await serving({
    one: reactor((context, request) => {
      contexts.push(context);
      context.initialMetadata.set("early", "1");
      const made = context.defaultReactor();
      assertThrows(
        () => context.defaultReactor(),
        TypeError,
        "Cannot make a reactor of /trial.Trial/One: a call has one, which is made before its handler returns",
      );
      if (request.number === 1) return made.respond({ number: 10 });
      if (request.number === 2) setTimeout(() => made.respond({ number: 20 }), 5);
      if (request.number === 3) made.finish(Status.NOT_FOUND, "none");
      if (request.number === 4) setTimeout(() => made.finish(), 30); // without a response
      return made;
    }),
  }, async ({ client, server }) => {
    let early: unknown;
    assertEquals(
      (await client.one({ number: 1 }, { onHeaders: (headers) => early = headers.get("early") })).number,
      10,
    );
    assertEquals((await client.one({ number: 2 })).number, 20);
    assertEquals([(await failure(client.one({ number: 3 }))).details, early], ["none", "1"]);
    assertThrows(() => contexts[0]!.defaultReactor(), TypeError, "which is made before its handler returns");
    const late = failure(client.one({ number: 5 }, { deadlineMs: 500 }));
    assertEquals((await late).code, Status.DEADLINE_EXCEEDED);
    assertMatch(server.describePending(), /One: no finish/);
  }, { server: { logger: { error() {}, info() {}, debug() {}, warn() {} } } });
});

test("[Q113] [Q119] one service in several styles, each method's own, and calls come as they arrive", async () => {
  const log = new Log();
  await serving({
    one: (request) => request,
    down: (request) => numbers(request.number!),
    ...both(log, echoes),
    up: reactor((context) => {
      const made = new ServesUp(context, new Log());
      let sum = 0;
      made.log.react = (line) => {
        if (!/^read \d/.test(line)) {
          return line.startsWith("read") ? void made.respond({ number: sum }) : undefined;
        }
        sum += made.message.number!;
        made.startRead();
      };
      made.startRead();
      return made;
    }),
  }, async ({ client }) => {
    const [one, down, up, echoed] = await Promise.all([
      client.one({ number: 4 }),
      collect(client.down({ number: 3 })),
      client.up(numbers(100)),
      collect(client.both(numbers(50))),
    ]);
    assertEquals([one.number, numbersOf(down), up.number, echoed.length], [4, [1, 2, 3], 5050, 50]);
    await log.over;
  });
});

test("[Q95] [Q96] reactions of a server are not nested, and one that throws finishes its call", async () => {
  const reported: [unknown, ErrorContext][] = [];
  const log = new Log();
  await serving(
    both(log, (made) => {
      log.react = (line) => {
        if (line === "read 2") throw new Error("secret");
        if (line === "read 4") throw new RpcError("ABORTED", "as I said");
        if (line === "read 6") return void made.startWrite({ number: "x" } as never);
      };
      echoes(made);
    }),
    async ({ client }) => {
      const errors: unknown[] = [];
      for (const number of [2, 4, 6]) {
        const { code, details } = await failure(
          collect(client.both([{ number: 1 }, { number }, { number: 7 }])),
        );
        errors.push([code, details]);
      }
      assertEquals(errors, [
        [Status.UNKNOWN, "handler failed"],
        [Status.ABORTED, "as I said"],
        [Status.INTERNAL, "cannot encode response"],
      ]);
      await until(() => log.lines.filter((line) => line === "done").length === 3);
      assertEquals(log.lines.filter((line) => line === "overlaps:" || line === "cancel"), []);
      assertEquals(reported.map(([, { where }]) => where), ["reaction", "reaction"]);
    },
    { server: { onError: (error, context) => void reported.push([error, context]) } },
  );
});

test("[Q38] a server's write with through has its reaction after one that was only accepted", async () => {
  const order: string[] = [];
  const made: ServesBoth[] = [];
  await serving({
    both: reactor((context) => {
      const log = new Log();
      const name = made.length === 0 ? "through" : "usual";
      log.react = (line) => {
        if (line.startsWith("write")) order.push(`${name} ${line}`);
      };
      const one = new ServesBoth(context, log);
      made.push(one);
      return one;
    }),
  }, async ({ channel }) => {
    const calls = [new Both(), new Both()];
    for (const call of calls) createReactorClient(Trial, channel).both(call).startCall();
    await until(() => made.length === 2);
    made[0]!.startWrite({}, { through: true, corked: true, noCompression: true }); // through has it sent
    made[1]!.startWrite({});
    await until(() => order.length === 2);
    assertEquals(order, ["usual write true", "through write true"]);
    for (const one of made) one.finish();
    for (const call of calls) {
      call.log.react = (line) => void (line === "read undefined" && call.startRead());
      call.startRead();
    }
    await Promise.all(calls.map(({ log }) => log.over));
  });
});

test("a server's writes wait for the client to read, and its reads for the reactor", async () => {
  const log = new Log();
  let written = 0;
  let corked = 0;
  let finish: (() => void) | undefined;
  let reads!: ServesUp;
  await serving({
    ...both(log, (made) => {
      log.react = (line) => {
        if (line !== "write true") return;
        if (++written < 1_000) made.startWrite({ body: new Uint8Array(CHUNK) });
        else if (corked < 3) made.startWrite({ number: ++corked }, { corked: true });
        else finish = () => made.finish();
      };
      made.startWrite({ body: new Uint8Array(CHUNK) });
    }),
    up: reactor((context) => reads = new ServesUp(context, new Log())),
  }, async ({ client, channel }) => {
    const call = createReactorClient(Trial, channel).both(new Both());
    call.startCall();
    const stopped = await standstill(() => written);
    assert(stopped > 0 && stopped * CHUNK < UNREAD_LIMIT, `${stopped} chunks were written`);
    call.startRead();
    readOn(call);
    await until(() => finish !== undefined);
    assertEquals(await standstill(() => call.log.lines.length, 30), 1_001);
    finish!();
    await call.log.over;
    assertEquals(call.log.lines.slice(-3), ["read 3", "read false", "done OK"]);
    let sent = 0;
    const up = client.up((function* () {
      for (; sent < 1_000; sent++) yield { body: new Uint8Array(CHUNK) };
    })());
    await until(() => reads !== undefined);
    assert(await standstill(() => sent) * CHUNK < UNREAD_LIMIT);
    reads.log.react = (line) => {
      if (/^read \d/.test(line)) reads.startRead();
      else if (line === "read false") reads.respond({ number: reads.log.lines.length });
    };
    reads.startRead();
    assertEquals((await up).number, 1_001);
  });
}, { timeoutMs: 60_000 });

test("[Q121] the handler that waited for a default reactor's turn does not begin on the stack of its response", async () => {
  const events: string[] = [];
  const made: DefaultReactor<Note>[] = [];
  const logger = { error() {}, info() {}, debug() {}, warn() {} };
  await serving({
    one: reactor((context) => {
      events.push(`handler ${made.length}`);
      made.push(context.defaultReactor());
      return made.at(-1)!;
    }),
  }, async ({ client, server }) => {
    const abort = new AbortController();
    const first = failure(client.one({}, { signal: abort.signal }));
    await until(() => made.length === 1);
    abort.abort();
    await first;
    const second = client.one({});
    const [transport] = styledServer("count its messages", server).transports;
    await until(() => transport!.counters().messagesReceived === 2);
    assertEquals(events, ["handler 0"]);
    made[0]!.respond({});
    events.push("responded");
    await until(() => made.length === 2);
    assertEquals(events, ["handler 0", "responded", "handler 1"]);
    made[1]!.respond({ number: 2 });
    assertEquals((await second).number, 2);
  }, { server: { settings: { maxConcurrentStreams: 1 }, logger } });
});

test("[Q112] what belongs to one style of server is in no other", () =>
  serving({
    one: (_request, call) => {
      assertEquals(["defaultReactor" in call, "isCancelled" in call], [false, false]);
      return { number: 1 };
    },
    down: reactor((context) => {
      assertEquals(["defaultReactor" in context, "asyncNotifyWhenDone" in context], [false, false]);
      const made = new ServesDown(context, new Log());
      made.startWriteAndFinish({ number: 2 });
      return made;
    }),
  }, async ({ client }) => {
    assertEquals((await client.one({})).number, 1);
    assertEquals(numbersOf(await collect(client.down({}))), [2]);
  }));

test("a reactor counts as a handler of its connection until it is done", async () => {
  const waiting: ServerBidiReactor<Note, Note>[] = [];
  await serving({
    both: reactor((context) => {
      const made = new ServerBidiReactor<Note, Note>(context);
      waiting.push(made);
      return made;
    }),
  }, async ({ channel }) => {
    const client = createReactorClient(Trial, channel);
    for (let i = 0; i < 2; i++) {
      const call = client.both(new Both());
      call.startCall();
      await until(() => waiting.length === i + 1);
      call.tryCancel();
      await until(() => waiting[i]!.context.isCancelled);
    }
    const third = client.both(new Both());
    third.startCall();
    await sleep(30);
    assertEquals(waiting.length, 2);
    waiting[0]!.finish();
    await until(() => waiting.length === 3);
    for (const made of waiting.slice(1)) made.finish();
    await third.log.over;
    assertEquals(third.log.lines.at(-1), "done OK");
  }, {
    server: {
      settings: { maxConcurrentStreams: 2 },
      logger: { error() {}, info() {}, debug() {}, warn() {} },
    },
  });
});

/** A message that calls `then` while it is encoded. */
function noteThat(then: () => void): Note {
  return {
    get number() {
      then();
      return 1;
    },
  };
}

test("[Q99] [Q100] what a getter of a response does to the call counts for the response", async () => {
  const words: Record<string, (made: ServesBoth) => void> = {
    "it is finished": (made) => made.finish(Status.ABORTED, "by the getter"),
    "one is outstanding": (made) => made.startWrite({ number: 2 }),
    "the last one was startWriteLast": (made) => made.startWriteLast({ number: 2 }),
  };
  for (const [why, then] of Object.entries(words)) {
    const log = new Log();
    const handlers = both(log, (made) => {
      made.startRead();
      log.react = (line) => {
        if (line === "read 1") {
          const note = noteThat(() => then(made));
          assertThrows(() => made.startWrite(note), TypeError, why);
        } else if (line === "write true") made.finish();
      };
    });
    await serving(handlers, async ({ client }) => {
      const isFinished = why === "it is finished";
      const outcome = collect(client.both([{ number: 1 }])).then(numbersOf, ({ message }) => message);
      assertEquals(await outcome, isFinished ? "ABORTED: by the getter" : [2]);
      await log.over;
      assertEquals(log.lines, ["read 1", ...isFinished ? [] : ["write true"], "done"]);
    });
  }
});

test("[Q99] a getter of the one response that finishes the call has finished it", async () => {
  const thrown: unknown[] = [];
  for (const isLater of [false, true]) {
    await serving({
      one: reactor((context) => {
        const made = context.defaultReactor();
        const respond = (): void => {
          try {
            made.respond(noteThat(() => made.finish(Status.ABORTED, "by the getter")));
          } catch (error) {
            thrown.push(error);
          }
        };
        if (isLater) setTimeout(respond, 1);
        else respond();
        return made;
      }),
    }, async ({ client }) => {
      assertEquals((await failure(client.one({}))).message, "ABORTED: by the getter");
    });
  }
  for (const error of thrown) {
    assertMatch(String(error), /^TypeError: Cannot finish the call .* it is finished/);
  }
  assertEquals(thrown.length, 2);
});
