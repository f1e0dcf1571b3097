// What a .proto file declares: one node a declaration, with the places that errors name.

import type { ScalarType } from "../schema.ts";
import type { Source } from "./source.ts";

/** Editions in protobuf's own numbers (google.protobuf.Edition). */
export const Edition = { PROTO2: 998, PROTO3: 999, E2023: 1000, E2024: 1001 } as const;

/** How fields and enums behave (google.protobuf.FeatureSet), as far as it matters for what is sent. */
export interface Features {
  readonly field_presence: "EXPLICIT" | "IMPLICIT" | "LEGACY_REQUIRED";
  readonly enum_type: "OPEN" | "CLOSED";
  readonly repeated_field_encoding: "PACKED" | "EXPANDED";
  readonly utf8_validation: "VERIFY" | "NONE";
  readonly message_encoding: "LENGTH_PREFIXED" | "DELIMITED";
}

/** One part of an option's name: `features`, or `(pkg.extension)`. */
export interface NamePart {
  readonly text: string;
  readonly extension: boolean;
}

/** The value after an option's `=`; of strings and `{ }` values, the position. */
export type OptionValue =
  | { readonly kind: "identifier"; readonly text: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "string"; readonly at: number }
  | { readonly kind: "aggregate"; readonly from: number; readonly to: number };

/** An option as written. */
export interface OptionNode {
  readonly name: readonly NamePart[];
  readonly nameAt: number;
  readonly value: OptionValue;
  readonly valueAt: number;
}

/** Values of options by field name, or by full name in parentheses; of messages again such a map. */
export type OptionValues = ReadonlyMap<string, unknown>;

/** Of most declarations: no options. */
export const NO_OPTIONS = Object.freeze([]) as unknown as OptionNode[];

/** What no options mean. */
export const NO_SETTINGS: OptionValues = new Map();

/** What stands around a declaration; without the comment's marks. "" where there is nothing. */
export interface Comments {
  /** Above it. */
  readonly leading: string;
  /** Behind it on its line, or right below. */
  readonly trailing: string;
}

/** What every declaration has. */
interface Declaration {
  readonly name: string;
  readonly nameAt: number;
  readonly file: FileNode;
  /** With its package and the messages around it, without a leading dot; there once the file is declared. */
  fullName: string;
  options: OptionNode[];
  /** What `options` mean; there once the file is linked. */
  settings: OptionValues;
  features: Features;
  /** What stands around it, of files that came without their text; else `FileComments` finds it there. */
  comments?: Comments;
}

/** A field, or an extension of a message. */
export interface FieldNode extends Declaration {
  readonly kind: "field";
  /** The message it is declared in; undefined for an extension outside of messages. */
  readonly parent: MessageNode | undefined;
  readonly label: "optional" | "repeated" | "required";
  /** `optional` written out in proto3. */
  readonly proto3Optional: boolean;
  readonly oneof: OneofNode | undefined;
  readonly typeAt: number;
  /** Undefined until `typeName` is resolved. */
  type: ScalarType | "enum" | "message" | "group" | undefined;
  readonly typeName: string | undefined;
  /** The type that `typeName` names. */
  target: MessageNode | EnumNode | undefined;
  readonly number: number;
  readonly numberAt: number;
  /** `[default = ...]`: an identifier for enums, else the value in JavaScript's form. */
  defaultValue: unknown;
  defaultAt: number;
  jsonName: string | undefined;
  jsonNameAt: number;
  /** The message an extension extends, as written and resolved. */
  readonly extendee: string | undefined;
  readonly extendeeAt: number;
  extends: MessageNode | undefined;
  /** The key and value of a map, as the fields of the message that protobuf makes of them. */
  entry: MessageNode | undefined;
}

/** A oneof that is written as such. */
export interface OneofNode extends Declaration {
  readonly kind: "oneof";
  readonly message: MessageNode;
  readonly fields: FieldNode[];
}

/** Numbers from `start` to `end`, both included. */
export interface RangeNode {
  readonly start: number;
  end: number;
  readonly at: number;
  options: OptionNode[];
  settings?: OptionValues;
}

/** The word before a message or an enum of edition 2024. Names are not hidden here: only descriptors show it. */
export type Visibility = "export" | "local" | undefined;

/** A message, a group's or the entry of a map. */
export interface MessageNode extends Declaration {
  readonly kind: "message";
  readonly parent: MessageNode | undefined;
  readonly isEntry: boolean;
  readonly visibility: Visibility;
  readonly fields: FieldNode[];
  readonly oneofs: OneofNode[];
  readonly messages: MessageNode[];
  readonly enums: EnumNode[];
  readonly extensions: FieldNode[];
  readonly extensionRanges: RangeNode[];
  readonly reservedRanges: RangeNode[];
  readonly reservedNames: string[];
}

/** An enum. */
export interface EnumNode extends Declaration {
  readonly kind: "enum";
  readonly parent: MessageNode | undefined;
  readonly visibility: Visibility;
  readonly values: EnumValueNode[];
  readonly reservedRanges: RangeNode[];
  readonly reservedNames: string[];
}

/** One value of an enum. */
export interface EnumValueNode extends Declaration {
  readonly kind: "value";
  readonly parent: EnumNode;
  readonly number: number;
  readonly numberAt: number;
}

/** A service. */
export interface ServiceNode extends Declaration {
  readonly kind: "service";
  readonly methods: MethodNode[];
}

/** One method of a service. */
export interface MethodNode extends Declaration {
  readonly kind: "method";
  readonly parent: ServiceNode;
  readonly inputName: string;
  readonly inputAt: number;
  readonly clientStreaming: boolean;
  readonly outputName: string;
  readonly outputAt: number;
  readonly serverStreaming: boolean;
  input: MessageNode | undefined;
  output: MessageNode | undefined;
}

/** An import as a file writes it. */
export interface ImportNode {
  readonly path: string;
  readonly at: number;
  readonly kind: "plain" | "public" | "weak" | "option";
  /** The file it means; undefined where it may be missing and is. */
  file: FileNode | undefined;
}

/** A declaration that has a name of its own. */
export type Named =
  | MessageNode
  | FieldNode
  | OneofNode
  | EnumNode
  | EnumValueNode
  | ServiceNode
  | MethodNode;

/** One .proto file. */
export interface FileNode {
  readonly kind: "file";
  readonly source: Source;
  /** The path that others import it by, which is its name in descriptors; `source.name` is where it was found. */
  readonly path: string;
  edition: number;
  syntaxAt: number;
  package: string;
  packageAt: number;
  readonly imports: ImportNode[];
  readonly messages: MessageNode[];
  readonly enums: EnumNode[];
  readonly services: ServiceNode[];
  readonly extensions: FieldNode[];
  /** All declarations in it, at any depth, parents first; filled by the first pass. */
  readonly declared: Named[];
  options: OptionNode[];
  settings: OptionValues;
  features: Features;
}
