// Which messages are not objects of their fields in JSON.

import type { FieldSchema, MessageSchema } from "../schema.ts";

/** Their fields, by the names of their types: another type of such a name, in a file of one's own, is like any other. */
const OWN_FORMS: ReadonlyMap<string, string> = new Map([
  ["Timestamp", "1 int64, 2 int32"],
  ["Duration", "1 int64, 2 int32"],
  ["FieldMask", "1 repeated string"],
  ["Struct", "1 map Value"],
  ["Value", "1 NullValue, 2 double, 3 string, 4 bool, 5 Struct, 6 ListValue"],
  ["ListValue", "1 repeated Value"],
  ["Any", "1 string, 2 bytes"],
  ["DoubleValue", "1 double"],
  ["FloatValue", "1 float"],
  ["Int64Value", "1 int64"],
  ["UInt64Value", "1 uint64"],
  ["Int32Value", "1 int32"],
  ["UInt32Value", "1 uint32"],
  ["BoolValue", "1 bool"],
  ["StringValue", "1 string"],
  ["BytesValue", "1 bytes"],
]);

const PACKAGE = "google.protobuf.";

/** Whether the JSON of a message type is something else than an object of its fields. */
export function hasOwnForm({ fullName, fields }: MessageSchema): boolean {
  if (!fullName.startsWith(PACKAGE)) return false;
  const form = OWN_FORMS.get(fullName.slice(PACKAGE.length));
  return form !== undefined && form === fields.map(described).join(", ");
}

function described({ number, shape, type, messageType, enumType }: FieldSchema): string {
  const name = (messageType ?? enumType)?.fullName.replace(PACKAGE, "") ?? type;
  return shape === "singular" ? `${number} ${name}` : `${number} ${shape} ${name}`;
}
