// Services and messages of protobuf-es in every style, their codecs, and the files that reflection shows of them.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { create, fromBinary, isMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { file_google_protobuf_timestamp, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  Channel,
  type ClientMethod,
  ClientUnaryReactor,
  CompletionQueue,
  createClient,
  createQueueClient,
  createReactorClient,
  createSyncClient,
  DecodeError,
  EncodeError,
  type Handler,
  reactor,
  Reflection,
  ReflectionClient,
  type RequestInitOf,
  type RequestOf,
  type ResponseInitOf,
  type ResponseOf,
  RpcError,
  Server,
  ServerBidiReactor,
  type ServiceHandlers,
  Status,
} from "pollwire";
import { addRoutes } from "pollwire/connect";
import { fromGenService, protobufEsCodec, protoFile } from "pollwire/protobuf-es";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { ServingThread } from "../blocking/bench.ts";
import { collect } from "../serving.ts";
import {
  file_places,
  type FindRequest,
  FindRequestSchema,
  Kind,
  type Note,
  NoteSchema,
  type Place,
  Places as GenPlaces,
  PlaceSchema,
  SummarySchema,
} from "./gen/places_pb.ts";
import { Trial as GenTrial } from "./gen/trial_pb.ts";

const Places = fromGenService(GenPlaces);

const handlers: ServiceHandlers<typeof Places> = {
  find: ({ name }) => ({
    name,
    number: 7n,
    at: { case: "point", value: { latitude: 1.5 } },
    seen: { seconds: 5n },
  }),
  *list({ name }) {
    for (let i = 0; i < 3; i++) yield { name: `${name} ${i}`, kind: Kind.TOWN };
  },
  async record(places) {
    let count = 0;
    for await (const place of places) count += place.near.length + 1;
    return create(SummarySchema, { count });
  },
  async *chat(notes) {
    for await (const { text, body } of notes) yield { text: `${text}!`, body };
  },
};

async function serving(
  check: (channel: Channel) => Promise<void>,
  serve: ServiceHandlers<typeof Places> = handlers,
): Promise<void> {
  const server = new Server();
  server.addService(Places, serve);
  const port = await server.listen("127.0.0.1:0");
  const channel = new Channel(`127.0.0.1:${port}`);
  try {
    await check(channel);
  } finally {
    await channel[Symbol.asyncDispose]();
    await server.shutdown();
  }
}

test("protobuf-es: all four kinds by promises, with inits sent and messages received", async () => {
  await serving(async (channel) => {
    const client = createClient(Places, channel);
    const found: Place = await client.find({ name: "here" });
    assert(isMessage(found, PlaceSchema));
    assertEquals(
      found,
      create(PlaceSchema, {
        name: "here",
        number: 7n,
        at: { case: "point", value: { latitude: 1.5 } },
        seen: { seconds: 5n },
      }),
    );
    const listed = await collect(client.list(create(FindRequestSchema, { name: "town" })));
    assertEquals(
      listed.map(({ name, kind }) => [name, kind]),
      [0, 1, 2].map((i) => [`town ${i}`, Kind.TOWN]),
    );
    assertEquals((await client.record([{ near: [{}, {}] }, create(PlaceSchema)])).count, 4);
    const notes = await collect(client.chat([{ text: "a", body: new Uint8Array([1, 2]) }, { text: "b" }]));
    assertEquals(notes.map(({ text, body }) => [text, [...body]]), [["a!", [1, 2]], ["b!", []]]);
  });
});

test("protobuf-es: what JavaScript calls by itself has another name", async () => {
  assertEquals(Object.keys(Places.methods), ["find", "list", "record", "chat", "then$"]);
  await serving(async (channel) => {
    const client = await Promise.resolve(createClient(Places, channel));
    assertEquals((await client.then$({ name: "x" })).name, "then x");
  }, { then$: ({ name }) => ({ name: `then ${name}` }) });
});

test("protobuf-es: reactors on both sides", async () => {
  class Echo extends ServerBidiReactor<Note, MessageInitShape<typeof NoteSchema>> {
    override onReadDone(ok: boolean): void {
      if (ok) this.startWrite({ text: `${this.message!.text}?` });
      else this.finish(Status.OK);
    }
    override onWriteDone(): void {
      this.startRead();
    }
  }
  await serving(
    async (channel) => {
      const client = createReactorClient(Places, channel);
      const place = await new Promise<Place>((resolve, reject) => {
        class Find extends ClientUnaryReactor<Place> {
          override onDone(): void {
            if (this.response === undefined) reject(new Error("no response"));
            else resolve(this.response);
          }
        }
        client.find({ name: "far" }, new Find()).startCall();
      });
      assertEquals([place.name, isMessage(place, PlaceSchema)], ["far", true]);
      const notes = await collect(createClient(Places, channel).chat([{ text: "who" }]));
      assertEquals(notes.map(({ text }) => text), ["who?"]);
    },
    {
      find: reactor((context, { name }) => context.defaultReactor().respond({ name })),
      chat: reactor((context) => {
        const echo = new Echo(context);
        echo.startRead();
        return echo;
      }),
    },
  );
});

test("protobuf-es: a completion queue", async () => {
  await serving(async (channel) => {
    const queue = new CompletionQueue<string>();
    const call = createQueueClient(Places, channel, queue).asyncFind({ name: "queued" });
    call.finish("done");
    assertEquals((await queue.next()).type, "OP_COMPLETE");
    assertEquals([call.response?.name, call.response?.number], ["queued", 7n]);
    queue.shutdown();
    await queue.next();
  });
});

test("protobuf-es: calls that block", async () => {
  const thread = new ServingThread();
  const channel = new Channel(`127.0.0.1:${await thread.port}`);
  try {
    const note = createSyncClient(fromGenService(GenTrial), channel).one({ text: "blocked" });
    assertEquals([note.$typeName, note.text], ["trial.Note", "blocked"]);
  } finally {
    await channel[Symbol.asyncDispose]();
    await thread.end();
  }
}, { leaves: "the helper that blocks in a native poller stays for the next call" });

test("protobuf-es: a service and its codecs are made once", () => {
  assertStrictEquals(fromGenService(GenPlaces), Places);
  assertStrictEquals(protobufEsCodec(PlaceSchema), Places.methods.find.responseCodec);
  assertStrictEquals(Places.methods.list.responseCodec, Places.methods.find.responseCodec);
  const strict = fromGenService(GenPlaces, { readUnknownFields: false });
  assert(strict !== Places && strict.methods.find.responseCodec !== Places.methods.find.responseCodec);
});

test("protobuf-es: paths, kinds and idempotency are those of the .proto file", () => {
  const methods = Object.values(Places.methods);
  assertEquals(methods.map(({ name, path, kind, idempotency }) => [name, path, kind, idempotency]), [
    ["Find", "/places.v1.Places/Find", "unary", "NO_SIDE_EFFECTS"],
    ["List", "/places.v1.Places/List", "serverStreaming", undefined],
    ["Record", "/places.v1.Places/Record", "clientStreaming", undefined],
    ["Chat", "/places.v1.Places/Chat", "bidiStreaming", undefined],
    ["Then", "/places.v1.Places/Then", "unary", "IDEMPOTENT"],
  ]);
});

test("protobuf-es: unknown fields are kept, and left out where that is asked for", () => {
  const sent = toBinary(NoteSchema, create(NoteSchema, { text: "a", body: new Uint8Array([9]) }));
  const codec = protobufEsCodec(FindRequestSchema);
  const request = codec.decode(sent);
  assertEquals(request.$unknown?.map(({ no }) => no), [2]);
  assertEquals(codec.encode(request), sent);
  const forgetful = protobufEsCodec(FindRequestSchema, { readUnknownFields: false });
  assertEquals(forgetful.encode(forgetful.decode(sent)).length, 3);
});

test("protobuf-es: octets that were received are not overwritten by what comes later", async () => {
  const body = (length: number, value: number) => new Uint8Array(length).fill(value);
  await serving(async (channel) => {
    const client = createClient(Places, channel);
    const lengths = [1, 300, 20_000, 400_000, 64];
    const notes = Array.from({ length: 40 }, (_, i) => ({ body: body(lengths[i % lengths.length]!, i) }));
    const kept = await collect(client.chat(notes));
    await collect(client.chat(notes.map((note) => ({ body: note.body.map(() => 255) }))));
    for (const [i, { body: octets }] of kept.entries()) {
      assert(
        octets.length === lengths[i % lengths.length] && octets.every((octet) => octet === i),
        `note ${i}`,
      );
    }
  });
});

test("protobuf-es: what cannot be encoded or decoded ends its call, and says why", async () => {
  const codec = protobufEsCodec(PlaceSchema);
  const wrong = (message: unknown) => assertThrows(() => codec.encode(message as Place), EncodeError);
  assertEquals(
    wrong(undefined).message,
    "Cannot encode places.v1.Place: expected an object, found undefined",
  );
  assertEquals(
    wrong(create(NoteSchema)).message,
    "Cannot encode places.v1.Place: found a message of type places.v1.Note",
  );
  const unfit = wrong({ number: "x" });
  assert(
    unfit.message.startsWith("Cannot encode places.v1.Place: ") && unfit.cause instanceof Error,
    unfit.message,
  );
  const malformed = assertThrows(() => codec.decode(new Uint8Array([0x0a, 5, 1])), DecodeError);
  assertEquals(malformed.message, "Cannot decode places.v1.Place: premature EOF");
  assertInstanceOf(malformed.cause, RangeError);
  assertThrows(() => codec.decode("abc" as unknown as Uint8Array), TypeError, 'found "abc"');
  await serving(async (channel) => {
    const unfit = { number: "x" as unknown as bigint };
    const error = await assertRejects(() => createClient(Places, channel).record([unfit]), RpcError);
    assertEquals([error.code, error.endedBy], [Status.INTERNAL, "user"]);
    assert(error.details.includes("Cannot encode places.v1.Place: "), error.details);
  });
});

test("protobuf-es: a promise, and other objects that hold nothing in fields, are no messages", () => {
  const codec = protobufEsCodec(FindRequestSchema);
  assertThrows(
    () => codec.encode(Promise.resolve({ name: "later" }) as never),
    EncodeError,
    "Cannot encode places.v1.FindRequest: expected an object, found a promise (is an await missing?)",
  );
  for (const given of [[{ name: "one" }], new Map(), new Date(), new Uint8Array(1), new Error()]) {
    assertThrows(() => codec.encode(given as never), EncodeError, "expected an object, found ");
  }
  class Own {
    name = "own";
  }
  for (const given of [new Own(), Object.assign(Object.create(null), { name: "own" }), { name: "own" }]) {
    assertEquals(codec.decode(codec.encode(given)).name, "own");
  }
});

test("protobuf-es: a service shows its file, with what that imports", () => {
  const { file } = Places;
  assertEquals([file?.name, file?.imports.map(({ name }) => name)], [
    "places.proto",
    ["google/protobuf/timestamp.proto"],
  ]);
  const described = fromBinary(FileDescriptorProtoSchema, file!.bytes());
  assertEquals(described.service.map(({ name }) => name), ["Places"]);
  assertStrictEquals(file, protoFile(file_places));
  assertStrictEquals(file!.imports[0], protoFile(file_google_protobuf_timestamp));
});

test("protobuf-es: reflection shows its services, and others load them from there", async () => {
  const server = new Server();
  server.addService(Places, handlers);
  addRoutes(server, (router) => router.rpc(GenTrial.method.one, (note) => note));
  new Reflection(server);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const reflection = new ReflectionClient(channel);
  const names = await reflection.services();
  assertEquals(names.filter((name) => !name.startsWith("grpc.")).toSorted(), [
    "places.v1.Places",
    "trial.Trial",
  ]);
  const loaded = (await reflection.load("places.v1.Places"))["Places"]!;
  const client = createClient(loaded, channel) as Record<
    string,
    (request: unknown) => Promise<{ seen: unknown }>
  >;
  assertEquals((await client["find"]!({ name: "shown" })).seen, { seconds: 5n, nanos: 0 });
  assert((await reflection.load("trial.Trial"))["Trial"] !== undefined);
  await channel[Symbol.asyncDispose]();
  server.close();
  await server.shutdown();
});

test("protobuf-es: what is none of its services or messages is refused", () => {
  for (
    const [given, found] of [[undefined, "undefined"], [PlaceSchema, "an object"], [Places, "an object"]]
  ) {
    assertThrows(
      () => fromGenService(given as unknown as typeof GenPlaces),
      TypeError,
      `generated, found ${found as string}`,
    );
  }
  assertThrows(
    () => protobufEsCodec(GenPlaces as never),
    TypeError,
    "expected a message's schema of protobuf-es",
  );
});

test("protobuf-es: clients and handlers have its types", () => {
  type Methods = typeof Places["methods"];
  const same = <A, B>(
    _: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false,
  ) => {};
  same<RequestOf<Methods["find"]>, FindRequest>(true);
  same<RequestInitOf<Methods["find"]>, MessageInitShape<typeof FindRequestSchema>>(true);
  same<ResponseOf<Methods["list"]>, Place>(true);
  same<ResponseInitOf<Methods["list"]>, MessageInitShape<typeof PlaceSchema>>(true);
  same<ReturnType<ClientMethod<Methods["find"]>>, Promise<Place>>(true);
  same<Parameters<Handler<Methods["find"]>>[0], FindRequest>(true);
  same<Parameters<Handler<Methods["chat"]>>[0], AsyncIterable<Note>>(true);
  same<keyof Methods, "find" | "list" | "record" | "chat" | "then$">(true);
  const _never: ServiceHandlers<typeof Places> = {
    // @ts-expect-error: a name is text
    find: () => ({ name: 5 }),
    // @ts-expect-error: a stream of responses is iterable
    list: () => ({ name: "a" }),
  };
  assertEquals(Object.keys(_never), ["find", "list"]);
});
