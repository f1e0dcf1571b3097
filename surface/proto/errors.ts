// Errors of .proto files and messages: three classes, each with a message that names the position.

/** A .proto file could not be read, parsed or resolved. The message begins with file and line where known. */
export class ProtoError extends Error {
  /** Always "ProtoError". */
  override readonly name = "ProtoError";
}

/** A value cannot be encoded as its message type. The message names type, field and the value found. */
export class EncodeError extends TypeError {
  /** Always "EncodeError". */
  override readonly name = "EncodeError";
}

/** Bytes are not a well-formed message of the type they were decoded as, or one with more elements than are allowed. */
export class DecodeError extends Error {
  /** Always "DecodeError". */
  override readonly name = "DecodeError";

  /**
   * `offset` counts bytes from the start of the whole message to the place where decoding stopped. `exhausted`: nothing
   * is malformed up to there, but there are too many elements.
   */
  constructor(message: string, readonly offset: number, readonly exhausted = false) {
    super(message);
  }
}

/** What messages say of the type of an Any that a registry does not have. */
export const NOT_IN_REGISTRY = "is not in the registry; give options.registry one that has it";

/** How much messages show of the URL of a type: whoever sends an Any may put any text there. */
export const MOST_URL_UNITS = 200;

/** A value as an error message shows it: strings quoted and, beyond `most` units, shortened; numbers, or the kind of value. */
export function describeValue(value: unknown, most = 40): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > most ? `${value.slice(0, most)}...` : value);
    case "bigint":
      return `${value}n`;
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `an array of ${value.length}`;
      if (typeof (value as PromiseLike<unknown>).then === "function") {
        return "a promise (is an await missing?)";
      }
      return `an object of ${value.constructor?.name ?? "no class"}`;
    default:
      return `a ${typeof value}`;
  }
}

/** JSON is not what the type it was read as has, or has more elements than are allowed. The message names the path. */
export class JsonError extends Error {
  /** Always "JsonError". */
  override readonly name = "JsonError";

  /**
   * `path` is that of what was read: "shop.Cart.items[3].price". `exhausted`: nothing is wrong up to there, but there are
   * too many elements.
   */
  constructor(message: string, readonly path: string, readonly exhausted = false) {
    super(message);
  }
}
