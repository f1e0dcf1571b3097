// How values of well-known types are made, for messages about what was given instead.

const HINTS: Readonly<Record<string, string>> = {
  Timestamp: "timestampFromDate(date) makes one",
  Duration: "durationFromMs(ms) makes one",
  Struct: "structFromObject(object) makes one",
  Value: "valueFromJson(value) makes one",
  ListValue: "a ListValue is { values: [...] }, each made by valueFromJson",
  FieldMask: "a FieldMask is { paths: [...] }",
  Any: "packAny(codec, message) makes one",
  ...Object.fromEntries(
    ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"].map(
      (name) => [`${name}Value`, `a ${name}Value is { value: ... }`],
    ),
  ),
};

/** "; " and how a value of the well-known type is made; "" for other types. */
export function hintFor(fullName: string): string {
  const name = fullName.startsWith("google.protobuf.") ? fullName.slice("google.protobuf.".length) : "";
  return Object.hasOwn(HINTS, name) ? `; ${HINTS[name]}` : "";
}
