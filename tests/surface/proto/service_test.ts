// Service descriptors: names, paths, kinds, and the types users give them.

import { assertEquals, assertStrictEquals } from "@std/assert";
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
