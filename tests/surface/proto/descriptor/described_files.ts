// .proto files with every kind of declaration, and the FileDescriptorProtos that protoc 35.1 makes of them.

/** Texts by import path. Of editions are those whose names begin with "e". */
export const TEXTS: Readonly<Record<string, string>> = {
  "a.proto": String.raw`syntax = "proto2";
package shop.v1;
import "google/protobuf/descriptor.proto";
import public "sub/b.proto";
import "google/protobuf/any.proto";
option java_package = "com.\"x\" \303\244" "y";
option optimize_for = CODE_SIZE;
option (file_opt) = { name: "n" list: [1, 2, -3] sub { deep: 1.5 e: TWO } [shop.v1.more]: 'q' any { [type.googleapis.com/shop.v1.Item] { name: "in" count: 3 } } };
message Opt { optional string name = 1; repeated int32 list = 3 [packed = true]; optional Sub sub = 2;
  extensions 100 to 199; optional google.protobuf.Any any = 7; optional group G = 8 { optional bool b = 1; } map<string, int32> m = 9; }
message Sub { optional double deep = 1; optional E e = 2; }
enum E { ONE = 1; TWO = 2; reserved 5, 7 to 9, 100 to max; reserved "OLD"; }
enum A { option allow_alias = true; X = 0; Y = 0 [deprecated = true, (val_opt) = "v"]; Z = -1; }
extend Opt { optional string more = 100; }
extend google.protobuf.FileOptions { optional Opt file_opt = 50001; }
extend google.protobuf.FieldOptions { optional sint64 fo = 50001; repeated fixed32 rep = 50002; optional float fl = 50003; optional bytes by = 50004; }
extend google.protobuf.MessageOptions { optional Opt mo = 50001; }
extend google.protobuf.EnumValueOptions { optional string val_opt = 50001; }
extend google.protobuf.EnumOptions { optional bool eo = 50001; }
extend google.protobuf.OneofOptions { optional bool oo = 50001; }
extend google.protobuf.ServiceOptions { optional Opt so = 50001; }
extend google.protobuf.MethodOptions { optional Opt me = 50001; }
extend google.protobuf.ExtensionRangeOptions { optional bool er = 50001; }
message Item {
  option (mo) = { G { b: true } m { key: "k" value: 3 } m: { key: "z" value: 4 } };
  optional string name = 1 [json_name = "label", (fo) = -5, (rep) = 7, (fl) = 0.1, (shop.v1.by) = "\001\377x"];
  required int32 count = 2 [default = -7];
  optional uint64 big = 3 [default = 18446744073709551615];
  optional double d = 4 [default = 1e-10, deprecated = true];
  optional float f = 5 [default = 3.4028235e38];
  optional float f2 = 50 [default = 0.1]; optional double d2 = 51 [default = -inf]; optional double d3 = 52 [default = nan]; optional double d4 = 53 [default = 123456789012345678]; optional double d5 = 54 [default = 0.1]; optional float f3 = 55 [default = 16777216]; optional double d6 = 56 [default = 1e15]; optional double d7 = 57 [default=-0.0]; optional float f4 = 58 [default = 1000000]; optional double d8 = 59 [default=0.3333333333333333333];optional float f5 = 61 [default = 0.333333333];
  optional bytes by = 6 [default = "a\000\377\n\"'\\\t?"];
  optional string s = 7 [default = "h\303\244 \"q\" \n"];
  optional E e = 8 [default = TWO];
  optional bool b = 9 [default = true];
  repeated group Line = 10 { optional int32 x = 1; }
  oneof kind { option (oo) = true; string left = 11; group Right = 12 { optional int32 y = 1; } }
  map<int32, Item> _by_id = 13;
  map<string, A> names_2x = 14;
  repeated sint32 packed_list = 15 [packed = true];
  reserved 20, 22 to 24, 1000 to max;
  reserved "gone", "away";
  extensions 30 to 39, 45 [(er) = true];
  extend Item { optional group Ext = 31 { optional int32 z = 1; } repeated string ext_list = 32; }
  message Nested { message Deep { } enum In { option (eo) = false; I0 = 0; } }
  optional .shop.v1.Item.Nested.Deep deep = 16;
  optional shop.v1.sub.B other = 17 [lazy = true];
  optional fixed64 fx = 18 [jstype = JS_STRING];
}
message MSet { option message_set_wire_format = true; extensions 4 to max; }
extend Item { optional string TopLevel_ext = 33 [default = "d"]; }
service Shop { option (so).name = "svc"; option deprecated = true;
  rpc Get (Item) returns (shop.v1.sub.B) {}
  rpc List (stream Item) returns (stream Item);
  rpc Up (stream Item) returns (Item) { option idempotency_level = NO_SIDE_EFFECTS; option (me) = { name: 'x' }; }
}
`,
  "sub/b.proto": String.raw`syntax = "proto3";
package shop.v1.sub;
import weak "sub/c.proto";

message B {
  optional int32 a = 1; int32 b = 2; optional string _c = 3; oneof o { C x = 4; bool q = 5; } oneof _a { int32 z = 12; } repeated int32 p = 6 [packed = false];
  map<string, C> cs = 7; optional int32 o2 = 8; repeated int64 fooBar_baz__qux_ = 10;
  enum En { Z = 0; }
  En en = 11;
}
`,
  "sub/c.proto": String.raw`syntax = "proto3"; package shop.v1.sub; message C {}
`,
  "e23.proto": String.raw`edition = "2023";
package shop.e23;
import "google/protobuf/go_features.proto";
option features.field_presence = IMPLICIT;
option features.(pb.go).api_level = API_OPAQUE;
message M {
  int32 a = 1;
  string b = 2 [features.field_presence = EXPLICIT, default = "x"];
  M m = 3 [features.message_encoding = DELIMITED];
  string r = 4 [features.field_presence = LEGACY_REQUIRED];
  repeated int32 list = 5 [features.repeated_field_encoding = EXPANDED];
  map<string, M> ms = 6;
  oneof one { bool yes = 7; bool no = 8; }
  reserved gone, away;
  reserved 9 to 10;
  extensions 100 to 199 [declaration = { number: 100, full_name: ".shop.e23.ext", type: "int32" }];
  enum Open { ZERO = 0; }
  enum Closed { option features.enum_type = CLOSED; FIRST = 1; reserved OLD; }
}
extend M { int32 ext = 100 [default = 3]; }
`,
  "e24.proto": String.raw`edition = "2024";
package shop.e24;
import "e23.proto";
import option "opts.proto";
option (shop.opts.flag) = true;
export message Seen { shop.e23.M m = 1; local enum In { IN_UNKNOWN = 0; } }
local message Hidden { option (shop.opts.kept) = { runtime: "r" source: "s" }; option (shop.opts.kept_not) = 3; message Inner {} }
local enum HiddenKind { HIDDEN_KIND_UNKNOWN = 0; }
`,
  "opts.proto": String.raw`edition = "2023";
package shop.opts;
import "google/protobuf/descriptor.proto";
message Kept { string runtime = 1; string source = 2 [retention = RETENTION_SOURCE]; }
extend google.protobuf.FileOptions { bool flag = 50100; }
extend google.protobuf.MessageOptions { Kept kept = 50100; int32 kept_not = 50101 [retention = RETENTION_SOURCE]; }
`,
};

/** In base64, by import path. */
export const DESCRIPTORS: Readonly<Record<string, string>> = {
  "a.proto": [
    "CgdhLnByb3RvEgdzaG9wLnYxGiBnb29nbGUvcHJvdG9idWYvZGVzY3JpcHRvci5wcm90bxoLc3ViL2IucHJvdG8aGWdvb2ds",
    "ZS9wcm90b2J1Zi9hbnkucHJvdG8iigIKA09wdBISCgRuYW1lGAEgASgJUgRuYW1lEhYKBGxpc3QYAyADKAVCAhABUgRsaXN0",
    "Eh4KA3N1YhgCIAEoCzIMLnNob3AudjEuU3ViUgNzdWISJgoDYW55GAcgASgLMhQuZ29vZ2xlLnByb3RvYnVmLkFueVIDYW55",
    "EhwKAWcYCCABKAoyDi5zaG9wLnYxLk9wdC5HUgFnEiEKAW0YCSADKAsyEy5zaG9wLnYxLk9wdC5NRW50cnlSAW0aEQoBRxIM",
    "CgFiGAEgASgIUgFiGjQKBk1FbnRyeRIQCgNrZXkYASABKAlSA2tleRIUCgV2YWx1ZRgCIAEoBVIFdmFsdWU6AjgBKgUIZBDI",
    "ASIzCgNTdWISEgoEZGVlcBgBIAEoAVIEZGVlcBIYCgFlGAIgASgOMgouc2hvcC52MS5FUgFlItYKCgRJdGVtEi4KBG5hbWUY",
    "ASABKAlCGYi1GAmVtRgHAAAAnbUYzczMPaK1GAMB/3hSBWxhYmVsEhgKBWNvdW50GAIgAigFOgItN1IFY291bnQSJgoDYmln",
    "GAMgASgEOhQxODQ0Njc0NDA3MzcwOTU1MTYxNVIDYmlnEhcKAWQYBCABKAE6BTFlLTEwQgIYAVIBZBIcCgFmGAUgASgCOg4z",
    "LjQwMjgyMzQ3ZSszOFIBZhITCgJmMhgyIAEoAjoDMC4xUgJmMhIUCgJkMhgzIAEoAToELWluZlICZDISEwoCZDMYNCABKAE6",
    "A25hblICZDMSJgoCZDQYNSABKAE6FjEuMjM0NTY3ODkwMTIzNDU2OGUrMTdSAmQ0EhMKAmQ1GDYgASgBOgMwLjFSAmQ1EhgK",
    "AmYzGDcgASgCOggxNjc3NzIxNlICZjMSFQoCZDYYOCABKAE6BTFlKzE1UgJkNhISCgJkNxg5IAEoAToCLTBSAmQ3EhUKAmY0",
    "GDogASgCOgUxZSswNlICZjQSIwoCZDgYOyABKAE6EzAuMzMzMzMzMzMzMzMzMzMzMzFSAmQ4EhsKAmY1GD0gASgCOgswLjMz",
    "MzMzMzM0M1ICZjUSJAoCYnkYBiABKAw6FGFcMDAwXDM3N1xuXCJcJ1xcXHQ/UgJieRIXCgFzGAcgASgJOglow6QgInEiIApS",
    "AXMSHQoBZRgIIAEoDjIKLnNob3AudjEuRToDVFdPUgFlEhIKAWIYCSABKAg6BHRydWVSAWISJgoEbGluZRgKIAMoCjISLnNo",
    "b3AudjEuSXRlbS5MaW5lUgRsaW5lEhQKBGxlZnQYCyABKAlIAFIEbGVmdBIrCgVyaWdodBgMIAEoCjITLnNob3AudjEuSXRl",
    "bS5SaWdodEgAUgVyaWdodBItCgZfYnlfaWQYDSADKAsyFy5zaG9wLnYxLkl0ZW0uQnlJZEVudHJ5UgRCeUlkEjUKCG5hbWVz",
    "XzJ4GA4gAygLMhouc2hvcC52MS5JdGVtLk5hbWVzMnhFbnRyeVIHbmFtZXMyeBIjCgtwYWNrZWRfbGlzdBgPIAMoEUICEAFS",
    "CnBhY2tlZExpc3QSLQoEZGVlcBgQIAEoCzIZLnNob3AudjEuSXRlbS5OZXN0ZWQuRGVlcFIEZGVlcBIoCgVvdGhlchgRIAEo",
    "CzIOLnNob3AudjEuc3ViLkJCAigBUgVvdGhlchISCgJmeBgSIAEoBkICMAFSAmZ4GhQKBExpbmUSDAoBeBgBIAEoBVIBeBoV",
    "CgVSaWdodBIMCgF5GAEgASgFUgF5GkYKCUJ5SWRFbnRyeRIQCgNrZXkYASABKAVSA2tleRIjCgV2YWx1ZRgCIAEoCzINLnNo",
    "b3AudjEuSXRlbVIFdmFsdWU6AjgBGkYKDE5hbWVzMnhFbnRyeRIQCgNrZXkYASABKAlSA2tleRIgCgV2YWx1ZRgCIAEoDjIK",
    "LnNob3AudjEuQVIFdmFsdWU6AjgBGhMKA0V4dBIMCgF6GAEgASgFUgF6GiQKBk5lc3RlZBoGCgREZWVwIhIKAkluEgYKAkkw",
    "EAAaBIi1GAAqCggeECgaBIi1GAEqCggtEC4aBIi1GAEyMgoDZXh0Eg0uc2hvcC52MS5JdGVtGB8gASgKMhEuc2hvcC52MS5J",
    "dGVtLkV4dFIDZXh0MigKCGV4dF9saXN0Eg0uc2hvcC52MS5JdGVtGCAgAygJUgdleHRMaXN0OhaKtRgSQwgBREoFCgFrEANK",
    "BQoBehAEQgwKBGtpbmQSBIi1GAFKBAgUEBVKBAgWEBlKCQjoBxCAgICAAlIEZ29uZVIEYXdheSIUCgRNU2V0KggIBBD/////",
    "BzoCCAEqMAoBRRIHCgNPTkUQARIHCgNUV08QAiIECAUQBSIECAcQCSIICGQQ/////wcqA09MRCouCgFBEgUKAVgQABIOCgFZ",
    "EAAaBwgBirUYAXYSDgoBWhD///////////8BGgIQATKYAQoEU2hvcBImCgNHZXQSDS5zaG9wLnYxLkl0ZW0aDi5zaG9wLnYx",
    "LnN1Yi5CIgASKAoETGlzdBINLnNob3AudjEuSXRlbRoNLnNob3AudjEuSXRlbSgBMAESMAoCVXASDS5zaG9wLnYxLkl0ZW0a",
    "DS5zaG9wLnYxLkl0ZW0iCpACAYq1GAMKAXgoARoMiAIBirUYBQoDc3ZjOiAKBG1vcmUSDC5zaG9wLnYxLk9wdBhkIAEoCVIE",
    "bW9yZTpHCghmaWxlX29wdBIcLmdvb2dsZS5wcm90b2J1Zi5GaWxlT3B0aW9ucxjRhgMgASgLMgwuc2hvcC52MS5PcHRSB2Zp",
    "bGVPcHQ6LwoCZm8SHS5nb29nbGUucHJvdG9idWYuRmllbGRPcHRpb25zGNGGAyABKBJSAmZvOjEKA3JlcBIdLmdvb2dsZS5w",
    "cm90b2J1Zi5GaWVsZE9wdGlvbnMY0oYDIAMoB1IDcmVwOi8KAmZsEh0uZ29vZ2xlLnByb3RvYnVmLkZpZWxkT3B0aW9ucxjT",
    "hgMgASgCUgJmbDovCgJieRIdLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMY1IYDIAEoDFICYnk6PwoCbW8SHy5nb29n",
    "bGUucHJvdG9idWYuTWVzc2FnZU9wdGlvbnMY0YYDIAEoCzIMLnNob3AudjEuT3B0UgJtbzo8Cgd2YWxfb3B0EiEuZ29vZ2xl",
    "LnByb3RvYnVmLkVudW1WYWx1ZU9wdGlvbnMY0YYDIAEoCVIGdmFsT3B0Oi4KAmVvEhwuZ29vZ2xlLnByb3RvYnVmLkVudW1P",
    "cHRpb25zGNGGAyABKAhSAmVvOi8KAm9vEh0uZ29vZ2xlLnByb3RvYnVmLk9uZW9mT3B0aW9ucxjRhgMgASgIUgJvbzo/CgJz",
    "bxIfLmdvb2dsZS5wcm90b2J1Zi5TZXJ2aWNlT3B0aW9ucxjRhgMgASgLMgwuc2hvcC52MS5PcHRSAnNvOj4KAm1lEh4uZ29v",
    "Z2xlLnByb3RvYnVmLk1ldGhvZE9wdGlvbnMY0YYDIAEoCzIMLnNob3AudjEuT3B0UgJtZTo4CgJlchImLmdvb2dsZS5wcm90",
    "b2J1Zi5FeHRlbnNpb25SYW5nZU9wdGlvbnMY0YYDIAEoCFICZXI6MwoMVG9wTGV2ZWxfZXh0Eg0uc2hvcC52MS5JdGVtGCEg",
    "ASgJOgFkUgtUb3BMZXZlbEV4dEJhCgtjb20uIngiIMOkeUgCirUYTgoBbhILCQAAAAAAAPg/EAIaDAEC/f//////////AToq",
    "CiB0eXBlLmdvb2dsZWFwaXMuY29tL3Nob3AudjEuSXRlbRIGCgJpbhADogYBcVAB",
  ].join(""),
  "sub/b.proto": [
    "CgtzdWIvYi5wcm90bxILc2hvcC52MS5zdWIaC3N1Yi9jLnByb3RvIoYDCgFCEhEKAWEYASABKAVIAlIBYYgBARIMCgFiGAIg",
    "ASgFUgFiEhIKAl9jGAMgASgJSANSAUOIAQESHgoBeBgEIAEoCzIOLnNob3AudjEuc3ViLkNIAFIBeBIOCgFxGAUgASgISABS",
    "AXESDgoBehgMIAEoBUgBUgF6EhAKAXAYBiADKAVCAhAAUgFwEiYKAmNzGAcgAygLMhYuc2hvcC52MS5zdWIuQi5Dc0VudHJ5",
    "UgJjcxITCgJvMhgIIAEoBUgEUgJvMogBARImChBmb29CYXJfYmF6X19xdXhfGAogAygDUgxmb29CYXJCYXpRdXgSIQoCZW4Y",
    "CyABKA4yES5zaG9wLnYxLnN1Yi5CLkVuUgJlbhpFCgdDc0VudHJ5EhAKA2tleRgBIAEoCVIDa2V5EiQKBXZhbHVlGAIgASgL",
    "Mg4uc2hvcC52MS5zdWIuQ1IFdmFsdWU6AjgBIgsKAkVuEgUKAVoQAEIDCgFvQgQKAl9hQgUKA1hfYUIFCgNYX2NCBQoDX28y",
    "WABiBnByb3RvMw==",
  ].join(""),
  "sub/c.proto": [
    "CgtzdWIvYy5wcm90bxILc2hvcC52MS5zdWIiAwoBQ2IGcHJvdG8z",
  ].join(""),
  "e23.proto": [
    "CgllMjMucHJvdG8SCHNob3AuZTIzGiFnb29nbGUvcHJvdG9idWYvZ29fZmVhdHVyZXMucHJvdG8i3AIKAU0SDAoBYRgBIAEo",
    "BVIBYRIWCgFiGAIgASgJOgF4QgWqAQIIAVIBYhIgCgFtGAMgASgLMgsuc2hvcC5lMjMuTUIFqgECKAJSAW0SEwoBchgEIAEo",
    "CUIFqgECCANSAXISGQoEbGlzdBgFIAMoBUIFqgECGAJSBGxpc3QSIwoCbXMYBiADKAsyEy5zaG9wLmUyMy5NLk1zRW50cnlS",
    "Am1zEhIKA3llcxgHIAEoCEgAUgN5ZXMSEAoCbm8YCCABKAhIAFICbm8aQgoHTXNFbnRyeRIQCgNrZXkYASABKAlSA2tleRIh",
    "CgV2YWx1ZRgCIAEoCzILLnNob3AuZTIzLk1SBXZhbHVlOgI4ASIQCgRPcGVuEggKBFpFUk8QACIeCgZDbG9zZWQSCQoFRklS",
    "U1QQARoEOgIQAioDT0xEKgUIZBDIAUIFCgNvbmVKBAgJEAtSBGdvbmVSBGF3YXk6IAoDZXh0Egsuc2hvcC5lMjMuTRhkIAEo",
    "BToBM1IDZXh0QgqSAwcIAtI+AhADYghlZGl0aW9uc3DoBw==",
  ].join(""),
  "e24.proto": [
    "CgllMjQucHJvdG8SCHNob3AuZTI0GgllMjMucHJvdG8iOwoEU2VlbhIZCgFtGAEgASgLMgsuc2hvcC5lMjMuTVIBbSIWCgJJ",
    "bhIOCgpJTl9VTktOT1dOEAAwAVgCIhwKBkhpZGRlbhoHCgVJbm5lcjoHorsYAwoBclgBKicKCkhpZGRlbktpbmQSFwoTSElE",
    "REVOX0tJTkRfVU5LTk9XThAAMAFCBKC7GAFiCGVkaXRpb25zcOkHegpvcHRzLnByb3Rv",
  ].join(""),
  "opts.proto": [
    "CgpvcHRzLnByb3RvEglzaG9wLm9wdHMaIGdvb2dsZS9wcm90b2J1Zi9kZXNjcmlwdG9yLnByb3RvIj0KBEtlcHQSGAoHcnVu",
    "dGltZRgBIAEoCVIHcnVudGltZRIbCgZzb3VyY2UYAiABKAlCA4gBAlIGc291cmNlOjIKBGZsYWcSHC5nb29nbGUucHJvdG9i",
    "dWYuRmlsZU9wdGlvbnMYtIcDIAEoCFIEZmxhZzpGCgRrZXB0Eh8uZ29vZ2xlLnByb3RvYnVmLk1lc3NhZ2VPcHRpb25zGLSH",
    "AyABKAsyDy5zaG9wLm9wdHMuS2VwdFIEa2VwdDpBCghrZXB0X25vdBIfLmdvb2dsZS5wcm90b2J1Zi5NZXNzYWdlT3B0aW9u",
    "cxi1hwMgASgFQgOIAQJSB2tlcHROb3RiCGVkaXRpb25zcOgH",
  ].join(""),
};
