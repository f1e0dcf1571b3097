// ProtoJSON: texts of any kind, and messages that go through it.
import { DecodeError, JsonError, type JsonMessageCodec, parseJson } from "./surface_imports.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";
import { codecsOf, DECODERS, protobufDecoder, shown } from "./proto.ts";

const WELL_KNOWN = `syntax = "proto3"; package w;
import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
message W { google.protobuf.Any any = 1; google.protobuf.Duration took = 2; google.protobuf.FieldMask field_mask = 3;
  google.protobuf.Struct struct = 4; google.protobuf.Value value = 5; google.protobuf.Timestamp at = 6; repeated W list = 7;
  google.protobuf.Int64Value long = 8; google.protobuf.BytesValue raw = 9; map<string, W> by_name = 10; bytes other_name = 11;
  oneof kind { google.protobuf.NullValue nothing = 12; string text = 13; } google.protobuf.DoubleValue real = 14; }`;

const CODECS = [...DECODERS, codecsOf(WELL_KNOWN)["w.W"]!] as JsonMessageCodec[];

const TEXTS = [
  '{"any":{"@type":"x/w.W","text":"a"},"took":"-1.5s","fieldMask":"a.bC,d","struct":{"a":[null,1.5,{"b":true}]}}',
  '{"value":null,"at":"2024-02-29T12:00:00.123+01:30","list":[{"long":"9223372036854775807"},{"raw":"AA=="}]}',
  '{"byName":{"__proto__":{"nothing":null},"a:b":{"real":"NaN"}},"other_name":"-_-_","value":[9007199254740993]}',
  '{ "by_name" : {}, "text":"\\u0041\\ud83d\\ude00\\":", "any":{"@type":"x/google.protobuf.Duration","value":"1s"} }',
  '{"x":"5","again":[{"x":-7}],"g":{"y":false},"s":"","e":"TWO","f":"-Infinity"}',
];

const bytes = (text: string) => new TextEncoder().encode(text);

/** Texts for several types; their length says for which. */
export const jsonText: FuzzTarget = {
  name: "json",
  about:
    "a text is refused with JsonError, or read as by the strict parser, and then written and read as the same",
  mostBytes: 1_500,
  seeds: () => [
    ...TEXTS.flatMap((text) => CODECS.map((_, i) => bytes(text + " ".repeat(i)))),
    ...protobufDecoder.seeds().flatMap((seed) => {
      const codec = CODECS[(seed.at(-1) ?? 0) % DECODERS.length]!;
      const text = codec.toJsonString(codec.decode(seed.subarray(0, -1)));
      return text.length > 1_400 ? [] : CODECS.map((_, i) => bytes(text + " ".repeat(i)));
    }),
  ],
  run(input) {
    const text = new TextDecoder().decode(input);
    const codec = CODECS[input.length % CODECS.length]!;
    for (const options of [{}, { ignoreUnknownFields: true }]) {
      const message = outcome(() => codec.fromJsonString(text, options));
      const strict = outcome(() => codec.fromJson(parseJson(text, codec.typeName), options));
      // Which of two errors is met first may differ.
      invariant(shown(message) === shown(strict), `read otherwise: ${shown(message)} and ${shown(strict)}`);
      if (message !== undefined) writeAndRead(codec, message);
    }
  },
};

/** Messages of several types, as of the target "protobuf". */
export const jsonMessages: FuzzTarget = {
  name: "json_messages",
  about: "a message that is decoded is the same after it was JSON, as a value and as text",
  mostBytes: 1_500,
  seeds: () => protobufDecoder.seeds(),
  run(input) {
    const codec = CODECS[(input.at(-1) ?? 0) % DECODERS.length]!;
    let message;
    try {
      message = codec.decode(input.subarray(0, -1));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return reached(error.message);
    }
    writeAndRead(codec, message);
  },
};

/** What is read; undefined where it is refused. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    reached(error.message.replace(/^[^:]*: /, ""));
    return undefined;
  }
}

function writeAndRead(codec: JsonMessageCodec, given: unknown): void {
  const message = given as Record<string, unknown>;
  reached(`${Object.keys(message).filter((name) => message[name] !== undefined).length} fields`);
  const known = shown(message, false);
  const json = codec.toJson(message);
  const again = codec.fromJson(json);
  invariant(shown(again) === known, `a message changes: ${known} and ${shown(again)}`);
  const text = codec.toJsonString(message);
  // JSON.stringify has no sign for zero.
  const unsigned = (shown: string) => shown.replaceAll('"-0"', '"0"');
  const read = codec.fromJsonString(text);
  invariant(unsigned(shown(read)) === unsigned(known), `text changes: ${known} and ${shown(read)}`);
}
