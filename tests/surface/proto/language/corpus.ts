// Sets of .proto files that are right, with what is rarely written among it.

/** Files by import path, the first one being the entry. */
export type Files = Readonly<Record<string, string>>;

const PROTO3 = `// A comment
syntax = "pro" 'to3'; /* another */ package a . b;
import "google/protobuf/any.proto";
import public "google/protobuf/timestamp.proto";
option java_package = "x" ".y";
option optimize_for = SPEED;
;
message M {
  option deprecated = true;
  ;
  int32 id = 1;
  repeated string names = 0x2 [deprecated = true, json_name = "Names"];
  optional double d = 3;
  map<string, M> children = 4;
  map < int32 , Color > colors = 5;
  oneof kind { string s = 6; N n = 7; google.protobuf.Any any = 010; }
  message N {
    Color color = 1; .a.b.M back = 2; b.M other = 3; repeated int32 loose = 4 [packed = false]; optional M.N n = 5;
  }
  enum Inner { I_ZERO = 0; I_ONE = 1; I_NEG = -1; I_LEAST = -0x80000000; }
  Inner inner = 9; repeated Inner inners = 11;
  reserved 20, 30 to 40, 1000 to max;
  reserved "old", "ol" "der";
  . google . protobuf . Timestamp at = 10;
  int32 Shadow = 16; Shadow past_it = 17; message Deep { int32 N = 1; N past = 2; }
  repeated double packed = 12; repeated bytes bytes = 13; repeated M list = 14; bool flag = 15;
}
message Shadow {}
enum Color { option allow_alias = true; RED = 0; GREEN = 1; VERT = 1; reserved 5 to 10, 100 to max; reserved "BLUE"; }
service S {
  option deprecated = false;
  rpc Get(M) returns (M.N) { option idempotency_level = IDEMPOTENT; ; }
  rpc Watch(M.N) returns (stream M);
  rpc Put(stream b.M) returns (M) { option deprecated = true; option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Chat(stream .a.b.M) returns (stream a.b.M) {}
}`;

const PROTO2 = `package old; import "google/protobuf/descriptor.proto";
message Old {
  required int32 id = 1 [default = 0x7f];
  optional string name = 2 [default = "n\\303\\251\\u00e9\\x41\\a\\?\\U0001f600\\ud83d\\ude00" '\\'"'];
  optional bytes raw = 3 [default = "\\000\\xff\\377\\1a\\u20ac\\n\\\\"];
  optional float f = 4 [default = -1.1e3]; optional float f2 = 11 [default = 1.1]; optional float f3 = 12 [default = 1e300];
  optional double inf = 5 [default = -inf]; optional double nan = 13 [default = nan]; optional double zero = 14 [default = -0];
  optional double hex = 15 [default = 0x10]; 
  optional double point = 17 [default = .5e-3]; optional double late = 18 [default = 1.];
  optional Kind kind = 6 [default = TWO]; optional Kind plain = 19;
  repeated group Item = 7 { optional int32 x = 1; repeated int64 packed = 2 [packed = true]; repeated int64 loose = 3; }
  oneof choice { group Alt = 8 { optional bool y = 1; } uint64 u = 9; Old old = 29; }
  extensions 100 to 199, 500 to max;
  optional int64 least = 10 [default = -9223372036854775808]; optional uint64 most = 20 [default = 0xffffffffffffffff];
  optional int32 octal = 21 [default = -017]; optional sint32 s = 22 [default = -2147483648];
  optional fixed32 x = 23 [default = 4294967295]; optional bool no = 24 [default = false]; optional string empty = 25 [default = ""];
  required group Must = 26 { required bool sure = 1; }
  enum Kind { ONE = 1; TWO = 2; NEG = -5; }
  message Nested { extend Old { optional Nested in = 101; } optional map entry = 1; message map {} }
  optional stream flow = 27; message stream {}
  map<bool, Kind2> kinds = 28; enum Kind2 { ZERO = 0; }
}
extend Old { optional string extra = 100; repeated group Ext = 102 { optional int32 z = 1; } }
extend google.protobuf.FieldOptions { optional string mark = 50000; repeated Old.Kind kinds = 50001; optional Old old = 50002; }
message Used { optional int32 a = 1 [(mark) = "x", (kinds) = ONE, (.old.kinds) = TWO, (old) = { id: 1 Must < sure: true > }]; }`;

const EDITION = `edition = "2023"; package ed;
import "google/protobuf/cpp_features.proto";
option features.field_presence = IMPLICIT;
option features.(pb.cpp).string_type = VIEW;
message M {
  int32 a = 1;
  int32 b = 2 [features.field_presence = EXPLICIT, default = 5];
  int32 c = 3 [features.field_presence = LEGACY_REQUIRED];
  repeated int32 d = 4 [features.repeated_field_encoding = EXPANDED];
  repeated int32 packed = 12;
  M e = 5 [features.message_encoding = DELIMITED];
  repeated M es = 13 [features = { message_encoding: DELIMITED }];
  string f = 6 [features.utf8_validation = NONE];
  oneof o { int32 g = 7; M h = 8; }
  map<string, M> i = 9;
  Closed j = 10 [features.field_presence = EXPLICIT];
  enum Closed { option features.enum_type = CLOSED; X = 1; Y = 2; reserved Z; }
  message Inner { option features.json_format = LEGACY_BEST_EFFORT; M m = 1; map<int32, M> ms = 2; }
  reserved foo, bar; reserved 99;
  extensions 100 to max;
}
extend M { int32 ext = 100; repeated M more = 101 [features.message_encoding = DELIMITED]; }`;

const DELIMITED = `edition = "2023"; package ed; option features.message_encoding = DELIMITED;
option features.repeated_field_encoding = EXPANDED;
message M { M m = 1; map<string, M> map = 2; repeated M ms = 3; oneof o { M in_oneof = 4; } repeated int32 n = 5; }`;

const EDITION_2024 = `edition = "2024"; package late;
import option "google/protobuf/cpp_features.proto";
export message M { local enum E { E_UNKNOWN = 0; } E e = 1; string local = 2; }
local message Hidden { M export = 1; }`;

/** Names that mean something to a language, in every place that takes one. */
const names = (name: string) =>
  `syntax = "proto3"; package ${name};
message ${name} { int32 ${name} = 1; repeated .${name}.${name} list = 2; map<string, .${name}.${name}> map = 3;
  oneof ${name}_one { string ${name}_s = 4; .${name}.${name} ${name}_m = 5; } enum ${name}_e { ${name}_zero = 0; } }
enum E_${name} { ${name}_none = 0; }
service S_${name} { rpc ${name}(.${name}.${name}) returns (stream .${name}.${name}); }`;

/** Names that a language, or this library, gives a meaning. */
export const NAMES = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype", "then", "length"],
  ...["undefined", "null", "NaN", "arguments", "eval", "await", "default", "messages", "enums"],
  ...[
    "service",
    "message",
    "enum",
    "rpc",
    "stream",
    "returns",
    "option",
    "package",
    "import",
    "syntax",
    "max",
    "inf",
  ],
];

const SCOPES: Files = {
  "main.proto": `syntax = "proto3"; package a.b.c; import "one.proto"; import "two.proto";
    message M { X x = 1; a.X ax = 2; .a.X dot = 3; b.X bx = 4; c.X cx = 5; message X { X self = 1; M m = 2; }
      Open open = 6; deep.Open deep = 7; sub.Sub sub = 8; }
    message X {}`,
  "one.proto": 'syntax = "proto3"; package a; import public "three.proto"; message X {} message Open {}',
  "two.proto": 'syntax = "proto3"; package a.b; message X {} message Open {}',
  "three.proto": `syntax = "proto3"; package a.b.deep; import public "sub/four.proto"; message Open {}`,
  "sub/four.proto": `syntax = "proto3"; package a.sub; message Sub {}`,
};

/** All sets that every protoc takes. */
export const CORPUS: readonly Files[] = [
  { "proto3.proto": PROTO3 },
  { "proto2.proto": PROTO2 },
  SCOPES,
  { "one_line.proto": "message service{}enum E{A=0;}message M{optional service s=1;}//" },
  { "empty.proto": "" },
  ...NAMES.map((name) => ({ [`${name}.proto`]: names(name) })),
];

/** Those that protoc takes since 27. */
export const NEWER_CORPUS: readonly Files[] = [
  {
    "late.proto": `message M { optional double d = 1 [default = 99999999999999999999999999];
      optional string s = 2 [default = "\\X41"]; }`,
  },
  { "edition.proto": EDITION },
  { "delimited.proto": DELIMITED },
  { "edition_2024.proto": EDITION_2024 },
];
