// .proto texts, and the codecs that are made of them.
import {
  DecodeError,
  encodeMessage,
  type MessageCodec,
  parseProto,
  ProtoError,
  unknownFields,
} from "./surface_imports.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const text = (input: Uint8Array) => new TextDecoder().decode(input);
const bytes = (input: string) => new TextEncoder().encode(input);

/** A file of proto3. */
export const PROTO3 =
  `syntax = "proto3"; package p; message A { string s = 1; repeated int32 n = 2; map<string, A> m = 3;
  oneof o { bytes b = 4; E e = 5; A a = 6; } optional double d = 7; }
enum E { ZERO = 0; ONE = 1; NEGATIVE = -1; } service S { rpc Do(stream A) returns (A); }`;

/** One of proto2, with a group and extensions. */
export const PROTO2 =
  `syntax = "proto2"; message B { required int64 x = 1 [default = 7]; extensions 100 to max; repeated B again = 2;
  optional group G = 3 { optional bool y = 1 [default = true]; } optional string s = 4 [default = "z"];
  optional E e = 5 [default = TWO]; optional float f = 6 [default = -inf]; reserved 9; } enum E { TWO = 2; }`;

/** One of edition 2023, with options of every form. */
export const EDITION = `edition = "2023"; package e; import "google/protobuf/descriptor.proto";
option features.field_presence = IMPLICIT; option java_package = "x" 'y';
message O { int32 i = 1; repeated string s = 2; O o = 3 [features.message_encoding = DELIMITED]; reserved old; reserved 9 to 12;
  extensions 100 to max [verification = UNVERIFIED]; E e = 4 [features.field_presence = LEGACY_REQUIRED]; }
enum E { option allow_alias = true; A = 0; B = 0x1; C = 01 [deprecated = true]; }
extend O { double d = 100; } extend google.protobuf.MessageOptions { repeated O opt = 50000; }
message M { option (opt) = { e: B i: -5, s: ["a\\n" "\\303\\251", 'b']; o < e: A > [e.d]: -inf # text
  }; option (.e.opt) = { e: 1 o { e: C } }; oneof x { M m = 1; bytes b = 2; } map<bool, .e.M.N> n = 3; message N {} }
service S { option deprecated = true; rpc R(M) returns (stream M.N) { option idempotency_level = IDEMPOTENT; }; }`;

/** Every type on the wire, in every shape. */
const EVERY_TYPE = `syntax = "proto3"; message M { ${
  [
    ...["int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "fixed32", "fixed64", "sfixed32"],
    ...["sfixed64", "float", "double", "string", "bytes", "E", "M"],
  ].map((type, i) => {
    const key = /^(E|M|float|double|bytes)$/.test(type) ? "string" : type;
    return `${type} a${i} = ${i + 1}; repeated ${type} b${i} = ${i + 21}; optional ${type} c${i} = ${i + 41};
map<${key}, ${type}> d${i} = ${i + 61}; repeated ${type} p${i} = ${i + 81} [packed = false];`;
  }).join("\n")
} oneof o { int64 x = 101; string y = 102; M z = 103; } } enum E { ZERO = 0; ONE = 1; FAR = 70000; }`;

/** The codecs of a .proto text. */
export const codecsOf = (proto: string) =>
  (parseProto(proto) as unknown as { messages: Record<string, MessageCodec> }).messages;

/** Texts of .proto files. */
export const protoText: FuzzTarget = {
  name: "proto",
  about:
    "a .proto text is refused with ProtoError, or loaded, and then its messages can be sent and received",
  mostBytes: 2_000,
  seeds: () => [PROTO3, PROTO2, EDITION].map(bytes),
  run(input) {
    let codecs;
    try {
      codecs = codecsOf(text(input));
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      invariant(/^\(text\):\d+:\d+: /.test(error.message), `an error names no place: ${error.message}`);
      return reached(error.message.replace(/^.*?: /, ""));
    }
    for (const codec of Object.values(codecs)) decodeAndEncode(codec, new Uint8Array(0));
  },
};

/** Codecs of three files. */
export const DECODERS = [codecsOf(EVERY_TYPE)["M"]!, codecsOf(PROTO3)["p.A"]!, codecsOf(PROTO2)["B"]!];

/** Messages of several types; the last octet says of which. */
export const protobufDecoder: FuzzTarget = {
  name: "protobuf",
  about: "a message is decoded or refused with DecodeError, and what was decoded is the same after encoding",
  mostBytes: 1_500,
  seeds: () => [
    ...Array.from({ length: 17 }, (_, i) => messageOf(i)),
    Uint8Array.from([
      ...encodeMessage(DECODERS[1]!, { s: "text", n: [1, -1, 300], m: { k: { s: "in" } } }),
      1,
    ]),
    Uint8Array.from([...encodeMessage(DECODERS[2]!, { x: 5n, again: [{ x: 1n, g: { y: false } }] }), 2]),
    nested(99, (inner) => field(37, inner)), // a message in a message, as deep as they may
    nested(99, (inner) => field(77, field(2, inner))), // in a map
    nested(40, (inner) => field(103, inner)), // in a oneof
  ],
  run(input) {
    decodeAndEncode(DECODERS[(input.at(-1) ?? 0) % DECODERS.length]!, input.subarray(0, -1));
  },
};

/** What is decoded can be encoded, and is then the same; protobuf leaves nothing else to compare. */
function decodeAndEncode(codec: MessageCodec, input: Uint8Array): void {
  let message;
  try {
    message = codec.decode(input);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    invariant(error.offset >= 0 && error.offset <= input.length, `the offset ${error.offset} is outside`);
    return reached(error.message);
  }
  reached(`${Object.keys(message).filter((name) => message[name] !== undefined).length} fields`);
  const once = encodeMessage(codec, message);
  const again = codec.decode(once);
  const twice = encodeMessage(codec, again);
  invariant(once.join() === twice.join(), `a message changes: ${once.join()} and ${twice.join()}`);
  invariant(shown(again) === shown(message), `a message changes: ${shown(message)} and ${shown(again)}`);
}

/** All of a message, unknown fields too unless `unknown` is false. */
export function shown(message: unknown, unknown = true): string {
  return JSON.stringify(message, (_, value) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
    if (value instanceof Uint8Array) return value.join();
    return !unknown || value?.[unknownFields] === undefined
      ? value
      : { ...value, unknown: value[unknownFields] };
  });
}

/** A message of every type with the i-th type's fields, in all shapes. */
function messageOf(i: number): Uint8Array {
  const integer = BigInt(-1 * (i % 2) + i * 1_000);
  const value = [1, integer, 2, integer < 0n ? 1n : integer, -3, -5n, true, 9, 9n, -9, -9n, 0.5, -0][i] ??
    ["text", Uint8Array.of(1, 2), "ONE", { a0: 1 }][i - 13];
  const key = i === 6 ? "true" : "1";
  const message = { [`a${i}`]: value, [`b${i}`]: [value, value], [`c${i}`]: value };
  return Uint8Array.from([
    ...encodeMessage(DECODERS[0]!, { ...message, [`d${i}`]: { [key]: value }, [`p${i}`]: [value] }),
    0,
  ]);
}

function nested(depth: number, wrap: (inner: Uint8Array) => Uint8Array): Uint8Array {
  let inner: Uint8Array = Uint8Array.of(8, 1);
  for (let i = 0; i < depth; i++) inner = wrap(inner);
  return Uint8Array.from([...inner, 0]);
}

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  return Uint8Array.from([...varint((number << 3) | 2), ...varint(content.length), ...content]);
}
