// What protoc refuses, with its place and its words: one line a complaint.

/**
 * A text, the place of the complaint ("line:column") and its words without the final full stop. `newer`: protoc has said
 * so since 27, and 3.21 something else or nothing. `ours`: protoc has no place for it, or has other words, or crashes.
 */
export type Complaint = readonly [text: string, place: string, words: string, whose?: "newer" | "ours"];

const IN_PROTO3_MESSAGE: readonly Complaint[] = [
  ["int32 a = 0x;", "3:15", '"0x" must be followed by hex digits'],
  ["int32 a = 09;", "3:14", "Numbers starting with leading zero must be in octal"],
  ["int32 a = 1.2.3;", "3:16", "Already saw decimal point or exponent; can't have another one"],
  ["int32 a = 0x1.5;", "3:16", "Hex and octal numbers must be integers"],
  ["int32 a = 1e;", "3:15", '"e" must be followed by exponent'],
  ["int32 a = 12ab;", "3:15", "Need space between number and identifier"],
  ["/* a /* b */ int32 a = 1;", "3:9", '"/*" inside block comment.  Block comments cannot be nested'],
  ["int32 é = 1;", "3:9", "Interpreting non ascii codepoint 195"],
  ["\tint32\ta\t= ;", "3:27", "Expected field number"],
  ["int32 a = 1;\u0001", "3:15", "Invalid control characters encountered in text"],
  ["string s = 1; // €\n string 😀 = 2;", "4:9", "Interpreting non ascii codepoint 240"],
  ["int32 a", "4:1", "Missing field number"],
  ["int32 = 1;", "3:9", "Expected field name"],
  ["int32 a 1;", "3:11", "Missing field number"],
  ["int32 a = ;", "3:13", "Expected field number"],
  ["int32 a = -1;", "3:13", "Expected field number"],
  ["int32 a = x;", "3:13", "Expected field number"],
  ["int32 a = 1", "4:1", 'Expected ";"'],
  ["int32 a = 4294967296;", "3:13", "Integer out of range"],
  ["int32 a = 99999999999999999999999;", "3:13", "Integer out of range"],
  ["int32 a = 1 [;", "3:16", "Expected identifier"],
  ["int32 a = 1 [deprecated];", "3:26", 'Expected "="'],
  ["int32 a = 1 [deprecated = true", "4:1", 'Expected "]"'],
  ["int32 a = 1 [deprecated = true;", "3:33", 'Expected "]"'],
  ["int32 a = 1, 2;", "3:14", 'Expected ";"'],
  ["a = 1;", "3:5", "Expected field name"],
  ["map<int32 int32> m = 1;", "3:13", 'Expected ","'],
  ["map<int32, int32 m = 1;", "3:20", 'Expected ">"'],
  ["map<, int32> m = 1;", "3:7", "Expected type name"],
  [
    "repeated map<int32, int32> m = 1;",
    "3:15",
    "Field labels (required/optional/repeated) are not allowed on map fields",
  ],
  ["oneof o { map<int32, int32> m = 1; }", "3:16", "Map fields are not allowed in oneofs"],
  ["oneof { int32 a = 1; }", "3:9", "Expected oneof name"],
  ["oneof o { }", "3:13", "Expected type name"],
  [
    "oneof o { repeated int32 a = 1; }",
    "3:13",
    "Fields in oneofs must not have labels (required / optional / repeated)",
  ],
  [
    "oneof o { optional int32 a = 1; }",
    "3:13",
    "Fields in oneofs must not have labels (required / optional / repeated)",
  ],
  ["oneof o { int32 a = 1;", "4:2", "Reached end of input in message definition (missing '}')"],
  ["oneof o { ; int32 a = 1; }", "3:13", "Expected type name"],
  ["oneof o { option foo = 1; }", "3:9", "Oneof must have at least one field", "ours"],
  ["group G = 1 {}", "3:3", "Groups are not supported in proto3 syntax"],
  ["extensions 5 to 10;", "3:14", "Extension ranges are not allowed in proto3"],
  [
    "reserved a;",
    "3:12",
    "Reserved names must be string literals. (Only editions supports identifiers.)",
    "newer",
  ],
  ["int32 a = 1; string a = 2;", "3:23", '"a" is already defined in "M"'],
  ["message a {} int32 a = 1;", "3:11", '"a" is already defined in "M"'],
  ["oneof a { int32 b = 1; } int32 a = 2;", "3:34", '"a" is already defined in "M"'],
  ["oneof a { int32 a = 1; }", "3:19", '"a" is already defined in "M"'],
  [
    "map<int32, int32> foo = 1; message FooEntry {}",
    "3:38",
    '"FooEntry" is already defined in "M". "FooEntry" is the message that protobuf makes of a map field\'s entries',
  ],
  [
    "map<int32, int32> foo = 1; map<int32, int32> Foo = 2;",
    "3:48",
    '"FooEntry" is already defined in "M". "FooEntry" is the message that protobuf makes of a map field\'s entries',
    "ours",
  ],
  [
    "map<int32, int32> foo = 1; FooEntry x = 2;",
    "3:30",
    "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead",
  ],
  ["message N { int32 a = 1; } .N n = 1;", "3:30", '".N" is not defined'],
  ["int32 a = 0;", "3:13", "Field numbers must be positive integers"],
  [
    "int32 a = 19000;",
    "3:13",
    "Field numbers 19000 through 19999 are reserved for the protocol buffer library implementation",
  ],
  [
    "int32 a = 19999;",
    "3:13",
    "Field numbers 19000 through 19999 are reserved for the protocol buffer library implementation",
  ],
  ["int32 a = 536870912;", "3:13", "Field numbers cannot be greater than 536870911"],
  [
    "int32 a = 1; int32 b = 1;",
    "3:26",
    'Field number 1 has already been used in "M" by field "a". Next available field number is 2',
  ],
  [
    "int32 a = 1; int32 c = 2; int32 b = 1;",
    "3:39",
    'Field number 1 has already been used in "M" by field "a". Next available field number is 3',
  ],
  ["Gone a = 1;", "3:3", '"Gone" is not defined'],
  [".Gone a = 1;", "3:3", '".Gone" is not defined'],
  ["a.b.Gone a = 1;", "3:3", '"a.b.Gone" is not defined'],
  ["map<M, int32> m = 1;", "3:3", "Key in map fields cannot be float/double, bytes or message types"],
  ["map<double, int32> m = 1;", "3:3", "Key in map fields cannot be float/double, bytes or message types"],
  ["map<bytes, int32> m = 1;", "3:3", "Key in map fields cannot be float/double, bytes or message types"],
  ["enum E { A = 0; } map<E, int32> m = 1;", "3:21", "Key in map fields cannot be enum types"],
  ["map<int32, Gone> m = 1;", "3:3", '"Gone" is not defined', "ours"],
  ["int32 a = 1 [default = 1];", "3:26", "Explicit default values are not allowed in proto3"],
  ["required int32 a = 1;", "3:12", "Required fields are not allowed in proto3"],
  ["optional group G = 1 {}", "3:12", "Groups are not supported in proto3 syntax"],
  ['int32 a = 1 [json_name = "x", json_name = "y"];', "3:33", 'Already set option "json_name"'],
  ["int32 a = 1 [json_name = 5];", "3:28", "Expected string for JSON name"],
  ['int32 a = 1 [json_name = "a\\0b"];', "3:16", "json_name cannot have embedded null characters", "newer"],
  [
    "int32 a = 1 [packed = true];",
    "3:3",
    "[packed = true] can only be specified for repeated primitive fields",
  ],
  [
    "repeated string a = 1 [packed = true];",
    "3:12",
    "[packed = true] can only be specified for repeated primitive fields",
  ],
  [
    "repeated M a = 1 [packed = true];",
    "3:12",
    "[packed = true] can only be specified for repeated primitive fields",
  ],
  [
    "repeated int32 a = 1 [packed = 1];",
    "3:34",
    'Value must be identifier for boolean option "google.protobuf.FieldOptions.packed"',
  ],
  [
    "int32 a = 1 [ctype = FOO];",
    "3:24",
    'Enum type "google.protobuf.FieldOptions.CType" has no value named "FOO" for option "google.protobuf.FieldOptions.ctype"',
  ],
  [
    "int32 a = 1 [jstype = JS_STRING];",
    "3:3",
    "jstype is only allowed on int64, uint64, sint64, fixed64 or sfixed64 fields",
  ],
  ["int64 a = 1 [jstype = JS_STRING, jstype = JS_NUMBER];", "3:36", 'Option "jstype" was already set'],
  ["int32 a = 1 [lazy = true];", "3:3", "[lazy = true] can only be specified for submessage fields"],
  [
    "int32 a = 1 [foo = true];",
    "3:16",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "option foo = 1;",
    "3:10",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    'int32 a = 1 [value = "x"];',
    "3:16",
    'Option "value" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "option map_entry = true;",
    "3:10",
    "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead",
    "newer",
  ],
  ["option message_set_wire_format = true;", "2:9", "MessageSet is not supported in proto3"],
  [
    "oneof o { option foo = 1; int32 a = 1; }",
    "3:20",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "int32 a = 1 [features.field_presence = IMPLICIT];",
    "3:9",
    "Features are only valid under editions",
    "newer",
  ],
];

const IN_PROTO2_MESSAGE: readonly Complaint[] = [
  ['optional string s = 1 [default = "abc', "3:40", "String literals cannot cross line boundaries"],
  ['optional string s = 1 [default = "a\nb"];', "3:38", "String literals cannot cross line boundaries"],
  ['optional string s = 1 [default = "\\q"];', "3:38", "Invalid escape sequence in string literal"],
  ['optional string s = 1 [default = "\\x"];', "3:39", "Expected hex digits for escape sequence"],
  ['optional string s = 1 [default = "\\u12"];', "3:41", "Expected four hex digits for \\u escape sequence"],
  [
    'optional string s = 1 [default = "\\U00200000"];',
    "3:41",
    "Expected eight hex digits up to 10ffff for \\U escape sequence",
  ],
  [
    'optional string s = 1 [default = "😀"]; int32 a = 2;',
    "3:45",
    'Expected "required", "optional", or "repeated"',
  ],
  ["int32 a = 1;", "3:3", 'Expected "required", "optional", or "repeated"'],
  ["a = 1;", "3:3", 'Expected "required", "optional", or "repeated"'],
  [
    "optional map<int32, int32> m = 1;",
    "3:15",
    "Field labels (required/optional/repeated) are not allowed on map fields",
  ],
  ["map m = 1;", "3:7", 'Expected "required", "optional", or "repeated"'],
  ["optional group G = 1;", "3:23", "Missing group body"],
  ["optional group g = 1 {}", "3:18", "Group names must start with a capital letter"],
  ["optional group G = 1 { ", "4:2", "Reached end of input in message definition (missing '}')"],
  ["repeated group = 1 {}", "3:18", "Expected field name"],
  ["extensions;", "3:13", "Expected field number range"],
  ["extensions 1 to;", "3:18", "Expected integer"],
  ["extensions 1 to foo;", "3:19", "Expected integer"],
  ["extensions max;", "3:14", "Expected field number range"],
  ["extensions 100 to 1;", "3:14", "Extension range end number must be greater than start number"],
  ["extensions 0 to 5;", "3:14", "Extension numbers must be positive integers"],
  ["extensions 1 to 536870912;", "3:14", "Extension numbers cannot be greater than 536870911"],
  ["extensions 1, 1;", "3:14", "Extension range 1 to 1 overlaps with already-defined range 1 to 1"],
  [
    "extensions 1 to 10, 5 to 20;",
    "3:14",
    "Extension range 5 to 20 overlaps with already-defined range 1 to 10",
  ],
  ["reserved;", "3:11", "Expected field name or number range"],
  ['reserved "a", 5;', "3:17", "Expected field name string literal"],
  ['reserved 5, "a";', "3:15", "Expected field number range"],
  ["reserved 5 to 3;", "3:12", "Reserved range end number must be greater than start number", "newer"],
  ["reserved 0;", "3:12", "Reserved numbers must be positive integers", "newer"],
  [
    "reserved 1 to 5, 3;",
    "3:12",
    "Reserved range 3 to 3 overlaps with already-defined range 1 to 5",
    "newer",
  ],
  ['reserved "a", "a";', "2:9", 'Field name "a" is reserved multiple times'],
  ["reserved 5; optional int32 a = 5;", "3:12", 'Field "a" uses reserved number 5', "newer"],
  ["reserved 5 to max; optional int32 a = 6;", "3:12", 'Field "a" uses reserved number 6', "newer"],
  ['reserved "a"; optional int32 a = 5;', "3:32", 'Field name "a" is reserved'],
  ["extensions 5 to 10; optional int32 a = 7;", "3:14", 'Extension range 5 to 10 includes field "a" (7)'],
  [
    "extensions 5 to 10; reserved 8 to 20;",
    "3:14",
    "Extension range 5 to 10 overlaps with reserved range 8 to 20",
  ],
  [
    "optional int32 a = 1; extensions 2 to max; optional int32 b = 1;",
    "3:65",
    'Field number 1 has already been used in "M" by field "a". There are no available field numbers',
  ],
  ["repeated int32 a = 1 [default = 1];", "3:35", "Repeated fields can't have default values"],
  ["optional M a = 1 [default = x];", "3:31", "Messages can't have default values"],
  ["optional M a = 1 [default = 1];", "3:31", "Messages can't have default values"],
  ["optional int32 a = 1 [default = x];", "3:35", "Expected integer for field default value"],
  ["optional int32 a = 1 [default = 2147483648];", "3:35", "Integer out of range"],
  ["optional int32 a = 1 [default = -2147483649];", "3:36", "Integer out of range"],
  ["optional uint32 a = 1 [default = -1];", "3:37", "Unsigned field can't have negative default value"],
  ["optional uint32 a = 1 [default = 4294967296];", "3:36", "Integer out of range"],
  ["optional int64 a = 1 [default = 9223372036854775808];", "3:35", "Integer out of range"],
  ["optional uint64 a = 1 [default = 18446744073709551616];", "3:36", "Integer out of range"],
  ["optional int32 a = 1 [default = 1.5];", "3:35", "Expected integer for field default value"],
  ["optional bool a = 1 [default = 1];", "3:34", 'Expected "true" or "false"'],
  ["optional bool a = 1 [default = yes];", "3:34", 'Expected "true" or "false"'],
  ["optional string a = 1 [default = x];", "3:36", "Expected string for field default value"],
  ["optional string a = 1 [default = 7];", "3:36", "Expected string for field default value"],
  ["optional bytes a = 1 [default = 7];", "3:35", "Expected string"],
  ['optional float a = 1 [default = "x"];', "3:35", "Expected number"],
  ["optional float a = 1 [default = foo];", "3:35", "Expected number"],
  ["optional int32 a = 1 [default = 1, default = 2];", "3:38", 'Already set option "default"'],
  ["optional E a = 1 [default = C]; enum E { A = 0; }", "3:31", 'Enum type "M.E" has no value named "C"'],
  [
    "optional E a = 1 [default = 1]; enum E { A = 0; }",
    "3:31",
    "Default value for an enum field must be an identifier",
  ],
  [
    'optional E a = 1 [default = "A"]; enum E { A = 0; }',
    "3:31",
    "Default value for an enum field must be an identifier",
  ],
  ["optional group G = 1 [default = 1] {}", "3:35", "Messages can't have default values"],
  ["optional int32 a = 1 [default];", "3:32", 'Expected "="'],
  ["optional int32 a = 1 [default = ];", "3:35", "Expected integer for field default value"],
  ["optional double a = 1 [default = 0xffffffffffffffffff];", "3:36", "Integer out of range"],
  [
    "option message_set_wire_format = true; optional int32 a = 1;",
    "3:57",
    "MessageSets cannot have fields, only extensions",
  ],
  [
    "extensions 5 [foo = 1];",
    "3:17",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
];

const IN_2023_MESSAGE: readonly Complaint[] = [
  [
    "option features.field_presence = IMPLICIT;",
    "2:9",
    "Option google.protobuf.FeatureSet.field_presence cannot be set on an entity of type `message`",
    "ours",
  ],
  [
    "enum E { A = 0 [features.enum_type = OPEN]; }",
    "3:12",
    "Option google.protobuf.FeatureSet.enum_type cannot be set on an entity of type `enum entry`",
    "ours",
  ],
  ['reserved "a";', "3:12", "Reserved names must be identifiers in editions, not string literals", "newer"],
  [
    "optional int32 a = 1;",
    "3:3",
    'Label "optional" is not supported in editions. By default, all singular fields have presence unless features.field_presence is set',
    "newer",
  ],
  [
    "required int32 a = 1;",
    "3:3",
    'Label "required" is not supported in editions, use features.field_presence = LEGACY_REQUIRED',
    "newer",
  ],
  [
    "group G = 1 {}",
    "3:3",
    "Group syntax is no longer supported in editions. To get group behavior you can specify features.message_encoding = DELIMITED on a message field",
    "newer",
  ],
  [
    "repeated group G = 1 {}",
    "3:12",
    "Group syntax is no longer supported in editions. To get group behavior you can specify features.message_encoding = DELIMITED on a message field",
    "newer",
  ],
  [
    "int32 a = 1 [features.field_presence = FOO];",
    "3:42",
    'Enum type "google.protobuf.FeatureSet.FieldPresence" has no value named "FOO" for option "google.protobuf.FeatureSet.field_presence"',
    "newer",
  ],
  [
    "int32 a = 1 [features.foo = 1];",
    "3:16",
    'Option "features.foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
    "newer",
  ],
  [
    "int32 a = 1 [features.field_presence = FIELD_PRESENCE_UNKNOWN];",
    "3:9",
    "Feature field `field_presence` must resolve to a known value, found FIELD_PRESENCE_UNKNOWN",
    "newer",
  ],
  [
    "repeated int32 a = 1 [features.field_presence = IMPLICIT];",
    "3:18",
    "Repeated fields can't specify field presence",
    "newer",
  ],
  [
    "oneof o { int32 a = 1 [features.field_presence = IMPLICIT]; }",
    "3:19",
    "Oneof fields can't specify field presence",
    "newer",
  ],
  [
    "M a = 1 [features.field_presence = IMPLICIT];",
    "3:5",
    "Message fields can't specify implicit presence",
    "newer",
  ],
  [
    "int32 a = 1 [features.repeated_field_encoding = PACKED];",
    "3:9",
    "Only repeated fields can specify repeated field encoding",
    "newer",
  ],
  [
    "repeated string a = 1 [features.repeated_field_encoding = PACKED];",
    "3:19",
    "Only repeated primitive fields can specify PACKED repeated field encoding",
    "newer",
  ],
  [
    "int32 a = 1 [features.message_encoding = DELIMITED];",
    "3:9",
    "Only message fields can specify message encoding",
    "newer",
  ],
  [
    "map<int32, M> a = 1 [features.message_encoding = DELIMITED];",
    "3:17",
    "Only message fields can specify message encoding",
    "newer",
  ],
  [
    "int32 a = 1 [features.utf8_validation = NONE];",
    "3:9",
    "Only string fields can specify utf8 validation",
    "newer",
  ],
  [
    "repeated int32 a = 1 [packed = true];",
    "3:18",
    "Field option packed is not allowed under editions.  Use the repeated_field_encoding feature to control this behavior",
    "newer",
  ],
  [
    "int32 a = 1 [default = 5, features.field_presence = IMPLICIT];",
    "3:9",
    "Implicit presence fields can't specify defaults",
    "newer",
  ],
  [
    "enum E { option features.enum_type = CLOSED; A = 1; } E a = 1 [features.field_presence = IMPLICIT];",
    "3:59",
    "Implicit presence enum fields must always be open",
    "newer",
  ],
];

const PROTO3: readonly Complaint[] = [
  ["/* never ends", "2:14", "End-of-file inside block comment"],
  ["message M { int32 a.1 = 1; }", "2:20", "Need space between identifier and decimal point"],
  ['syntax = "proto3";\n', "2:1", 'Expected top-level statement (e.g. "message")'],
  ["package a; package b;", "2:12", "Multiple package definitions"],
  ["package a..b;", "2:11", "Expected identifier"],
  ["package a.;", "2:11", "Expected identifier"],
  ["package 1a;", "2:10", "Need space between number and identifier"],
  ["import foo;", "2:8", "Expected a string naming the file to import"],
  ['import "a" ', "2:12", 'Expected ";"'],
  ['import public weak "a.proto";', "2:15", "Expected a string naming the file to import"],
  ["mesage M {}", "2:1", 'Expected top-level statement (e.g. "message")'],
  ["}", "2:1", 'Expected top-level statement (e.g. "message")'],
  ["message {}", "2:9", "Expected message name"],
  ["message M", "2:10", 'Expected "{"'],
  ["message M {", "2:12", "Reached end of input in message definition (missing '}')"],
  ["message M { int32 a = 1;", "2:25", "Reached end of input in message definition (missing '}')"],
  ["enum E {", "2:9", "Reached end of input in enum definition (missing '}')"],
  ["enum E", "2:7", 'Expected "{"'],
  ["enum {A=0;}", "2:6", "Expected enum name"],
  ["service S {", "2:12", "Reached end of input in service definition (missing '}')"],
  ["service S { rpc", "2:16", "Expected method name"],
  ["service S { rpc A }", "2:19", 'Expected "("'],
  ["service S { rpc A(M); }", "2:21", 'Expected "returns"'],
  ["message M{} service S { rpc A(M) returns M; }", "2:42", 'Expected "("'],
  [
    "message M{} service S { rpc A(M) returns (M) {",
    "2:47",
    "Reached end of input in method options (missing '}')",
  ],
  ["message M{} service S { rpc A(M) returns (M) { option }", "2:55", "Expected identifier"],
  ["message M{} service S { rpc A(int32) returns (M); }", "2:31", "Expected message type"],
  ["message M{} service S { rpc A(stream) returns (M); }", "2:37", "Expected type name"],
  ["message M{} service S { foo A(M) returns (M); }", "2:25", 'Expected "rpc"'],
  ["option;", "2:7", "Expected identifier"],
  ["option a;", "2:9", 'Expected "="'],
  ["option a = ;", "2:12", "Expected option value"],
  ['option a = -"x";', "2:13", "Invalid '-' symbol before string"],
  ["option a = -foo;", "2:16", "Identifier after '-' symbol must be inf or nan", "newer"],
  ["option (a = 1;", "2:11", 'Expected ")"'],
  ["option a. = 1;", "2:11", "Expected identifier"],
  ["option a = { b: 1", "2:18", "Unexpected end of stream while parsing aggregate value"],
  ["option a = 1", "2:13", 'Expected ";"'],
  ["extend", "2:7", "Expected type name"],
  ["extend M", "2:9", 'Expected "{"'],
  ["message M {} extend M {", "2:24", "Reached end of input in extend definition (missing '}')"],
  ["message M {} extend M {}", "2:24", "Expected type name"],
  ["message M {} extend int32 { int32 a = 1; }", "2:21", "Expected message type"],
  ["enum E { A; }", "2:11", "Missing numeric value for enum constant"],
  ["enum E { A = ; }", "2:14", "Expected integer"],
  ["enum E { A = 0 }", "2:16", 'Expected ";"'],
  ["enum E { A = x; }", "2:14", "Expected integer"],
  ["enum E { A = 2147483648; }", "2:14", "Integer out of range"],
  ["enum E { A = 0; B = -2147483649; }", "2:22", "Integer out of range"],
  ["enum E { A = 0; 5 = 1; }", "2:17", "Expected enum constant name"],
  ["enum E {}", "2:6", "Enums must contain at least one value"],
  [
    "enum E { option allow_alias = true; A = 0; }",
    "2:45",
    "\"E\" declares support for enum aliases but no enum values share field numbers. Please remove the unnecessary 'option allow_alias = true;' declaration",
  ],
  [
    "enum E { option allow_alias = false; A = 0; }",
    "2:46",
    "\"E\" declares 'option allow_alias = false;' which has no effect. Please remove the declaration",
  ],
  [
    "enum E { A = 0; B = 0; }",
    "2:21",
    '"B" uses the same enum value as "A". If this is intended, set \'option allow_alias = true;\' to the enum definition. The next available enum value is 1',
  ],
  [
    "enum E { A = 0; B = 1; C = 1; D = 2; }",
    "2:28",
    '"C" uses the same enum value as "B". If this is intended, set \'option allow_alias = true;\' to the enum definition. The next available enum value is 3',
  ],
  ["enum E { A = 1; }", "2:14", "The first enum value must be zero in proto3"],
  ["enum E { A = 0; A = 1; }", "2:17", '"A" is already defined'],
  [
    "enum E { A = 0; } enum F { A = 0; }",
    "2:28",
    '"A" is already defined. Note that enum values use C++ scoping rules, meaning that enum values are siblings of their type, not children of it.  Therefore, "A" must be unique within the global scope, not just within "F"',
  ],
  [
    "package p; enum E { A = 0; } enum F { A = 0; }",
    "2:39",
    '"A" is already defined in "p". Note that enum values use C++ scoping rules, meaning that enum values are siblings of their type, not children of it.  Therefore, "A" must be unique within "p", not just within "F"',
  ],
  [
    "enum E { A = 0; } message A {}",
    "2:10",
    '"A" is already defined. Note that enum values use C++ scoping rules, meaning that enum values are siblings of their type, not children of it.  Therefore, "A" must be unique within the global scope, not just within "E"',
  ],
  [
    "message A {} enum E { A = 0; }",
    "2:23",
    '"A" is already defined. Note that enum values use C++ scoping rules, meaning that enum values are siblings of their type, not children of it.  Therefore, "A" must be unique within the global scope, not just within "E"',
  ],
  ["enum E { A = 0; reserved 0; }", "2:26", 'Enum value "A" uses reserved number 0', "newer"],
  ['enum E { A = 0; reserved "A"; }', "2:10", 'Enum value "A" is reserved'],
  [
    "enum E { A = 0; reserved 1, 1; }",
    "2:26",
    "Reserved range 1 to 1 overlaps with already-defined range 1 to 1",
    "newer",
  ],
  [
    "enum E { A = 0; reserved 3 to 1; }",
    "2:26",
    "Reserved range end number must be greater than start number",
    "newer",
  ],
  ['enum E { A = 0; reserved "B", "B"; }', "2:6", 'Enum value "B" is reserved multiple times'],
  [
    "enum E { E_A = 0; A = 1; }",
    "2:19",
    "Enum name A has the same name as E_A if you ignore case and strip out the enum name prefix (if any). (If you are using allow_alias, please assign the same number to each enum value name.)",
    "newer",
  ],
  [
    "enum MyEnum { MY_ENUM_FOO = 0; foo = 1; }",
    "2:32",
    "Enum name foo has the same name as MY_ENUM_FOO if you ignore case and strip out the enum name prefix (if any). (If you are using allow_alias, please assign the same number to each enum value name.)",
    "newer",
  ],
  ["message M {} message M {}", "2:22", '"M" is already defined'],
  ["package p;\nmessage M {}\nmessage M {}", "4:9", '"M" is already defined in "p"'],
  [
    "message M {} service S { rpc A(M) returns (M); rpc A(M) returns (M); }",
    "2:52",
    '"A" is already defined in "S"',
  ],
  ["message S {} service S {}", "2:22", '"S" is already defined'],
  [
    "package p; message p { } message M { p.q a = 1; }",
    "2:38",
    '"p.q" is resolved to "p.p.q", which is not defined. The innermost scope is searched first in name resolution. Consider using a leading \'.\'(i.e., ".p.q") to start from the outermost scope',
  ],
  [
    "message B { message Z {} } message F { message B {} B.Z a = 1; }",
    "2:53",
    '"B.Z" is resolved to "F.B.Z", which is not defined. The innermost scope is searched first in name resolution. Consider using a leading \'.\'(i.e., ".B.Z") to start from the outermost scope',
  ],
  ["message M { S s = 1; } service S {}", "2:13", '"S" is not a type'],
  ["message M { int32 x = 1; x y = 2; }", "2:26", '"x" is not defined'],
  ["message M {} service S { rpc A(Gone) returns (M); }", "2:32", '"Gone" is not defined'],
  ["message M {} service S { rpc A(M) returns (.Gone); }", "2:44", '".Gone" is not defined'],
  ["enum E { A = 0; } service S { rpc A(E) returns (E); }", "2:37", '"E" is not a message type'],
  ["message M {} service S { rpc B(M) returns (stream Gone); }", "2:51", '"Gone" is not defined'],
  ["message M {} extend M { int32 a = 1; }", "2:35", '"M" does not declare 1 as an extension number'],
  [
    'import "google/protobuf/any.proto"; message M { google.protobuf.Timestamp t = 1; }',
    "2:49",
    '"google.protobuf.Timestamp" is not defined',
  ],
  [
    'import "google/protobuf/api.proto"; message M { google.protobuf.Any t = 1; }',
    "2:49",
    '"google.protobuf.Any" seems to be defined in "google/protobuf/any.proto", which is not imported by "foo.proto".  To use it here, please add the necessary import',
  ],
  [
    'option jav_package = "x";',
    "2:8",
    'Option "jav_package" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "option java_package = x;",
    "2:23",
    'Value must be quoted string for string option "google.protobuf.FileOptions.java_package"',
  ],
  [
    "option java_package = 5;",
    "2:23",
    'Value must be quoted string for string option "google.protobuf.FileOptions.java_package"',
  ],
  [
    "option java_multiple_files = 1;",
    "2:30",
    'Value must be identifier for boolean option "google.protobuf.FileOptions.java_multiple_files"',
  ],
  [
    "option java_multiple_files = yes;",
    "2:30",
    'Value must be "true" or "false" for boolean option "google.protobuf.FileOptions.java_multiple_files"',
  ],
  [
    "option optimize_for = 1;",
    "2:23",
    'Value must be identifier for enum-valued option "google.protobuf.FileOptions.optimize_for"',
  ],
  [
    "option optimize_for = FAST;",
    "2:23",
    'Enum type "google.protobuf.FileOptions.OptimizeMode" has no value named "FAST" for option "google.protobuf.FileOptions.optimize_for"',
  ],
  ['option java_package = "a"; option java_package = "b";', "2:35", 'Option "java_package" was already set'],
  ["option java_package.x = 1;", "2:8", 'Option "java_package" is an atomic type, not a message'],
  ["option uninterpreted_option = {};", "2:8", 'Option must not use reserved name "uninterpreted_option"'],
  [
    "service S { option foo = 1; }",
    "2:20",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "enum E { option foo = 1; A = 0; }",
    "2:17",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "enum E { A = 0 [foo = 1]; }",
    "2:17",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "message M {} service S { rpc A(M) returns (M) { option foo = 1; } }",
    "2:56",
    'Option "foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    "message M {} service S { rpc A(M) returns (M) { option idempotency_level = FOO; } }",
    "2:76",
    'Enum type "google.protobuf.MethodOptions.IdempotencyLevel" has no value named "FOO" for option "google.protobuf.MethodOptions.idempotency_level"',
  ],
  [
    "package a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a;",
    "2:1",
    "Exceeds Maximum Package Depth",
  ],
];

const PROTO2: readonly Complaint[] = [
  ["extend Gone { optional int32 a = 100; }", "2:8", '"Gone" is not defined'],
  ["enum E { A = 0; } extend E { optional int32 a = 100; }", "2:26", '"E" is not a message type'],
  [
    "message M { extensions 100; } extend M { optional int32 a = 101; }",
    "2:61",
    '"M" does not declare 101 as an extension number',
  ],
  [
    "message M { extensions 100; } extend M { optional int32 a = 100; optional int32 b = 100; }",
    "2:85",
    'Extension number 100 has already been used in "M" by extension "a"',
  ],
  [
    "message M { extensions 100; } extend M { required int32 a = 100; }",
    "2:51",
    "The extension a cannot be required",
  ],
  [
    "enum E { A = 1; } message M { map<int32, E> m = 1; }",
    "2:31",
    "Enum value in map must define 0 as the first value",
  ],
  [
    "message M { option message_set_wire_format = true; extensions 4 to max; } extend M { optional int32 a = 5; }",
    "2:95",
    "Extensions of MessageSets must be optional messages",
  ],
  [
    'import "google/protobuf/descriptor.proto";\nextend google.protobuf.FieldOptions { optional int32 x = 50000; } message M { option (x) = 1; }',
    "3:86",
    'Option field "(x)" is not a field or extension of message "MessageOptions"',
  ],
  [
    'import "google/protobuf/descriptor.proto";\nextend google.protobuf.MessageOptions { optional int32 x = 50000 [json_name = "y"]; }',
    "3:67",
    "option json_name is not allowed on extension fields",
  ],
  ["option features.field_presence = IMPLICIT;", "1:1", "Features are only valid under editions", "newer"],
];

const EDITION_2023: readonly Complaint[] = [
  ["enum E { A = 1; }", "2:14", "The first enum value must be zero for open enums", "newer"],
  [
    "option features.field_presence = LEGACY_REQUIRED;",
    "1:1",
    "Required presence can't be specified by default",
    "newer",
  ],
  [
    "option java_string_check_utf8 = true;",
    "1:1",
    "File option java_string_check_utf8 is not allowed under editions. Use the (pb.java).utf8_validation feature to control this behavior",
    "newer",
  ],
  [
    "message M { extensions 100; } extend M { int32 a = 100 [features.field_presence = LEGACY_REQUIRED]; }",
    "2:48",
    "Extensions can't be required",
    "newer",
  ],
  [
    "message M { extensions 100; } extend M { int32 a = 100 [features.field_presence = IMPLICIT]; }",
    "2:48",
    "Extensions can't specify field presence",
    "newer",
  ],
  ['import option "a.proto";', "2:8", "option import is not supported before edition 2024", "newer"],
  ["export message M {}", "2:1", 'Expected top-level statement (e.g. "message")', "newer"],
  [
    'import "google/protobuf/cpp_features.proto"; message M { int32 a = 1 [features.(pb.cpp).string_type = FOO]; }',
    "2:103",
    'Enum type "pb.CppFeatures.StringType" has no value named "FOO" for option "pb.CppFeatures.string_type"',
    "newer",
  ],
  [
    'import "google/protobuf/cpp_features.proto"; message M { string a = 1 [features.(pb.cpp).foo = 1]; }',
    "2:72",
    'Option "features.(pb.cpp).foo" unknown. Ensure that your proto definition file imports the proto which defines the option',
    "newer",
  ],
];

const EDITION_2024: readonly Complaint[] = [
  [
    'import weak "a.proto";',
    "2:8",
    "weak import is not supported in edition 2024 and above. Consider using option import instead",
    "newer",
  ],
  [
    'export import "a.proto";',
    "2:8",
    "'local' and 'export' visibility modifiers are valid only on 'message' and 'enum'",
    "newer",
  ],
  [
    "local service S {}",
    "2:7",
    "'local' and 'export' visibility modifiers are valid only on 'message' and 'enum'",
    "newer",
  ],
  [
    "message M { export int32 a = 1; }",
    "2:20",
    "'local' and 'export' visibility modifiers are valid only on 'message' and 'enum'",
    "newer",
  ],
  [
    'import option "google/protobuf/any.proto"; import "google/protobuf/empty.proto";',
    "2:51",
    "imports should precede any option imports to ensure proto files can roundtrip",
    "newer",
  ],
];

const OPTION: readonly Complaint[] = [
  [
    '(num) = "x"',
    "31:28",
    'Value must be integer, from -2147483648 to 2147483647, for int32 option "num"',
    "newer",
  ],
  [
    "(num) = 2147483648",
    "31:28",
    'Value out of range, -2147483648 to 2147483647, for int32 option "num"',
    "newer",
  ],
  [
    "(num) = -2147483649",
    "31:28",
    'Value out of range, -2147483648 to 2147483647, for int32 option "num"',
    "newer",
  ],
  [
    "(num) = 1.5",
    "31:28",
    'Value must be integer, from -2147483648 to 2147483647, for int32 option "num"',
    "newer",
  ],
  ["(num) = 1; option (num) = 2", "31:38", 'Option "(num)" was already set'],
  ["(num).x = 1", "31:20", 'Option "(num)" is an atomic type, not a message'],
  ["(str) = 5", "31:28", 'Value must be quoted string for string option "str"'],
  ["(str) = x", "31:28", 'Value must be quoted string for string option "str"'],
  ["(en) = 1", "31:27", 'Value must be identifier for enum-valued option "en"'],
  ["(en) = C", "31:27", 'Enum type "E" has no value named "C" for option "en"'],
  ["(flag) = 1", "31:29", 'Value must be identifier for boolean option "flag"'],
  ["(flag) = maybe", "31:29", 'Value must be "true" or "false" for boolean option "flag"'],
  ['(fl) = "x"', "31:27", 'Value must be number for float option "fl"'],
  ["(fl) = foo", "31:27", 'Value must be number for float option "fl"'],
  ["(un) = -1", "31:27", 'Value must be integer, from 0 to 4294967295, for uint32 option "un"', "newer"],
  ["(un) = 4294967296", "31:27", 'Value out of range, 0 to 4294967295, for uint32 option "un"', "newer"],
  [
    "(big) = 9223372036854775808",
    "31:28",
    'Value out of range, -9223372036854775808 to 9223372036854775807, for int64 option "big"',
    "newer",
  ],
  [
    "(opt) = 5",
    "31:28",
    'Option "opt" is a message. To set the entire message, use syntax like "opt = { <proto text format> }". To set fields within it, use syntax like "opt.foo = value"',
  ],
  [
    "(opt).zz = 5",
    "31:20",
    'Option "(opt).zz" unknown. Ensure that your proto definition file imports the proto which defines the option',
  ],
  [
    '(opt).i = "x"',
    "31:30",
    'Value must be integer, from -2147483648 to 2147483647, for int32 option "O.i"',
    "newer",
  ],
  ["(opt).i = 1; option (opt).i = 2", "31:40", 'Option "(opt).i" was already set'],
  ["(opt).i = 1; option (opt) = {}", "31:40", 'Option "(opt)" was already set'],
  [
    "(many).i = 1",
    "31:20",
    'Option field "(many)" is a repeated message. Repeated message options must be initialized using an aggregate value',
  ],
  [
    "(opt) = { zz: 1 }",
    "31:28",
    'Error while parsing option value for "opt": Message type "O" has no field named "zz"',
  ],
  ['(opt) = { i: "x" }', "31:28", 'Error while parsing option value for "opt": Expected integer, got: "x"'],
  [
    "(opt) = { i: 1 i: 2 }",
    "31:28",
    'Error while parsing option value for "opt": Non-repeated field "i" is specified multiple times',
  ],
  ["(opt) = { i 1 }", "31:28", 'Error while parsing option value for "opt": Expected ":", found "1"'],
  ["(opt) = { i: }", "31:28", 'Error while parsing option value for "opt": Expected integer, got: '],
  [
    "(opt) = { i: 99999999999 }",
    "31:28",
    'Error while parsing option value for "opt": Integer out of range (99999999999)',
  ],
  ["(opt) = { s: 5 }", "31:28", 'Error while parsing option value for "opt": Expected string, got: 5'],
  ['(opt) = { s: ["a", 5] }', "31:28", 'Error while parsing option value for "opt": Expected string, got: 5'],
  [
    '(opt) = { s: ["a" "b"; "c"] }',
    "31:28",
    'Error while parsing option value for "opt": Expected ",", found ";"',
  ],
  ["(opt) = { o < i: 1 } }", "31:41", 'Expected ";"'],
  ["(opt) = { o { i: 1 > }", "31:45", 'Expected ";"'],
  [
    "(opt) = { e: C }",
    "31:28",
    'Error while parsing option value for "opt": Unknown enumeration value of "C" for field "e"',
  ],
  [
    '(opt) = { e: "A" }',
    "31:28",
    'Error while parsing option value for "opt": Expected integer or identifier, got: "A"',
  ],
  [
    "(opt) = { e: 7 }",
    "31:28",
    'Error while parsing option value for "opt": Unknown enumeration value of "7" for field "e"',
  ],
  [
    "(opt) = { b: maybe }",
    "31:28",
    'Error while parsing option value for "opt": Invalid value for boolean field "b". Value: "maybe"',
  ],
  ["(opt) = { b: 2 }", "31:28", 'Error while parsing option value for "opt": Integer out of range (2)'],
  ["(opt) = { d: foo }", "31:28", 'Error while parsing option value for "opt": Expected double, got: foo'],
  [
    "(opt) = { d: 0x10 }",
    "31:28",
    'Error while parsing option value for "opt": Expect a decimal number, got: 0x10',
  ],
  ["(opt) = { u: -1 }", "31:28", 'Error while parsing option value for "opt": Expected integer, got: -'],
  [
    "(opt) = { p: 1 q: 2 }",
    "31:28",
    'Error while parsing option value for "opt": Field "q" is specified along with field "p", another member of oneof "one"',
  ],
  [
    "(opt) = { [gone]: 1 }",
    "31:28",
    'Error while parsing option value for "opt": Extension "gone" is not defined or is not an extension of "O"',
  ],
  [
    "(opt) = { [num]: 1 }",
    "31:28",
    'Error while parsing option value for "opt": Extension "num" is not defined or is not an extension of "O"',
    "ours",
  ],
  [
    '(opt) = { grp { x: "s" } }',
    "31:28",
    'Error while parsing option value for "opt": Expected integer, got: "s"',
    "newer",
  ],
  ["(req) = {}", "31:28", 'Error while parsing option value for "req": Message missing required fields: r'],
  ["(opt) = { o: 5 }", "31:28", 'Error while parsing option value for "opt": Expected "{", found "5"'],
  ["(opt) = { 5: 1 }", "31:28", 'Error while parsing option value for "opt": Expected identifier, got: 5'],
  ["(opt) = { i: -x }", "31:28", 'Error while parsing option value for "opt": Expected integer, got: x'],
  ['(opt) = { d: -"x" }', "31:28", 'Error while parsing option value for "opt": Expected double, got: "x"'],
  [
    "(opt) = { [a/b]: 1 }",
    "31:28",
    'Error while parsing option value for "opt": Extension name contains "/"',
    "newer",
  ],
  [
    '(opt) = { i: 1, s: "a" \'b\'; s: ["c", "d"] o < e: B > o2: 1 }',
    "31:28",
    'Error while parsing option value for "opt": Message type "O" has no field named "o2"',
  ],
];

const WHOLE: readonly Complaint[] = [
  [
    'syntax = "proto4";',
    "1:10",
    'Unrecognized syntax identifier "proto4".  This parser only recognizes "proto2" and "proto3"',
  ],
  ["syntax = proto3;", "1:10", "Expected syntax identifier"],
  ['syntax "proto3";', "1:8", 'Expected "="'],
  ['syntax = "proto3"', "1:18", 'Expected ";"'],
  ['edition = "2022";', "1:11", 'Edition "2022" is not supported: 2023 and 2024 are', "ours"],
  ['edition = "2026";', "1:11", 'Edition "2026" is not supported: 2023 and 2024 are', "ours"],
  ['edition = "1_TEST_ONLY";', "1:11", 'Edition "1_TEST_ONLY" is not supported: 2023 and 2024 are', "ours"],
];

/** Messages that are options, and options of all kinds. */
export const OPTIONS = `syntax = "proto2";
import "google/protobuf/descriptor.proto";
message O {
  optional int32 i = 1;
  repeated string s = 2;
  optional O o = 3;
  optional E e = 4;
  optional bool b = 5;
  optional double d = 6;
  optional uint64 u = 7;
  optional group Grp = 8 { optional int32 x = 1; }
  oneof one { int32 p = 9; int32 q = 10; }
  extensions 100 to 200;
  reserved "old";
}
enum E { A = 0; B = 1; }
extend O { optional int32 ext = 100; }
message R { required int32 r = 1; }
extend google.protobuf.MessageOptions {
  optional O opt = 50000;
  optional int32 num = 50001;
  repeated O many = 50002;
  optional R req = 50003;
  optional string str = 50004;
  optional E en = 50005;
  optional bool flag = 50006;
  optional float fl = 50007;
  optional uint32 un = 50008;
  optional int64 big = 50009;
}
`;

/** Wraps the first lines of complaints, so that their places are those of the whole text. */
function within(before: string, complaints: readonly Complaint[], after: string): Complaint[] {
  return complaints.map(([text, ...rest]) => [before + text + after, ...rest]);
}

/** All of them, as whole files. */
export const COMPLAINTS: readonly Complaint[] = [
  ...within('syntax = "proto3";\nmessage M {\n  ', IN_PROTO3_MESSAGE, "\n}"),
  ...within('syntax = "proto2";\nmessage M {\n  ', IN_PROTO2_MESSAGE, "\n}"),
  ...within('edition = "2023";\nmessage M {\n  ', IN_2023_MESSAGE, "\n}"),
  ...within('syntax = "proto3";\n', PROTO3, ""),
  ...within('syntax = "proto2";\n', PROTO2, ""),
  ...within('edition = "2023";\n', EDITION_2023, ""),
  ...within('edition = "2024";\n', EDITION_2024, ""),
  ...within(`${OPTIONS}message M { option `, OPTION, "; }"),
  ...WHOLE,
];
