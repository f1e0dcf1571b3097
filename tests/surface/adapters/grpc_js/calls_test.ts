// What grpc-node's examples of deadlines, cancellation, interceptors and waiting do.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type {
  ClientReadableStream,
  ClientUnaryCall,
  InterceptingCall,
  Interceptor,
  sendUnaryData,
  ServerDuplexStream,
  ServerInterceptor,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceError,
  StatusObject,
} from "pollwire/grpc-js";
import * as grpc from "pollwire/grpc-js";
import { test } from "../../../harness.ts";
import { listening } from "../../credentials/raw_peers.ts";
import { until } from "../../serving.ts";
import {
  app,
  guideClient,
  type Handlers,
  libraries,
  type Library,
  type Note,
  outcome,
  run,
  type Sides,
} from "./sides.ts";

/** What handlers of these apps saw. */
const seen: string[] = [];

const handlers = (_library: Library): Handlers => ({
  one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
    const { text } = call.request;
    if (text === "never") {
      seen.push("began");
      return void call.on("cancelled", () => seen.push(`cancelled ${call.cancelled}`));
    }
    if (text === "deadline") {
      const left = Number(call.getDeadline()) - Date.now();
      return callback(null, { number: Math.round(left / 1000) });
    }
    callback(null, { text: call.metadata.get("by").join("+").replace(", ", "+") || text! });
  },
  down(call: ServerWritableStream<Note, Note>) {
    let number = 0;
    const more = (): void => {
      while (!call.cancelled && call.write({ number: number++, body: new Uint8Array(1000) }));
    };
    call.on("drain", more);
    call.on("cancelled", () => seen.push("stream cancelled"));
    more();
  },
  both(call: ServerDuplexStream<Note, Note>) {
    call.on("data", (note: Note) => call.write(note));
    call.on("end", () => call.end());
    call.on("error", () => {});
  },
});

app("a call ends at its deadline", handlers, async ({ client }) => {
  const begin = Date.now();
  const { error } = await outcome((done) => client["one"]({ text: "never" }, { deadline: begin + 50 }, done));
  assertEquals(error?.code, grpc.status.DEADLINE_EXCEEDED);
  assert(Date.now() - begin >= 45);
});

app("a server knows the deadline", handlers, async ({ client }) => {
  const deadline = new Date(Date.now() + 60_000);
  const { value } = await outcome((done) => client["one"]({ text: "deadline" }, { deadline }, done));
  assertEquals(value!.number, 60);
  for (const without of [Infinity, undefined, null]) {
    const none = await outcome((done) => client["one"]({ text: "x" }, { deadline: without }, done));
    assertEquals(none.error, null);
  }
});

app("a client cancels, and the handler learns of it", handlers, async ({ client }) => {
  seen.length = 0;
  let call: ClientUnaryCall | undefined = undefined;
  const ended = outcome((done) => call = client["one"]({ text: "never" }, done) as ClientUnaryCall);
  await until(() => seen.includes("began"));
  call!.cancel();
  const { error } = await ended;
  assertEquals(error?.message, "1 CANCELLED: Cancelled on client");
  await until(() => seen.includes("cancelled true"));
});

app("a stream is sent as it is read, and ends when it is cancelled", handlers, async ({ client }) => {
  seen.length = 0;
  const call = client["down"]({});
  const error = new Promise<ServiceError>((resolve) => call.on("error", resolve));
  let read = 0;
  for await (const { number } of call.iterator({ destroyOnReturn: false })) {
    assertEquals(number, read++);
    if (read === 500) break;
  }
  call.cancel();
  assertEquals((await error).code, grpc.status.CANCELLED);
  await until(() => seen.includes("stream cancelled"));
});

app(
  "a handler with a stream of requests may fail it as one both ways, and it is open until the call is over",
  () => ({
    up(call: ServerReadableStream<Note, Note>, callback: sendUnaryData<Note>) {
      let last: Note = {};
      call.on("close", () => seen.push("closed"));
      call.on("data", (note: Note) => last = note);
      call.on("end", () => {
        if (last.text !== "late") return void call.emit("error", { code: 9, details: "not that one" });
        setTimeout(() => callback(null, { text: `${call.destroyed}` }), 20);
      });
    },
  }),
  async ({ client }) => {
    for (const text of ["late", "bad"]) {
      seen.length = 0;
      const { error, value } = await outcome((done) => {
        const call = client["up"](done);
        call.end({ text });
        return call;
      });
      assertEquals(
        [value?.text, error?.message],
        text === "late" ? ["false", undefined] : [
          undefined,
          "9 FAILED_PRECONDITION: not that one",
        ],
      );
      await until(() => seen.length > 0);
      assertEquals(seen, ["closed"]);
    }
  },
);

/** Ends the call, and writes down what the stream of its responses says of that. */
function endWatched(call: ServerWritableStream<Note, Note> | ServerDuplexStream<Note, Note>): void {
  seen.length = 0;
  call.on("finish", () => seen.push(`finish ${call.cancelled}`));
  call.on("cancelled", () => seen.push(`cancelled ${call.cancelled}`));
  call.end();
}

app(
  "a call whose stream is through is cancelled afterwards",
  () => ({ down: endWatched, both: endWatched }),
  async ({ client }) => {
    for (const make of [() => client["down"]({}), () => client["both"]()]) {
      assertEquals((await streamed(make())).status.code, grpc.status.OK);
      await until(() => seen.length === 2);
      assertEquals(seen, ["finish false", "cancelled true"]);
    }
  },
);

app("a call whose stream is destroyed as it is through is cancelled too", () => ({
  down(call: ServerWritableStream<Note, Note>) {
    endWatched(call);
    call.on(
      "prefinish",
      () => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => call.destroy()))),
    );
  },
}), async ({ client }) => {
  assertEquals((await streamed(client["down"]({}))).status.code, grpc.status.OK);
  await until(() => seen.includes("cancelled true"));
});

/** The status of a stream of Notes, and the texts that came before. */
function streamed(call: ClientReadableStream<Note>): Promise<{ texts: string[]; status: StatusObject }> {
  const texts: string[] = [];
  call.on("data", ({ text }: Note) => texts.push(text!));
  call.on("error", () => {});
  return new Promise((resolve) => call.on("status", (status) => resolve({ texts, status })));
}

test("grpc-js: a handler that destroys its stream ends the call", async () => {
  const destroying: Handlers = {
    down(call: ServerWritableStream<Note, Note>) {
      call.write({ text: "before" });
      if (call.request.text === "") call.destroy();
      else call.destroy(Object.assign(new Error(), { code: grpc.status.DATA_LOSS, details: "lost" }));
    },
    both: (call: ServerDuplexStream<Note, Note>) => void call.destroy(new Error("broken")),
    up(call: ServerReadableStream<Note, Note>, callback: sendUnaryData<Note>) {
      call.destroy(new Error("enough"));
      setTimeout(() => callback(null, { text: "answered" }), 5);
    },
  };
  await run(grpc, grpc, () => destroying, async ({ client }) => {
    const failed = await streamed(client["down"]({ text: "error" }));
    assertEquals(failed.texts, ["before"]);
    assertEquals([failed.status.code, failed.status.details], [grpc.status.DATA_LOSS, "lost"]);
    assertEquals((await streamed(client["down"]({}))).status.code, grpc.status.CANCELLED);
    const { status } = await streamed(client["both"]());
    assertEquals([status.code, status.details], [grpc.status.UNKNOWN, "broken"]);
    assertEquals((await outcome((done) => client["up"](done))).value?.text, "answered");
  });
});

test("grpc-js: a handler that calls back later with what is no object ends the call, and throws nowhere", async () => {
  const thrown: unknown[] = [];
  const calls: Handlers = {
    one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
      setTimeout(() => {
        try {
          callback((call.request.text === "5" ? 5 : call.request.text) as never);
        } catch (error) {
          thrown.push(error);
        }
      }, 1);
    },
    down: (call: ServerWritableStream<Note, Note>) => void call.destroy("torn" as never),
  };
  await run(grpc, grpc, () => calls, async ({ client }) => {
    for (const text of ["no such note", "5"]) {
      const { error } = await outcome((done) =>
        client["one"]({ text }, { deadline: Date.now() + 5_000 }, done)
      );
      assertEquals([error?.code, error?.details], [grpc.status.UNKNOWN, text]);
    }
    const { status } = await streamed(client["down"]({}));
    assertEquals([status.code, status.details], [grpc.status.UNKNOWN, "torn"]);
    assertEquals(thrown, []);
  });
});

test("grpc-js: a call whose deadline is no time ends, as one whose deadline has passed", async () => {
  await run(grpc, grpc, () => ({ one: () => {} }), async ({ client }) => {
    for (const deadline of [NaN, new Date("no date")]) {
      const { error } = await outcome((done) => client["one"]({}, { deadline }, done));
      assertEquals([error?.code, error?.details], [
        grpc.status.DEADLINE_EXCEEDED,
        "deadline of 0 ms has passed",
      ]);
    }
  });
});

test("grpc-js: a handler that has read all requests of a call in a loop goes on to answer", async () => {
  const looping: Handlers = {
    async both(call: ServerDuplexStream<Note, Note>) {
      for await (const note of call) call.write(note);
      call.write({ text: "last" });
      call.end();
    },
  };
  await run(grpc, grpc, () => looping, async ({ client }) => {
    const call = client["both"]();
    const ended = streamed(call);
    call.write({ text: "first" });
    call.end();
    const { texts, status } = await ended;
    assertEquals([texts, status.code], [["first", "last"], grpc.status.OK]);
  });
});

app("a client that is closed lets its calls end", handlers, async ({ client }) => {
  const call = client["both"]();
  call.write({ text: "before" });
  const texts: string[] = [];
  for await (const { text } of call) {
    texts.push(text);
    if (text === "after") call.end();
    else {
      client.close();
      call.write({ text: "after" });
    }
  }
  assertEquals(texts, ["before", "after"]);
  assertThrows(() => client["one"]({}, () => {}), Error, "Channel has been shut down");
});

app("interceptors of a client change what is sent and what comes", handlers, async (sides) => {
  const { client, calling: { InterceptingCall, ListenerBuilder, Metadata, RequesterBuilder } } = sides;
  const log: string[] = [];
  const named = (name: string): Interceptor => (options, nextCall): InterceptingCall => {
    log.push(`${name} ${options.method_definition.path}`);
    const requester = new RequesterBuilder()
      .withStart((metadata, _listener, next) => {
        metadata.add("by", name);
        next(
          metadata,
          new ListenerBuilder()
            .withOnReceiveMessage((message, pass) => {
              log.push(`${name} gets ${message.text}`);
              pass({ ...message, text: `${message.text}!` });
            })
            .withOnReceiveStatus((status, pass) => {
              log.push(`${name} ends ${status.code}`);
              setTimeout(() => pass(status), 1);
            })
            .build(),
        );
      })
      .withSendMessage((message, next) => setTimeout(() => next(message), 1))
      .withHalfClose((next) => next())
      .build();
    return new InterceptingCall(nextCall(options), requester);
  };
  const options = { interceptors: [named("a"), named("b")] };
  const { value } = await outcome((done) => client["one"]({ text: "x" }, new Metadata(), options, done));
  assertEquals(value!.text, "a+b!!");
  assertEquals(log.slice(0, 2), ["a /guide.Guide/One", "b /guide.Guide/One"]);
  assertEquals(log.slice(2).sort(), ["a ends 0", "a gets a+b!", "b ends 0", "b gets a+b"].sort());
});

app("an interceptor answers by itself", handlers, async ({ client, calling }) => {
  const { InterceptingCall, Metadata } = calling;
  const cached: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(_metadata, listener, _next) {
        listener.onReceiveMetadata(new Metadata());
        listener.onReceiveMessage({ text: "cached" });
        listener.onReceiveStatus({ code: 0, details: "", metadata: new Metadata() });
      },
      sendMessage() {},
      halfClose() {},
    });
  const options = { interceptors: [cached] };
  const { value } = await outcome((done) => client["one"]({}, new Metadata(), options, done));
  assertEquals(value!.text, "cached");
});

app("an interceptor begins a stream later, or answers it by itself", handlers, async (sides) => {
  const { client, calling: { InterceptingCall, Metadata } } = sides;
  const late: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => void setTimeout(() => next(metadata, listener), 5),
    });
  const call = client["both"]({ interceptors: [late] });
  const ended = streamed(call);
  call.write({ text: "one" });
  call.end();
  const { texts, status } = await ended;
  assertEquals([texts, status.code], [["one"], grpc.status.OK]);
  const cached: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(_metadata, listener, _next) {
        setTimeout(() => {
          listener.onReceiveMessage({ text: "cached" });
          listener.onReceiveStatus({ code: 0, details: "", metadata: new Metadata() });
        }, 5);
      },
    });
  assertEquals((await streamed(client["down"]({}, { interceptors: [cached] }))).texts, ["cached"]);
});

for (const name of ["ours", "theirs"] as const) {
  test(
    `grpc-js: interceptors of ${name === "ours" ? "our" : "their"} server refuse, and change`,
    async () => {
      const serving = libraries[name];
      const log: string[] = [];
      const guard: ServerInterceptor = (method, call) =>
        new serving.ServerInterceptingCall(
          call,
          new serving.ResponderBuilder()
            .withStart((next) =>
              next(
                new serving.ServerListenerBuilder()
                  .withOnReceiveMetadata((metadata, pass) => {
                    log.push(`${method.path} ${metadata.get("token")}`);
                    if (metadata.get("token").length > 0) return pass(metadata);
                    call.sendStatus({ code: grpc.status.UNAUTHENTICATED, details: "no token" });
                  })
                  .withOnReceiveMessage((message, pass) => pass({ ...message, text: `<${message.text}>` }))
                  .build(),
              )
            )
            .withSendMessage((message, next) => next({ ...message, number: 7 }))
            .withSendStatus((status, next) => next({ ...status, details: "seen" }))
            .build(),
        );
      await run(libraries.ours, serving, handlers, async ({ client }) => {
        const refused = await outcome((done) => client["one"]({ text: "x" }, done));
        assertEquals(refused.error?.message, "16 UNAUTHENTICATED: no token");
        const metadata = new grpc.Metadata();
        metadata.set("token", "t");
        let details = "";
        const { value } = await outcome((done) => {
          const call: ClientUnaryCall = client["one"]({ text: "x" }, metadata, done);
          return call.on("status", (status: grpc.StatusObject) => details = status.details);
        });
        assertEquals([value!.text, value!.number, details], ["<x>", 7, "seen"]);
      }, { server: { interceptors: [guard] } });
      assertEquals(log, ["/guide.Guide/One ", "/guide.Guide/One t"]);
    },
    name === "ours" ? {} : { leaves: "sockets of @grpc/grpc-js close in their own time" },
  );
}

app("a call made for another one ends with it", handlers, async ({ client }) => {
  await run(libraries.ours, libraries.ours, () => ({
    one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
      // Without the deadline, which would end it too.
      const options = { parent: call, propagate_flags: grpc.propagate.CANCELLATION };
      client["one"]({ text: "never" }, options, (error: ServiceError) => callback(error));
    },
  }), async ({ client: outer }) => {
    seen.length = 0;
    let call: ClientUnaryCall | undefined = undefined;
    const ended = outcome((done) => call = outer["one"]({}, done) as ClientUnaryCall);
    await until(() => seen.includes("began"));
    call!.cancel();
    assertEquals((await ended).error?.code, grpc.status.CANCELLED);
    await until(() => seen.includes("cancelled true"));
  });
});

test("grpc-js: a call forgets those that were made for it when they end", () => {
  const making = ({ client }: Sides): Handlers => ({
    async one(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) {
      const options = { parent: call };
      for (let i = 0; i < 3; i++) await outcome((done) => client["one"]({ text: "x" }, options, done));
      callback(null, { number: call.listenerCount("cancelled") });
    },
  });
  return run(grpc, grpc, handlers, (inner) =>
    run(grpc, grpc, () => making(inner), async ({ client }) => {
      assertEquals((await outcome((done) => client["one"]({}, done))).value!.number, 0);
    }));
});

test("grpc-js: a call without a server is UNAVAILABLE, and one that waits gets it", async () => {
  let port = 0;
  await run(libraries.ours, libraries.ours, handlers, (sides) => void (port = sides.port));
  const client = new (guideClient(grpc))(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 20,
  });
  const { error } = await outcome((done) => client["one"]({}, done));
  assertMatch(error!.message, /^14 UNAVAILABLE: .*127\.0\.0\.1/);
  await new Promise<void>((resolve) =>
    client.waitForReady(Date.now() + 30, (error) => {
      assertEquals(error?.message, "Failed to connect before the deadline");
      resolve();
    })
  );
  const metadata = new grpc.Metadata({ waitForReady: true });
  const waiting = outcome((done) => client["one"]({ text: "late" }, metadata, done));
  const server = new grpc.Server();
  server.addService(guideClient(grpc).service, handlers(grpc) as never);
  await new Promise<void>((resolve) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), () => resolve())
  );
  assertEquals((await waiting).value?.text, "late");
  client.close();
  assertEquals(client.getChannel().getConnectivityState(false), grpc.connectivityState.SHUTDOWN);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});

test("grpc-js: a server that says nothing is given up in the time that was given", async () => {
  const { port, close } = await listening(() => {});
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.min_reconnect_backoff_ms": 300,
    "grpc.initial_reconnect_backoff_ms": 300,
  });
  const error = await new Promise<Error | null>((resolve) =>
    client.makeUnaryRequest("/x.Y/z", () => Buffer.alloc(0), () => 0, 0, (error) => resolve(error))
  );
  assertMatch(String(error?.message), /UNAVAILABLE: .* timed out after 300 ms/);
  client.close();
  void close();
});

test("grpc-js: both interceptors and providers are refused", () => {
  const given = { interceptors: [() => null as never], interceptor_providers: [() => null as never] };
  assertThrows(
    () => new grpc.Client("127.0.0.1:1", grpc.credentials.createInsecure(), given),
    grpc.InterceptorConfigurationError,
    "Only one of these is allowed",
  );
});

test("grpc-js: a server binds an address twice by the same credentials, and not by others", async () => {
  const server = new grpc.Server();
  const bind = (address: string, credentials: grpc.ServerCredentials): Promise<[Error | null, number]> =>
    new Promise((resolve) => server.bindAsync(address, credentials, (...result) => resolve(result)));
  const plain = grpc.ServerCredentials.createInsecure();
  const [, port] = await bind("127.0.0.1:0", plain);
  assertEquals(await bind(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure()), [null, port]);
  server.unbind(`127.0.0.1:${port}`);
  const binding = bind("127.0.0.1:1", plain);
  server.unbind("127.0.0.1:1");
  const [error] = await binding;
  assert(error !== null);
  server.forceShutdown();
});
