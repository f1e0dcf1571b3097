// The features of editions: defaults by edition, and what they come to for each declaration.

import {
  Edition,
  type Features,
  type FieldNode,
  type FileNode,
  type Named,
  type OptionValues,
} from "./nodes.ts";

const PROTO2: Features = {
  field_presence: "EXPLICIT",
  enum_type: "CLOSED",
  repeated_field_encoding: "EXPANDED",
  utf8_validation: "NONE",
  message_encoding: "LENGTH_PREFIXED",
};
const EDITIONS: Features = {
  ...PROTO2,
  enum_type: "OPEN",
  repeated_field_encoding: "PACKED",
  utf8_validation: "VERIFY",
};
const PROTO3: Features = { ...EDITIONS, field_presence: "IMPLICIT" };

/** The features of a file of `edition` that sets none. */
export function features(edition: number): Features {
  if (edition === Edition.PROTO2) return PROTO2;
  return edition === Edition.PROTO3 ? PROTO3 : EDITIONS;
}

/** Sets the features of a file from its options. */
export function resolveFileFeatures(file: FileNode): void {
  const own = ownFeatures(file.settings);
  if (own === undefined) return;
  refuseBeforeEditions(file, file.syntaxAt);
  file.features = merge(file, features(file.edition), own, file.syntaxAt);
}

/** Sets the features of a declaration from its options and from its parent, whose features are set already. */
export function resolveFeatures(node: Named): void {
  const outer = outerFeatures(node);
  const own = ownFeatures(node.settings);
  if (own !== undefined) {
    refuseBeforeEditions(node.file, node.nameAt);
    refuseElsewhere(node, own);
    node.features = merge(node.file, outer, own, node.nameAt);
  } else node.features = node.kind === "field" ? legacyFeatures(node, outer) : outer;
}

/** What a declaration sets by itself. */
export function ownFeatures(settings: OptionValues): OptionValues | undefined {
  return settings.get("features") as OptionValues | undefined;
}

function outerFeatures(node: Named): Features {
  switch (node.kind) {
    case "field":
      return node.oneof?.features ?? node.parent?.features ?? node.file.features;
    case "oneof":
      return node.message.features;
    case "message":
    case "enum":
      return node.parent?.features ?? node.file.features;
    case "value":
    case "method":
      return node.parent.features;
    case "service":
      return node.file.features;
  }
}

function refuseBeforeEditions(file: FileNode, at: number): void {
  if (file.edition < Edition.E2023) throw file.source.error(at, "Features are only valid under editions");
}

/** What a feature can be set on besides files. */
const TARGETS: Readonly<Record<string, readonly Named["kind"][]>> = {
  field_presence: ["field"],
  repeated_field_encoding: ["field"],
  utf8_validation: ["field"],
  message_encoding: ["field"],
  enum_type: ["enum"],
  json_format: ["message", "enum"],
  default_symbol_visibility: [],
};

function refuseElsewhere(node: Named, own: OptionValues): void {
  for (const name of own.keys()) {
    if (!Object.hasOwn(TARGETS, name) || TARGETS[name]!.includes(node.kind)) continue;
    const kind = node.kind === "value" ? "enum entry" : node.kind;
    throw node.file.source.error(
      node.nameAt,
      `Option google.protobuf.FeatureSet.${name} cannot be set on an entity of type \`${kind}\``,
    );
  }
}

function merge(file: FileNode, outer: Features, own: OptionValues, at: number): Features {
  const merged: Record<string, unknown> = { ...outer };
  for (const [name, value] of own) {
    // Descriptors may have numbers that no value has.
    if (typeof value === "number" || typeof value === "string" && value.endsWith("_UNKNOWN")) {
      throw file.source.error(at, `Feature field \`${name}\` must resolve to a known value, found ${value}`);
    }
    if (Object.hasOwn(merged, name)) merged[name] = value;
  }
  return merged as unknown as Features;
}

/** What the words of proto2 and proto3 come to. */
function legacyFeatures(field: FieldNode, outer: Features): Features {
  if (field.file.edition >= Edition.E2023) return outer;
  const packed = field.settings.get("packed");
  let result = outer;
  if (field.label === "required") result = { ...result, field_presence: "LEGACY_REQUIRED" };
  if (field.type === "group") result = { ...result, message_encoding: "DELIMITED" };
  if (packed === true) result = { ...result, repeated_field_encoding: "PACKED" };
  else if (packed === false && field.file.edition === Edition.PROTO3) {
    result = { ...result, repeated_field_encoding: "EXPANDED" };
  }
  return result;
}

/** Whether absence of a field differs from its default. */
export function hasPresence(field: FieldNode): boolean {
  if (field.label === "repeated") return false;
  return field.target?.kind === "message" || field.extendee !== undefined || field.oneof !== undefined ||
    field.proto3Optional || field.features.field_presence !== "IMPLICIT";
}

/** Whether a field may be sent packed: the type of its elements has no length of its own. */
export function isPackable({ label, type }: FieldNode): boolean {
  return label === "repeated" && type !== "string" && type !== "bytes" && type !== "message" &&
    type !== "group";
}
