// Which messages are not objects of their fields in JSON.

const OWN_FORMS: ReadonlySet<string> = new Set([
  "Timestamp",
  "Duration",
  "FieldMask",
  "Struct",
  "Value",
  "ListValue",
  "Any",
  "DoubleValue",
  "FloatValue",
  "Int64Value",
  "UInt64Value",
  "Int32Value",
  "UInt32Value",
  "BoolValue",
  "StringValue",
  "BytesValue",
]);

const PACKAGE = "google.protobuf.";

/** Whether the JSON of a message type is something else than an object of its fields. */
export function hasOwnForm(typeName: string): boolean {
  return typeName.startsWith(PACKAGE) && OWN_FORMS.has(typeName.slice(PACKAGE.length));
}
