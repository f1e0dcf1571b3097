// Codecs that also have JSON.

import { propertyOf } from "../../../pollers/log/values.ts";
import { type Codec, MessageCodec } from "../codec.ts";
import type { ReadMessage, WriteMessage } from "../compile/coder.ts";
import { defaultElementLimit } from "../elements.ts";
import { checkNumber, checkOptions, checkType, describe, type OptionNames } from "../../options.ts";
import type { MessageSchema } from "../schema.ts";
import type { Json } from "./json_value.ts";
import type { FromJsonOptions, ToJsonOptions } from "./options.ts";
import { readJson, readJsonText } from "./read_json.ts";
import type { Registry } from "./registry.ts";
import { writeJson } from "./write_json.ts";

/** A codec of one message type, with protobuf's JSON of it. */
// deno-lint-ignore no-explicit-any
export interface JsonCodec<T = any, Init = T> extends Codec<T, Init> {
  /**
   * The message as a value of JSON.
   *
   * @throws {EncodeError} when the value does not fit the type, or JSON has no word for it
   * @throws {TypeError} for options that are none
   */
  toJson(message: Init, options?: ToJsonOptions): Json;
  /**
   * The message that a value of JSON says; it is what decoding makes.
   *
   * @throws {JsonError} that names the path, and what was found there
   * @throws {TypeError} for options that are none
   * @throws {RangeError} for `maxElements` that is no number
   */
  fromJson(json: unknown, options?: FromJsonOptions): T;
  /**
   * As `toJson`, as text.
   *
   * @throws {EncodeError} as `toJson` does
   */
  toJsonString(message: Init, options?: ToJsonOptions): string;
  /**
   * As `fromJson`, of text. Keys that come twice are refused, and integers keep all their digits.
   *
   * @throws {JsonError} that names the path or, where the text is no JSON, the position
   */
  fromJsonString(text: string, options?: FromJsonOptions): T;
}

const TO_JSON: OptionNames<ToJsonOptions> = {
  emitDefaults: true,
  enumsAsIntegers: true,
  originalNames: true,
  registry: true,
};
const FROM_JSON: OptionNames<FromJsonOptions> = {
  ignoreUnknownFields: true,
  registry: true,
  maxElements: true,
};

/** Throws where an option is of another type: "false" would say true, and what `loadProto` returned is no registry. */
function checkValues(purpose: string, given: ToJsonOptions & FromJsonOptions): void {
  for (const name in given) {
    const value: unknown = given[name as keyof typeof given];
    if (name === "maxElements") checkNumber(purpose, name, value, 0, "a number of elements");
    else if (name !== "registry") checkType(purpose, name, value, "boolean");
    else if (value !== undefined && typeof propertyOf(value, "extensionsOf") !== "function") {
      throw new TypeError(`Cannot ${purpose}: registry is ${describe(value)}; give one of createRegistry`);
    }
  }
}

/** The codec of a message type of a .proto file, with JSON. */
// deno-lint-ignore no-explicit-any
export class JsonMessageCodec<T = any, Init = T> extends MessageCodec<T, Init> implements JsonCodec<T, Init> {
  /** As `MessageCodec`'s; `registry` is that of calls that give none. */
  constructor(
    schema: MessageSchema,
    read: ReadMessage,
    write: WriteMessage,
    private readonly registry?: Registry,
  ) {
    super(schema, read, write);
  }

  toJson(message: Init, options?: ToJsonOptions): Json {
    return writeJson(this.schema, message, this.options(`encode ${this.typeName} as JSON`, options, TO_JSON));
  }

  fromJson(json: unknown, options?: FromJsonOptions): T {
    const all = this.options(`read JSON of ${this.typeName}`, options, FROM_JSON);
    return readJson(this.schema, json, all, all.maxElements ?? defaultElementLimit(0)) as T;
  }

  toJsonString(message: Init, options?: ToJsonOptions): string {
    return JSON.stringify(this.toJson(message, options));
  }

  fromJsonString(text: string, options?: FromJsonOptions): T {
    const all = this.options(`read JSON of ${this.typeName}`, options, FROM_JSON);
    if (typeof text !== "string") {
      throw new TypeError(`Cannot read JSON of ${this.typeName}: expected text, found ${typeof text}`);
    }
    const maxElements = all.maxElements ?? defaultElementLimit(text.length);
    return readJsonText(this.schema, text, all, maxElements) as T;
  }

  /** The options with the registry of this codec, where they have none. */
  private options<O extends ToJsonOptions | FromJsonOptions>(
    purpose: string,
    given: O | undefined,
    names: OptionNames<O>,
  ): O {
    if (given === undefined) return { registry: this.registry } as O;
    checkOptions(purpose, given, names);
    checkValues(purpose, given);
    return given.registry === undefined ? { ...given, registry: this.registry } : given;
  }
}
