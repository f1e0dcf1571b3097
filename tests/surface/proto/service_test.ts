// Service descriptors: names, paths, kinds, and the types users give them.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Channel, createClient, Server } from "pollwire";
import { parseProto } from "../../../surface/proto/parse.ts";
import {
  type BidiStreaming,
  camelCase,
  type ClientStreaming,
  localMethodName,
  type RequestOf,
  type ResponseOf,
  type ServerStreaming,
  type ServiceOf,
  type Unary,
} from "../../../surface/proto/service.ts";
import { test } from "../../harness.ts";

interface Point {
  latitude?: number;
  longitude?: number;
}
interface Note {
  location?: Point;
  message?: string;
}

interface RouteGuideProto {
  RouteGuide: ServiceOf<{
    getFeature: Unary<Point, Note>;
    listFeatures: ServerStreaming<Point, Note>;
    recordRoute: ClientStreaming<Point, Note>;
    routeChat: BidiStreaming<Note, Note>;
  }>;
}

const SOURCE = `syntax = "proto3"; package routeguide;
message Point { int32 latitude = 1; int32 longitude = 2; }
message Note { Point location = 1; string message = 2; }
service RouteGuide {
  rpc GetFeature(Point) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc ListFeatures(Point) returns (stream Note);
  rpc RecordRoute(stream Point) returns (Note) {}
  rpc RouteChat(stream Note) returns (stream .routeguide.Note);
}`;

test("a service has its methods with path, kind and codecs", () => {
  const proto = parseProto<RouteGuideProto>(SOURCE);
  const { RouteGuide } = proto;
  assertEquals(RouteGuide.fullName, "routeguide.RouteGuide");
  assertEquals(Object.keys(RouteGuide.methods), ["getFeature", "listFeatures", "recordRoute", "routeChat"]);
  const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.methods;
  assertEquals(getFeature.name, "GetFeature");
  assertEquals(getFeature.localName, "getFeature");
  assertEquals(getFeature.path, "/routeguide.RouteGuide/GetFeature");
  assertEquals(getFeature.idempotency, "NO_SIDE_EFFECTS");
  assertEquals(
    [getFeature.kind, listFeatures.kind, recordRoute.kind, routeChat.kind],
    ["unary", "serverStreaming", "clientStreaming", "bidiStreaming"],
  );
  assertEquals("idempotency" in listFeatures, false);
  assertStrictEquals(getFeature.requestCodec, proto.messages["routeguide.Point"]);
  assertStrictEquals(routeChat.responseCodec, proto.messages["routeguide.Note"]);
  const request: RequestOf<typeof getFeature> = getFeature.requestCodec.decode(Uint8Array.of(8, 5));
  assertEquals(request.latitude, 5);
  const response: ResponseOf<typeof routeChat> = { message: "typed" };
  assertEquals(response.message, "typed");
});

test("a service is found by simple and by full name", () => {
  const proto = parseProto(SOURCE);
  assertStrictEquals(proto["routeguide.RouteGuide"], proto["RouteGuide"]);
  assertEquals(proto["RouteGuide"]!.methods["getFeature"]!.kind, "unary");
});

test("names become lowerCamelCase", () => {
  assertEquals(["route_count", "a", "line_1_a", "_lead", "trail_", "a__b", "already"].map(camelCase), [
    "routeCount",
    "a",
    "line1A",
    "lead",
    "trail",
    "aB",
    "already",
  ]);
  assertEquals(["GetFeature", "get_feature", "HTTPGet", "x"].map(localMethodName), [
    "getFeature",
    "getFeature",
    "hTTPGet",
    "x",
  ]);
});

test("fields whose names would be the same keep their own", () => {
  const { messages } = parseProto(`syntax = "proto3";
    message M { int32 fooBar = 1; int32 foo_bar = 2; int32 a_b = 3; int32 a__b = 4; oneof c_d { int32 e_f = 5; } }`);
  assertEquals(Object.keys(messages["M"]!.decode(new Uint8Array(0))), [
    "fooBar",
    "foo_bar",
    "aB",
    "a__b",
    "eF",
    "cD",
  ]);
});

test("methods whose local names would be the same keep their own", () => {
  const { S } = parseProto(`syntax = "proto3"; message M {}
    service S { rpc Get(M) returns (M); rpc get(M) returns (M); rpc Put(M) returns (M); }`);
  assertEquals(Object.keys(S!.methods), ["Get", "get", "put"]);
  assertEquals(S!.methods["get"]!.path, "/S/get");
});

test("methods that JavaScript calls by itself get a $, so that a client is no promise and makes no calls unasked", async () => {
  const names = [
    "Then",
    "ToString",
    "ToJSON",
    "ValueOf",
    "Constructor",
    "to_locale_string",
    "Catch",
    "HasOwnProperty",
  ];
  const { S } = parseProto(`syntax = "proto3"; message M {}
    service S { ${names.map((name) => `rpc ${name}(M) returns (M);`).join(" ")} }`);
  assertEquals(Object.keys(S!.methods), [
    "then$",
    "toString$",
    "toJSON$",
    "valueOf$",
    "constructor$",
    "toLocaleString$",
    "catch",
    "hasOwnProperty",
  ]);
  assertEquals([S!.methods["then$"]!.localName, S!.methods["then$"]!.path], ["then$", "/S/Then"]);
  using channel = new Channel("127.0.0.1:1");
  const client = createClient(S!, channel);
  const made = await (async () => await Promise.resolve(client))();
  assertStrictEquals(made, client);
  assertEquals(`${client}`, "[object Object]");
  assertEquals(JSON.stringify(client), "{}");
});

test("a method that is named as one with a $ would be by its first letter keeps what it has", () => {
  const { S } = parseProto(
    `syntax = "proto3"; message M {} service S { rpc Then(M) returns (M); rpc then(M) returns (M); }`,
  );
  assertEquals(Object.entries(S!.methods).map(([name, { path }]) => [name, path]), [["Then", "/S/Then"], [
    "then$",
    "/S/then",
  ]]);
});

test("a method of underscores alone keeps them, for its camel case is empty", () => {
  const { S } = parseProto(
    `syntax = "proto3"; message M {} service S { rpc __(M) returns (M); rpc _(M) returns (M); }`,
  );
  assertEquals(Object.entries(S!.methods).map(([name, { path }]) => [name, path]), [["__", "/S/__"], [
    "_",
    "/S/_",
  ]]);
});

test("services called messages or enums stand beside these, with a $", () => {
  const source = (head: string) =>
    `syntax = "proto3"; ${head} message M {} enum E { A = 0; }
    service messages { rpc A(M) returns (M); } service enums { rpc A(M) returns (M); } service constructor {}`;
  const bare = parseProto(source(""));
  assertEquals([bare["messages$"]!.fullName, bare["enums$"]!.fullName], ["messages", "enums"]);
  const { constructor } = bare as unknown as { constructor: unknown };
  assertEquals((constructor as { fullName: string }).fullName, "constructor");
  assertEquals([Object.keys(bare.messages), Object.keys(bare.enums)], [["M"], ["E"]]);
  const inPackage = parseProto(source("package q;"));
  assertStrictEquals(inPackage["messages$"], inPackage["q.messages"]);
  assertEquals(inPackage["q.messages"]!.fullName, "q.messages");
});

test("what is no service is refused by channels and servers, with what it probably is", () => {
  const loaded = parseProto(SOURCE);
  const generated = { kind: "service", typeName: "q.S", methods: [{ name: "A" }], method: {} };
  const definition = { A: { path: "/q.S/A", requestStream: false, requestSerialize: () => {} } };
  const cases: [unknown, string][] = [
    [undefined, "expected a service that loadProto or parseProto made, found undefined"],
    ["q.S", 'found the string "q.S"'],
    [{}, "found an object"],
    [generated, 'found q.S of protobuf-es: give what fromGenService of "pollwire/protobuf-es" makes of it'],
    [definition, "found a service of grpc-js: load its .proto file"],
    [Object.assign(class {}, { service: definition }), "found a client class of grpc-js"],
    [loaded, "found all that was loaded: take one service, as .RouteGuide"],
    [loaded["RouteGuide"]!.methods, "found its methods alone"],
    [{ fullName: "q.S", methods: [{}] }, "expected a service"],
  ];
  using channel = new Channel("127.0.0.1:1");
  using server = new Server();
  for (const [value, says] of cases) {
    const service = value as NonNullable<typeof loaded["RouteGuide"]>;
    assertThrows(() => createClient(service, channel), TypeError, "Cannot make a client: ");
    assertThrows(() => createClient(service, channel), TypeError, says);
    assertThrows(() => server.addService(service, {}), TypeError, says);
    assertThrows(() => server.removeService(service), TypeError, "Cannot remove a service: ");
  }
  const { RouteGuide } = loaded;
  assertThrows(
    () => server.addService(RouteGuide!, { getFeatures: () => ({}) }),
    TypeError,
    'Cannot add handler "getFeatures" to routeguide.RouteGuide: no such method; did you mean getFeature?',
  );
  assertThrows(
    () => server.addService(RouteGuide!, undefined as never),
    TypeError,
    "its handlers are undefined",
  );
});
