// The client of reflection: what it learns of servers of every kind, and what hostile ones cost.

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  Health,
  insecure,
  loadProto,
  type MessageInit,
  ProtoError,
  Reflection,
  ReflectionClient,
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionVersion,
  RpcError,
  Server,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { descriptorCodecs, type FileDescriptor } from "../../../surface/proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../../surface/proto/descriptor/link_descriptors.ts";
import { test } from "../../harness.ts";
import { TEXTS } from "../proto/descriptor/described_files.ts";

const { Shop } = await loadProto({ files: { ...TEXTS }, entry: "a.proto" });

/** What `body` learns of a server that `prepare` has given its services. */
async function learn<T>(
  prepare: (server: Server) => void,
  body: (client: ReflectionClient) => Promise<T>,
): Promise<T> {
  const simulation = new Simulation();
  const at = simulation.host();
  const server = new Server({ poller: at, credentials: insecure });
  prepare(server);
  await server.listen("0.0.0.0:80");
  const channel = new Channel(`${at.hostAddress}:80`, { poller: simulation.host(), credentials: insecure });
  const result = body(new ReflectionClient(channel));
  const settled = result.then(() => {}, () => {});
  await simulation.run({ until: simulation.now + 60_000 });
  await settled;
  channel.close();
  server.close();
  await simulation.run();
  return result;
}

/** A server with reflection of `version`, whose answers are `answer`'s. */
function answering(
  answer: (request: ReflectionRequest) => MessageInit<ReflectionResponse>[],
  version: ReflectionVersion = "v1",
): (server: Server) => void {
  return (server) =>
    server.addService(reflectionService(version), {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield* answer(request);
      },
    });
}

const sends = (...files: FileDescriptor[]): MessageInit<ReflectionResponse>[] => [{
  messageResponse: "fileDescriptorResponse",
  fileDescriptorResponse: { fileDescriptorProto: files.map((file) => descriptorCodecs().file.encode(file)) },
}];

test("[C103] a client learns services, files and types of a server", () =>
  learn((server) => {
    server.addService(Shop!, {});
    new Health(server);
    new Reflection(server);
  }, async (client) => {
    assertEquals(await client.services(), [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "shop.v1.Shop",
    ]);
    const loaded = await client.load("shop.v1.Shop", "grpc.health.v1.Health.Check");
    assertEquals(Object.keys(loaded["Shop"]!.methods), Object.keys(Shop!.methods));
    assertEquals(loaded["Health"]!.fullName, "grpc.health.v1.Health");
    const item = { name: "book", count: 3 };
    const [ours, theirs] = [Shop!, loaded["Shop"]!].map(({ methods }) =>
      methods["get"]!.requestCodec.encode(item)
    );
    assertEquals(theirs, ours);
    assertEquals(linkDescriptors(await client.file("sub/b.proto")).map(({ path }) => path), [
      "sub/b.proto",
      "sub/c.proto",
    ]);
  }));

test("[C103] a server that has v1alpha alone is asked in v1alpha", async () => {
  const asked: string[] = [];
  const prepare = answering((request) => {
    asked.push(request.messageRequest!);
    return [{
      messageResponse: "listServicesResponse",
      listServicesResponse: { service: [{ name: "a.B" }] },
    }];
  }, "v1alpha");
  await learn(prepare, async (client) => {
    assertEquals(await client.services(), ["a.B"]);
    assertEquals(await client.services(), ["a.B"]);
  });
  assertEquals(asked, ["listServices", "listServices"]);
});

test("reflection: what is no channel, and no options of a call, is refused when the client is made", async () => {
  assertThrows(
    () => new ReflectionClient(5 as never),
    TypeError,
    "Cannot make a reflection client: expected a Channel, found the number 5",
  );
  await using channel = new Channel("127.0.0.1:1");
  for (const options of [5, null, { deadline: 5 }, { metadata: 5 }]) {
    assertThrows(() => new ReflectionClient(channel, options as never), TypeError, "Cannot ");
  }
});

test("[C103] a server without reflection is UNIMPLEMENTED", async () => {
  const error = await assertRejects(
    () => learn((server) => new Health(server), (client) => client.services()),
    RpcError,
  );
  assertEquals(error.code, Status.UNIMPLEMENTED);
});

test("[C103] imports that a server does not send by itself are asked for, those of protobuf are not", async () => {
  const files: Record<string, FileDescriptor> = {
    "a.proto": {
      name: "a.proto",
      dependency: ["b.proto", "google/protobuf/any.proto"],
      messageType: [{ name: "A" }],
    },
    "b.proto": { name: "b.proto", dependency: ["c.proto", "d.proto"] },
    "c.proto": { name: "c.proto", dependency: ["d.proto"] },
    "d.proto": { name: "d.proto", dependency: ["gone.proto"], weakDependency: [0] },
  };
  const asked: string[] = [];
  const prepare = answering(({ fileByFilename, fileContainingSymbol }) => {
    asked.push(fileByFilename ?? fileContainingSymbol!);
    return sends(files[fileByFilename ?? "a.proto"]!);
  });
  await learn(prepare, async (client) => {
    assertEquals((await client.descriptors("A")).length, 4);
    assert("A" in (await client.load("A")).messages);
  });
  assertEquals(asked, ["A", "b.proto", "c.proto", "d.proto", "A"]);
});

test("[C103] what the server does not know is its error, with its code", async () => {
  const prepare = (server: Server) => new Reflection(server);
  const error = await assertRejects(() => learn(prepare, (client) => client.descriptors("a.B")), RpcError);
  assertEquals(error.code, Status.NOT_FOUND);
  assertMatch(error.message, /reflection has no a\.B: no symbol "a\.B" is known/);
  const odd = answering(() => [{ messageResponse: "errorResponse", errorResponse: { errorCode: 99 } }]);
  assertEquals(
    (await assertRejects(() => learn(odd, (client) => client.services()), RpcError)).code,
    Status.UNKNOWN,
  );
  // An answer that says so is not the service that is missing.
  const unimplemented = answering(
    () => [{ messageResponse: "errorResponse", errorResponse: { errorCode: 12 } }],
  );
  const said = await assertRejects(() => learn(unimplemented, (client) => client.services()), RpcError);
  assertMatch(said.message, /reflection has no services/);
});

const HOSTILE: [
  what: string,
  answer: (request: ReflectionRequest) => MessageInit<ReflectionResponse>[],
  message: RegExp,
][] = [
  ["says nothing", () => [], /it has answered 0 of 1 questions/],
  [
    "says more than it was asked",
    () => [...sends({ name: "a" }), ...sends({ name: "b" })],
    /more than 1 questions/,
  ],
  [
    "says something else",
    () => [{ messageResponse: "listServicesResponse", listServicesResponse: {} }],
    /has sent something else/,
  ],
  ["sends no file", () => sends(), /was asked for A, and has sent something else/],
  [
    "sends what is no file",
    () => [{
      messageResponse: "fileDescriptorResponse",
      fileDescriptorResponse: { fileDescriptorProto: [Uint8Array.of(255)] },
    }],
    /Cannot read what the server's reflection sends/,
  ],
  [
    "sends another file than asked",
    () => sends({ name: "a.proto", dependency: ["b.proto"] }),
    /asked for b\.proto/,
  ],
  [
    "has files without end",
    ({ fileByFilename = "f0" }) => {
      const next = Number(fileByFilename.slice(1)) + 1000;
      if (next > 7000) return []; // which would be another error
      const file = (i: number): FileDescriptor => ({ name: `f${next - 1000 + i}`, dependency: [`f${next}`] });
      return sends(...Array.from({ length: 1000 }, (_, i) => file(i)));
    },
    /more than 5000 files/,
  ],
];

for (const [what, answer, message] of HOSTILE) {
  test(`[C103] a server that ${what} ends the question with an error`, async () => {
    const error = await assertRejects(
      () => learn(answering(answer), (client) => client.descriptors("A")),
      ProtoError,
    );
    assertMatch(error.message, message);
  });
}
