// What the compilers need to know of messages, fields and enums: plain data, free of the parser's classes.

/** Scalar types of the protobuf language. */
export type ScalarType =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

/** What a field's values are. */
export type FieldType = ScalarType | "enum" | "message";

/** One enum. */
export interface EnumSchema {
  /** "shop.Color". */
  readonly fullName: string;
  /** Numbers by value name, aliases included. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The first declared name of each number. */
  readonly names: ReadonlyMap<number, string>;
  /** Number of the first declared value, which is the default. */
  readonly first: number;
  /** Whether a number without a name is no value of it: enums of proto2, and of editions where they say so. */
  readonly closed: boolean;
}

/** What 64-bit integers may be besides bigints: numbers, or text of decimal digits. */
export type Longs = "number" | "string";

/** One field of a message. */
export interface FieldSchema {
  /** The property in JavaScript: lowerCamelCase. */
  readonly name: string;
  /** For messages of errors: "routeguide.Point.latitude", as the .proto file writes it. */
  readonly fullName: string;
  /** Its key in JSON: `json_name`, or what protobuf makes of its name. */
  readonly jsonName: string;
  /** Its number on the wire. */
  readonly number: number;
  /** What its values are; of a map, those of the entries. */
  readonly type: FieldType;
  /** How many values it has. */
  readonly shape: "singular" | "repeated" | "map";
  /** Singular fields: whether absence differs from the default value, or is an error. */
  readonly presence: "implicit" | "explicit" | "required";
  /** Repeated scalars and enums: how they are sent; both ways are accepted. */
  readonly packed: boolean;
  /** Messages: sent as a group, between two tags. */
  readonly delimited: boolean;
  /** Property that names the set member of the oneof this field is in. */
  readonly oneof: string | undefined;
  /** Type of map keys. */
  readonly keyType: ScalarType | undefined;
  /** The enum, where `type` is one. */
  readonly enumType: EnumSchema | undefined;
  /** The message type, where `type` is one. */
  readonly messageType: MessageSchema | undefined;
  /** Whether its strings, or those of its keys and values, may be no UTF-8: in proto2, and in editions where they say so. */
  readonly lenient?: true;
  /** What its 64-bit integers are where they are no bigints. */
  readonly longs?: Longs;
  /** proto2 `[default = ...]` in JavaScript's form, else undefined. */
  readonly explicitDefault: unknown;
}

/** One message. Fields are filled in after creation, since messages refer to each other. */
export interface MessageSchema {
  /** "routeguide.Point". */
  readonly fullName: string;
  /** Ascending by number. */
  readonly fields: FieldSchema[];
  /** Discriminator properties, in order of declaration. */
  readonly oneofs: string[];
  /** Whether some field sends this message as a group. */
  usedAsGroup: boolean;
}

/** Wire types of the protobuf encoding. */
export const WireType = {
  VARINT: 0,
  FIXED64: 1,
  DELIMITED: 2,
  GROUP_START: 3,
  GROUP_END: 4,
  FIXED32: 5,
} as const;

/** The wire type of one value of `type` outside packed fields and groups. */
export function wireTypeOf(type: FieldType): number {
  switch (type) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return WireType.FIXED64;
    case "float":
    case "fixed32":
    case "sfixed32":
      return WireType.FIXED32;
    case "string":
    case "bytes":
    case "message":
      return WireType.DELIMITED;
    default:
      return WireType.VARINT;
  }
}

/** The tag before a value of field `number`: an unsigned 32-bit integer. */
export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** Whether a type's default is 64 bits wide and so a bigint in JavaScript. */
export function isBigInt(type: FieldType): boolean {
  return type.endsWith("64");
}

/** What protobuf makes of a field's name in JSON: "_foo_bar" is "FooBar". Of a full name its last part counts. */
export function jsonNameOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).replace(
    /_+(.?)/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}
