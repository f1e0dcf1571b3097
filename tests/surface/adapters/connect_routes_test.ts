// Routes of connect-es on our server, called by our own client and by connect's.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient as createConnectClient,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { Channel, createClient, genericClient, Metadata, RpcError, Server, Status } from "pollwire";
import { addRoutes, createGrpcTransport, type RoutesOptions } from "pollwire/connect";
import { fromGenService } from "pollwire/protobuf-es";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { collect, failure, sleep, until } from "../serving.ts";
import { Places } from "./gen/places_pb.ts";
import { Trial } from "./gen/trial_pb.ts";

const Served = fromGenService(Places);

async function serving(
  routes: (router: ConnectRouter) => unknown,
  check: (channel: Channel, server: Server) => Promise<void>,
  options: RoutesOptions = {},
): Promise<void> {
  const server = new Server();
  addRoutes(server, routes, options);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  try {
    await check(channel, server);
  } finally {
    await channel[Symbol.asyncDispose]();
    server.close();
    await server.shutdown();
  }
}

test("connect routes: all four kinds, for both clients", async () => {
  await serving((router) =>
    router.service(Places, {
      find: ({ name }) => ({ name: `found ${name}` }),
      async *list({ name }) {
        for (const letter of name) yield await Promise.resolve({ name: letter });
      },
      async record(places) {
        let count = 0;
        for await (const _ of places) count++;
        return { count };
      },
      async *chat(notes) {
        for await (const { text } of notes) yield { text: `${text}!` };
      },
    }), async (channel) => {
    const client = createClient(Served, channel);
    assertEquals((await client.find({ name: "it" })).name, "found it");
    assertEquals((await collect(client.list({ name: "ab" }))).map(({ name }) => name), ["a", "b"]);
    assertEquals((await client.record([{}, {}, {}])).count, 3);
    const long = "x".repeat(100_000);
    assertEquals((await collect(client.chat([{ text: "a" }, { text: long }]))).map(({ text }) => text), [
      "a!",
      `${long}!`,
    ]);
    const theirs = createConnectClient(Places, createGrpcTransport({ channel }));
    assertEquals((await theirs.find({ name: "them" })).name, "found them");
    assertEquals((await failure(client.then$({}))).code, Status.UNIMPLEMENTED);
  });
});

const kUser = createContextKey("nobody");

test("connect routes: handlers have connect's context", async () => {
  let seen: HandlerContext | undefined;
  await serving((router) =>
    router.rpc(Places.method.find, (_, context) => {
      seen = context;
      context.responseHeader.set("early-bin", "AQI");
      context.responseTrailer.set("late", "yes");
      return {};
    }), async (channel) => {
    let [headers, trailers] = [new Metadata(), new Metadata()];
    await createClient(Served, channel).find({}, {
      deadlineMs: 5_000,
      metadata: { "x-user": "alice", "sent-bin": new Uint8Array([255]) },
      onHeaders: (got) => headers = got,
      onTrailers: (got) => trailers = got,
    });
    assertEquals([headers.get("early-bin"), trailers.get("late")], [new Uint8Array([1, 2]), "yes"]);
    assertEquals([seen!.requestHeader.get("sent-bin"), seen!.values.get(kUser)], ["/w", "alice"]);
    assertEquals([seen!.protocolName, seen!.requestMethod, seen!.method.name], ["grpc", "POST", "Find"]);
    assert(
      seen!.url.endsWith("/places.v1.Places/Find") && seen!.url.startsWith("http://127.0.0.1:"),
      seen!.url,
    );
    assert(
      /^(?:5000|4\d{3})m$/.test(seen!.requestHeader.get("grpc-timeout")!),
      seen!.requestHeader.get("grpc-timeout")!,
    );
    const timeoutMs = seen!.timeoutMs();
    assert(timeoutMs !== undefined && timeoutMs > 0 && timeoutMs <= 5_000, `${timeoutMs}`);
  }, {
    contextValues: (call) => createContextValues().set(kUser, String(call.metadata.get("x-user"))),
  });
});

test("connect routes: errors have code, message, metadata and details; others are internal", async () => {
  await serving((router) =>
    router.service(Places, {
      find({ name }) {
        if (name === "accident") throw new Error("a secret");
        throw new ConnectError("not today: ü", Code.FailedPrecondition, { late: "too" }, [
          { desc: StringValueSchema, value: { value: "detail" } },
        ]);
      },
      async *list() {
        yield await Promise.resolve({ name: "one" });
        throw new ConnectError("then nothing", Code.DataLoss);
      },
    }), async (channel) => {
    const client = createClient(Served, channel);
    const error = await failure(client.find({}));
    assertEquals([error.code, error.details, error.metadata.get("late")], [
      Status.FAILED_PRECONDITION,
      "not today: ü",
      "too",
    ]);
    assertEquals(error.statusDetails.map(({ typeUrl }) => typeUrl), [
      "type.googleapis.com/google.protobuf.StringValue",
    ]);
    const accident = await failure(client.find({ name: "accident" }));
    assertEquals([accident.code, accident.details], [Status.INTERNAL, "internal error"]);
    const got: string[] = [];
    const broken = await assertRejects(async () => {
      for await (const { name } of client.list({})) got.push(name);
    }, RpcError);
    assertEquals([got, broken.code], [["one"], Status.DATA_LOSS]);
  });
});

test("connect routes: interceptors run from the first one inwards, for every kind, and change what they see", async () => {
  const log: string[] = [];
  const logging = (name: string): Interceptor => (next) => async (request) => {
    log.push(`${name} ${request.method.name} ${request.stream}`);
    request.contextValues.set(kUser, `${request.contextValues.get(kUser)} ${name}`);
    const response = await next({ ...request, header: new Headers({ "x-a": name }) } as typeof request);
    const trailer = new Headers({ [`x-${name}`]: "seen" });
    return { ...response, header: new Headers({ "x-by": name }), trailer };
  };
  const who = ({ values, requestHeader, responseHeader }: HandlerContext) => {
    responseHeader.set("x-lost", "yes");
    return { name: `${values.get(kUser)} ${requestHeader.get("x-a")}` };
  };
  await serving((router) =>
    router.service(Places, {
      find: (_, context) => who(context),
      async *list(_, context) {
        yield await Promise.resolve(who(context));
      },
      record: (_, context) => Promise.resolve({ count: who(context).name.length }),
    }), async (channel) => {
    const client = createClient(Served, channel);
    let [headers, trailers] = [new Metadata(), new Metadata()];
    const options = {
      onHeaders: (got: Metadata) => void (headers = got),
      onTrailers: (got: Metadata) => void (trailers = got),
    };
    const check = (lost: string | undefined) => {
      assertEquals([headers.get("x-by"), headers.get("x-lost")], ["outer", lost]);
      assertEquals([trailers.get("x-outer"), trailers.get("x-inner")], ["seen", undefined]);
    };
    assertEquals((await client.find({}, options)).name, "nobody outer inner inner");
    check(undefined);
    assertEquals((await collect(client.list({}, options))).map(({ name }) => name), [
      "nobody outer inner inner",
    ]);
    check("yes"); // the handler began when the interceptors were through
    assertEquals((await client.record([{}], options)).count, "nobody outer inner inner".length);
    check(undefined);
    assertEquals(log.slice(0, 4), [
      "outer Find false",
      "inner Find false",
      "outer List true",
      "inner List true",
    ]);
  }, { interceptors: [logging("outer"), logging("inner")] });
});

test("connect routes: a gate is asked before a request is decoded, of all and of one method", async () => {
  const log: string[] = [];
  const requestGate = async ({ requestHeader, responseTrailer, method, values }: HandlerContext) => {
    log.push(`gate ${method.name}`);
    responseTrailer.set("asked", "yes");
    await Promise.resolve();
    if (requestHeader.get("x-user") === null) throw new ConnectError("who?", Code.Unauthenticated);
    values.set(kUser, requestHeader.get("x-user")!);
  };
  const logging: Interceptor = (next) => (request) => {
    log.push(`interceptor ${request.method.name}`);
    return next(request);
  };
  const undecodable = new Uint8Array([255]);
  const ofOne: object = { requestGate: () => Promise.reject(new Error("a secret")) }; // connect has it from 2.2 on
  await serving((router) => {
    router.service(Places, {
      find: (_, { values }) => ({ name: values.get(kUser) }),
      async *list(_, { values }) {
        yield await Promise.resolve({ name: values.get(kUser) });
      },
      record: (_, { values }) => Promise.resolve({ count: values.get(kUser).length }),
    });
    router.rpc(Places.method.chat, (notes) => notes, ofOne);
  }, async (channel) => {
    const client = createClient(Served, channel);
    const octets = genericClient(channel);
    const refused = [
      await failure(octets.unary("/places.v1.Places/Find", undecodable)),
      await failure(collect(client.list({}))),
      await failure(client.record([])),
    ];
    for (const { code, details, metadata } of refused) {
      assertEquals([code, details, metadata.get("asked")], [Status.UNAUTHENTICATED, "who?", "yes"]);
    }
    assertEquals(log.splice(0), ["gate Find", "gate List", "gate Record"]);
    const secret = await failure(collect(client.chat([])));
    assertEquals([secret.code, secret.details], [Status.INTERNAL, "internal error"]);
    const metadata = { "x-user": "alice" };
    assertEquals((await client.find({}, { metadata })).name, "alice");
    assertEquals((await collect(client.list({}, { metadata })))[0]!.name, "alice");
    assertEquals((await client.record([], { metadata })).count, 5);
    assertEquals(log.slice(0, 2), ["gate Find", "interceptor Find"]);
  }, { requestGate, interceptors: [logging] });
});

test("connect routes: options that nobody knows are refused, for they may be safeguards; connect's others are taken", () => {
  const server = new Server();
  const add = (options: object, own?: object) => () =>
    addRoutes(server, (router) => router.rpc(Places.method.find, () => ({}), own), options);
  const unknown = 'Cannot add routes: there is no option "requestGat"; did you mean requestGate?';
  assertThrows(add({ requestGat: () => {} }), TypeError, unknown);
  assertThrows(add({}, { requestGat: () => {} }), TypeError, unknown);
  assertThrows(add({ requestGate: "x" }), TypeError, "Cannot add routes: requestGate is the string");
  add({ grpcWeb: false }, { acceptCompression: [], requireConnectProtocolHeader: true })();
  server.close();
});

test("connect routes: limits and timeouts of all, and of one service", async () => {
  await serving((router) => {
    router.rpc(Places.method.find, () => ({ name: "first" }));
    router.rpc(Places.method.find, ({ name }) => ({ name }), { writeMaxBytes: 10 });
    router.rpc(Places.method.chat, (notes) => notes);
  }, async (channel) => {
    const client = createClient(Served, channel);
    assertEquals((await client.find({ name: "last" })).name, "last");
    const long = await failure(client.find({ name: "x".repeat(20) }));
    assertEquals([long.code, long.details], [
      Status.RESOURCE_EXHAUSTED,
      "message size 22 is larger than configured writeMaxBytes 10",
    ]);
    const read = await failure(collect(client.chat([{ text: "x".repeat(100) }])));
    assertEquals([read.code, read.details], [
      Status.RESOURCE_EXHAUSTED,
      "message size 102 is larger than configured readMaxBytes 50",
    ]);
    const late = await failure(client.find({}, { deadlineMs: 100_000 }));
    assertEquals(late.code, Status.INVALID_ARGUMENT);
    assert(/^timeout \d+ms must be <= 60000$/.test(late.details), late.details);
  }, { readMaxBytes: 50, maxTimeoutMs: 60_000 });
});

test("connect routes: a shutdown's reason is what waiting handlers throw", async () => {
  const shutdown = new AbortController();
  await serving((router) =>
    router.rpc(Places.method.find, async (_, { signal }) => {
      shutdown.abort(new ConnectError("closing", Code.Unavailable));
      signal.throwIfAborted();
      return await Promise.resolve({});
    }), async (channel) => {
    const error = await failure(createClient(Served, channel).find({}));
    assertEquals([error.code, error.details], [Status.UNAVAILABLE, "closing"]);
  }, { shutdownSignal: shutdown.signal });
});

test("connect routes: an error of a handler's own call passes on its details, and not its metadata", async () => {
  await serving((router) =>
    router.service(Places, {
      find() {
        throw new ConnectError("below", Code.NotFound, { secret: "x" }, [
          { desc: StringValueSchema, value: { value: "detail" } },
        ]);
      },
    }), async (below) => {
    const theirs = createConnectClient(Places, createGrpcTransport({ channel: below }));
    await serving((router) => router.rpc(Places.method.find, () => theirs.find({})), async (channel) => {
      const error = await failure(createClient(Served, channel).find({}));
      assertEquals([error.code, error.details, error.metadata.get("secret")], [
        Status.NOT_FOUND,
        "below",
        undefined,
      ]);
      assertEquals(error.statusDetails.map(({ typeUrl }) => typeUrl), [
        "type.googleapis.com/google.protobuf.StringValue",
      ]);
    });
  });
});

test("connect routes: a handler's signal is aborted when its client leaves, with connect's error", async () => {
  let reason: ConnectError | undefined;
  await serving((router) =>
    router.service(Places, {
      async *list(_, { signal }) {
        yield { name: "first" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason;
      },
      find: async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason;
        return {};
      },
    }), async (channel) => {
    const client = createClient(Served, channel);
    for await (const _ of client.list({})) break;
    await until(() => reason !== undefined);
    assert(reason instanceof ConnectError);
    assertEquals(reason.code, Code.Canceled);
    reason = undefined;
    assertEquals((await failure(client.find({}, { deadlineMs: 500 }))).code, Status.DEADLINE_EXCEEDED);
    await until(() => reason !== undefined);
    const late = reason as unknown;
    assert(late instanceof ConnectError);
    assertEquals(late.message, "[deadline_exceeded] the operation timed out");
  });
});

test("connect routes: requests that end early throw connect's error, as the signal has it", async () => {
  const seen: unknown[] = [];
  const leaving = new AbortController();
  await serving((router) =>
    router.rpc(Places.method.record, async (places, { signal }) => {
      try {
        for await (const _ of places) leaving.abort();
      } catch (error) {
        assert(error instanceof ConnectError);
        assert(signal.aborted);
        seen.push([
          error.code,
          error.rawMessage,
          (signal.reason as ConnectError).rawMessage === error.rawMessage,
        ]);
        throw error;
      }
      return {};
    }), async (channel) => {
    const client = createClient(Served, channel);
    async function* places() {
      yield {};
      await new Promise(() => {});
    }
    assertEquals((await failure(client.record(places(), { signal: leaving.signal }))).code, Status.CANCELLED);
    await until(() => seen.length === 1);
    assertEquals(seen, [[Code.Canceled, "peer sent RST_STREAM CANCEL", true]]);
  });
});

test("connect routes: a deadline that is further away than a timer reaches leaves handlers alone", async () => {
  const deadlineMs = 2 ** 31;
  await serving((router) =>
    router.rpc(Places.method.find, async (_, { signal, timeoutMs }) => {
      await sleep(20);
      return { name: String(signal.aborted), number: BigInt(timeoutMs()!) };
    }), async (channel) => {
    const { name, number } = await createClient(Served, channel).find({}, { deadlineMs });
    assertEquals(name, "false");
    assert(number > deadlineMs - 20_000, `${number}`);
  });
});

test("connect routes: a trailer that cannot be sent is what is reported", async () => {
  const reported: unknown[] = [];
  const server = new Server({ onError: (error) => void reported.push(error) });
  addRoutes(server, (router) =>
    router.service(Places, {
      find(_, { responseHeader, responseTrailer }) {
        responseHeader.set("early", "yes");
        responseTrailer.set("late", "\u00e9");
        return {};
      },
      async *list(_, { responseHeader, responseTrailer }) {
        responseHeader.set("early", "yes");
        responseTrailer.set("late", "\u00e9");
        yield* [];
      },
    }));
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const client = createClient(Served, channel);
  assertEquals((await failure(client.find({}))).code, Status.UNKNOWN);
  assertEquals((await failure(collect(client.list({})))).code, Status.UNKNOWN);
  assertEquals(
    reported.map((error) => /"late": "\u00e9" is not printable ASCII/.test(String(error))),
    [true, true],
  );
  await channel[Symbol.asyncDispose]();
  server.close();
  await server.shutdown();
});

test("connect routes: limits that are none are refused, of all and of one service", () => {
  const server = new Server();
  const add = (options: RoutesOptions, own?: RoutesOptions) => () =>
    addRoutes(server, (router) => router.rpc(Places.method.find, () => ({}), own), options);
  for (const limit of [NaN, 0, -1, 1.5, Infinity]) {
    assertThrows(
      add({ readMaxBytes: limit }),
      RangeError,
      `Cannot add routes: readMaxBytes is the number ${limit}`,
    );
    assertThrows(add({}, { writeMaxBytes: limit }), RangeError, `writeMaxBytes is the number ${limit}`);
  }
  add({ readMaxBytes: 1 })(); // the server is as it was
  server.close();
});

test("connect routes: a function that would add them later is refused", () => {
  const server = new Server();
  const { message } = assertThrows(() => addRoutes(server, async () => {}), TypeError);
  assertStringIncludes(message, "gave a promise");
  server.close();
});

test("connect routes: where a service is refused none of them is added", () => {
  const server = new Server();
  server.addService(Served, { find: () => ({}) });
  const routes = (router: ConnectRouter): unknown =>
    router.rpc(Trial.method.one, (note) => note).rpc(Places.method.find, () => ({}));
  assertThrows(() => addRoutes(server, routes), TypeError, "served already");
  assertThrows(() => server.removeService(fromGenService(Trial)), TypeError, "it is not served");
  server.removeService(Served);
  addRoutes(server, routes);
  server.close();
});

test("connect routes: what is no server is refused", () => {
  const none = { addService() {} } as unknown as Server;
  assertThrows(() => addRoutes(none, () => {}), TypeError, "Cannot add routes: expected a Server, found");
});

test("connect routes: services stand beside others, and show their files", async () => {
  await serving((router) => router.rpc(Places.method.find, () => ({})), async (channel, server) => {
    const { find, ...others } = Served.methods;
    server.addService({ ...Served, methods: others }, { then$: () => ({ name: "ours" }) });
    assertThrows(
      () => server.addService({ ...Served, methods: { find } }, { find: () => ({}) }),
      TypeError,
      "served already",
    );
    assertEquals((await createClient(Served, channel).then$({})).name, "ours");
  });
});
