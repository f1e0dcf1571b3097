// Reflection: what a server says of its services and files, question by question.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  Channelz,
  createClient,
  Health,
  insecure,
  loadDescriptors,
  loadProto,
  LoadReports,
  type MessageInit,
  parseProto,
  rawMethod,
  Reflection,
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionVersion,
  Server,
  type ServiceDescriptor,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { descriptorCodecs } from "../../../surface/proto/descriptor/descriptor_types.ts";
import { test } from "../../harness.ts";
import { TEXTS } from "../proto/descriptor/described_files.ts";

const loaded = await loadProto({ files: { ...TEXTS }, entry: "a.proto" });
const SHOP = loaded["Shop"]!;
const BY_HAND: ServiceDescriptor = {
  fullName: "by.Hand",
  methods: { call: rawMethod("/by.Hand/Call", "unary") },
};

/** What a server with `services` answers `requests` with, all on one stream. */
async function ask(
  services: readonly ServiceDescriptor[],
  requests: readonly MessageInit<ReflectionRequest>[],
  { version = "v1", prepare }: { version?: ReflectionVersion; prepare?: (server: Server) => void } = {},
): Promise<ReflectionResponse[]> {
  const simulation = new Simulation();
  const at = simulation.host();
  const server = new Server({ poller: at, credentials: insecure });
  for (const service of services) server.addService(service, {});
  new Reflection(server);
  prepare?.(server);
  await server.listen("0.0.0.0:80");
  const channel = new Channel(`${at.hostAddress}:80`, { poller: simulation.host(), credentials: insecure });
  const client = createClient(reflectionService(version), channel);
  const responses: ReflectionResponse[] = [];
  const asked = (async () => {
    for await (const response of client.serverReflectionInfo(requests)) responses.push(response);
  })();
  await simulation.run({ until: simulation.now + 1000 });
  await asked;
  channel.close();
  server.close();
  await simulation.run();
  assertEquals(responses.length, requests.length);
  return responses;
}

const listServices: MessageInit<ReflectionRequest> = { messageRequest: "listServices", listServices: "" };
const byName = (name: string): MessageInit<ReflectionRequest> => ({
  messageRequest: "fileByFilename",
  fileByFilename: name,
});
const bySymbol = (name: string): MessageInit<ReflectionRequest> => ({
  messageRequest: "fileContainingSymbol",
  fileContainingSymbol: name,
});
const byExtension = (containingType: string, extensionNumber: number): MessageInit<ReflectionRequest> => ({
  messageRequest: "fileContainingExtension",
  fileContainingExtension: { containingType, extensionNumber },
});
const numbersOf = (type: string): MessageInit<ReflectionRequest> => ({
  messageRequest: "allExtensionNumbersOfType",
  allExtensionNumbersOfType: type,
});

const services = ({ listServicesResponse }: ReflectionResponse) =>
  listServicesResponse!.service!.map(({ name }) => name);
const files = ({ fileDescriptorResponse }: ReflectionResponse) =>
  fileDescriptorResponse!.fileDescriptorProto!.map((bytes) => descriptorCodecs().file.decode(bytes).name);

for (const version of ["v1", "v1alpha"] as const) {
  test(`[C103] ${version} lists all services, also those without a file`, async () => {
    const [response] = await ask([SHOP, BY_HAND], [{ ...listServices, host: "any" }], { version });
    assertEquals(services(response!), [
      "by.Hand",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "shop.v1.Shop",
    ]);
    assertEquals(response!.validHost, "any");
    const { host, messageRequest } = response!.originalRequest!;
    assertEquals([host, messageRequest], ["any", "listServices"]);
  });
}

test("[C103] a file comes by its name, with all that it imports", async () => {
  const [file, imported, unknown] = await ask([SHOP], [
    byName("a.proto"),
    byName("sub/c.proto"),
    byName("gone.proto"),
  ]);
  assertEquals(files(file!), [
    "a.proto",
    "google/protobuf/descriptor.proto",
    "sub/b.proto",
    "google/protobuf/any.proto",
    "sub/c.proto",
  ]);
  assertEquals(files(imported!), ["sub/c.proto"]); // asked for, so sent again
  assertEquals(unknown!.errorResponse, {
    errorCode: Status.NOT_FOUND,
    errorMessage: 'no file "gone.proto" is known',
  });
  const { Shop } = loadDescriptors(file!.fileDescriptorResponse!.fileDescriptorProto!);
  assertEquals(Object.keys(Shop!.methods), Object.keys(SHOP.methods));
});

test("[C103] imports are sent once a stream, and again on another", async () => {
  const requests = [byName("sub/b.proto"), byName("a.proto"), byName("a.proto")];
  const [b, a, again] = await ask([SHOP], requests);
  assertEquals(files(b!), ["sub/b.proto", "sub/c.proto"]);
  assertEquals(files(a!), ["a.proto", "google/protobuf/descriptor.proto", "google/protobuf/any.proto"]);
  assertEquals(files(again!), ["a.proto"]);
});

test("[C103] a file comes by every kind of symbol in it", async () => {
  const symbols = [
    "shop.v1.Shop",
    "shop.v1.Shop.Get",
    "shop.v1.Item",
    "shop.v1.Item.name",
    "shop.v1.Item.kind",
    "shop.v1.Item.Nested.Deep",
    "shop.v1.Item.Line",
    "shop.v1.Item.Nested.In",
    "shop.v1.Item.Nested.I0",
    "shop.v1.E",
    "shop.v1.TWO",
    "shop.v1.more",
    "shop.v1.Item.ext_list",
  ];
  for (const response of await ask([SHOP], symbols.map(bySymbol))) {
    assertEquals(files(response)[0], "a.proto");
  }
  const [inner] = await ask([SHOP], [bySymbol("shop.v1.sub.B")]);
  assertEquals(files(inner!), ["sub/b.proto", "sub/c.proto"]);
});

test("[C103] what is not known is NOT_FOUND, and the stream goes on", async () => {
  const unknown = [
    "shop.v1",
    "shop.v1.Gone",
    "Shop",
    ".shop.v1.Shop",
    "shop.v1.E.TWO",
    "by.Hand",
    "by.Hand.Call",
  ];
  const responses = await ask([SHOP, BY_HAND], [...unknown.map(bySymbol), listServices]);
  assertEquals(services(responses.pop()!).length, 4);
  const messages = responses.map(({ errorResponse }) => {
    assertEquals(errorResponse!.errorCode, Status.NOT_FOUND);
    return errorResponse!.errorMessage!;
  });
  for (const [i, name] of unknown.slice(0, 5).entries()) {
    assertEquals(messages[i], `no symbol "${name}" is known`);
  }
  for (const message of messages.slice(5)) {
    assertEquals(message, 'service "by.Hand" is served without a descriptor');
  }
});

test("[C103] extensions come by message and number, and all numbers of a message", async () => {
  const [ext, option, wrong, numbers, none, noType] = await ask([SHOP], [
    byExtension("shop.v1.Item", 31),
    byExtension("google.protobuf.FieldOptions", 50001),
    byExtension("shop.v1.Item", 34),
    numbersOf("shop.v1.Item"),
    numbersOf("shop.v1.sub.C"),
    numbersOf("shop.v1.E"),
  ]);
  assertEquals(files(ext!)[0], "a.proto");
  assertEquals(files(option!), ["a.proto"]);
  assertEquals(wrong!.errorResponse!.errorCode, Status.NOT_FOUND);
  assertMatch(wrong!.errorResponse!.errorMessage!, /no extension 34 of "shop\.v1\.Item"/);
  assertEquals(numbers!.allExtensionNumbersResponse, {
    baseTypeName: "shop.v1.Item",
    extensionNumber: [31, 32, 33],
  });
  assertEquals(none!.allExtensionNumbersResponse, { baseTypeName: "shop.v1.sub.C", extensionNumber: [] });
  assertEquals(noType!.errorResponse!.errorCode, Status.NOT_FOUND);
});

test("[C103] a question of a later version is UNIMPLEMENTED, and the stream goes on", async () => {
  const [response, list] = await ask([], [{ host: "h" }, listServices]);
  assertEquals(response!.errorResponse!.errorCode, Status.UNIMPLEMENTED);
  assertEquals(response!.originalRequest!.host, "h");
  assertEquals(services(list!).length, 2);
});

test("[C103] services of the library are described too", async () => {
  const names = [
    ["grpc.health.v1.Health", "grpc/health/v1/health.proto"],
    ["grpc.channelz.v1.Channelz", "grpc/channelz/v1/channelz.proto"],
    ["xds.service.orca.v3.OpenRcaService", "xds/service/orca/v3/orca.proto"],
    ["grpc.reflection.v1.ServerReflection", "grpc/reflection/v1/reflection.proto"],
    ["grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"],
  ] as const;
  const prepare = (server: Server) => {
    new Health(server);
    new Channelz(server);
    new LoadReports(server);
  };
  const responses = await ask([], [listServices, ...names.map(([name]) => bySymbol(name))], { prepare });
  assertEquals(services(responses.shift()!), names.map(([name]) => name).sort());
  assertEquals(responses.map((response) => files(response)[0]), names.map(([, file]) => file));
});

test("[C103] files of the same name that are not the same are told apart", async () => {
  const text = (name: string) =>
    `syntax = "proto3"; package ${name}; message ${name} {} service S { rpc Call(${name}) returns (${name}); }`;
  const [one, other, again] = ["One", "Other", "One"].map((name) => parseProto(text(name))["S"]!);
  const prepare = (server: Server) => {
    server.addService(one!, {});
    server.addService(other!, {});
    assertEquals(again!.file!.name, one!.file!.name);
  };
  const responses = await ask([], ["One.S", "Other.S", "Other.Other"].map(bySymbol), { prepare });
  assertEquals(responses.map(files), [["(text)"], ["2/(text)"], ["2/(text)"]]);
  const [named] = await ask([], [byName("2/(text)")], { prepare });
  const [bytes] = named!.fileDescriptorResponse!.fileDescriptorProto!;
  assertEquals(loadDescriptors([bytes!])["S"]!.fullName, "Other.S");
  const twice = (server: Server) => {
    server.addService(one!, {});
    server.addService({
      ...again!,
      fullName: "Again.S",
      methods: { call: rawMethod("/Again.S/Call", "unary") },
    }, {});
  };
  const [absent] = await ask([], [byName("2/(text)")], { prepare: twice });
  assertEquals(absent!.errorResponse!.errorCode, Status.NOT_FOUND);
});

test("[C103] imported files of the same name that are not the same are told apart by those that import them", async () => {
  const load = async (pack: string) => {
    const files = {
      "deep.proto": `syntax = "proto3"; package ${pack}; message Deep {}`,
      "common.proto":
        `syntax = "proto3"; package ${pack}; import public "deep.proto"; message Common { Deep deep = 1; }`,
      "mid.proto": `syntax = "proto3"; import public "common.proto";`,
      "service.proto": `syntax = "proto3"; package ${pack}; import "google/protobuf/empty.proto";
        import "mid.proto"; service S { rpc Call(Common) returns (google.protobuf.Empty); }`,
    };
    return (await loadProto({ files, entry: "service.proto" }))["S"]!;
  };
  const services = [await load("one"), await load("other")];
  const requests = ["one.S", "other.S", "other.Common", "one.Deep", "other.Deep"].map(bySymbol);
  const responses = await ask(services, [...requests, byName("2/common.proto")]);
  const empty = "google/protobuf/empty.proto";
  assertEquals(responses.map(files), [
    ["service.proto", empty, "mid.proto", "common.proto", "deep.proto"],
    ["2/service.proto", "2/mid.proto", "2/common.proto", "2/deep.proto"],
    ["2/common.proto"],
    ["deep.proto"],
    ["2/deep.proto"],
    ["2/common.proto"],
  ]);
  const sent = responses.slice(0, 2).flatMap(({ fileDescriptorResponse }) =>
    fileDescriptorResponse!.fileDescriptorProto
  );
  const { dependency, publicDependency } = descriptorCodecs().file.decode(sent[7]!);
  assertEquals([dependency, publicDependency], [["2/deep.proto"], [0]]);
  const described = loadDescriptors(sent);
  assertEquals(["one.S", "other.S"].map((name) => described[name]!.fullName), ["one.S", "other.S"]);
  // The same files, loaded twice, are one.
  const again = { ...await load("one"), fullName: "again.S", methods: BY_HAND.methods };
  const [absent] = await ask([services[0]!, again], [byName("2/common.proto")]);
  assertEquals(absent!.errorResponse!.errorCode, Status.NOT_FOUND);
});

test("[C103] services that come and go later are seen", async () => {
  const simulation = new Simulation();
  const at = simulation.host();
  const server = new Server({ poller: at, credentials: insecure });
  new Reflection(server);
  await server.listen("0.0.0.0:80");
  const channel = new Channel(`${at.hostAddress}:80`, { poller: simulation.host(), credentials: insecure });
  const added = Promise.withResolvers<void>();
  const requests = async function* () {
    yield bySymbol("shop.v1.Shop");
    await added.promise;
    yield bySymbol("shop.v1.Shop");
    yield listServices;
  };
  const responses: ReflectionResponse[] = [];
  const asked = (async () => {
    for await (
      const response of createClient(reflectionService(), channel).serverReflectionInfo(requests())
    ) {
      if (responses.push(response) > 1) continue;
      server.addService(SHOP, {});
      added.resolve();
    }
  })();
  await simulation.run({ until: simulation.now + 1000 });
  await asked;
  assertEquals(responses[0]!.errorResponse!.errorCode, Status.NOT_FOUND);
  assertEquals(files(responses[1]!)[0], "a.proto");
  assert(services(responses[2]!).includes("shop.v1.Shop"));
  channel.close();
  server.close();
  await simulation.run();
});

test("a server has reflection once, and nothing else has it", () => {
  assertThrows(() => new Reflection({} as Server), TypeError, "Cannot show its services: expected a Server");
  const server = new Server({ poller: new Simulation().host(), credentials: insecure });
  new Reflection(server);
  assertThrows(() => new Reflection(server), TypeError, "served already");
  server.close();
});
