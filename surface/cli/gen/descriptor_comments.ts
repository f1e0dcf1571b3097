// The comments that a descriptor carries (SourceCodeInfo), for the declarations that were made of it.

import type { FileNode, Named } from "../../proto/language/nodes.ts";
import { type Codec, parseProto } from "../../proto/mod.ts";

/** google/protobuf/descriptor.proto, as far as names and comments need it. */
const DESCRIPTOR_PROTO = `
  syntax = "proto3";
  message File {
    string package = 2;
    repeated Message message_type = 4;
    repeated Enum enum_type = 5;
    repeated Service service = 6;
    repeated Child extension = 7;
    SourceCodeInfo source_code_info = 9;
  }
  message Message {
    string name = 1;
    repeated Child field = 2;
    repeated Message nested_type = 3;
    repeated Enum enum_type = 4;
    repeated Child extension = 6;
    repeated Child oneof_decl = 8;
  }
  message Enum { string name = 1; repeated Child value = 2; }
  message Service { string name = 1; repeated Child method = 2; }
  message Child { string name = 1; }
  message SourceCodeInfo {
    message Location { repeated int32 path = 1; bytes leading_comments = 3; bytes trailing_comments = 4; }
    repeated Location location = 1;
  }
`;

interface Child {
  readonly name: string;
}

interface Message extends Child {
  readonly field: readonly Child[];
  readonly nestedType: readonly Message[];
  readonly enumType: readonly Enum[];
  readonly extension: readonly Child[];
  readonly oneofDecl: readonly Child[];
}

interface Enum extends Child {
  readonly value: readonly Child[];
}

interface Service extends Child {
  readonly method: readonly Child[];
}

interface File {
  readonly package: string;
  readonly messageType: readonly Message[];
  readonly enumType: readonly Enum[];
  readonly service: readonly Service[];
  readonly extension: readonly Child[];
  readonly sourceCodeInfo: {
    readonly location: readonly {
      readonly path: readonly number[];
      readonly leadingComments: Uint8Array;
      readonly trailingComments: Uint8Array;
    }[];
  } | undefined;
}

let codec: Codec<File> | undefined;

/** Gives the declarations of `file` the comments that stand in its `descriptor`, a serialised FileDescriptorProto. */
export function takeComments(file: FileNode, descriptor: Uint8Array): void {
  codec ??= parseProto(DESCRIPTOR_PROTO).messages["File"]! as Codec<File>;
  const read = codec.decode(descriptor);
  const nodes = new Map<string, Named>(file.declared.map((node) => [node.fullName, node]));
  const names = namesByPath(read);
  for (const { path, leadingComments, trailingComments } of read.sourceCodeInfo?.location ?? []) {
    const node = nodes.get(names.get(path.join(".")) ?? "");
    if (node === undefined) continue;
    node.comments = { leading: textOf(leadingComments), trailing: textOf(trailingComments) };
  }
}

/** protoc passes comments on as they are, also where they are no UTF-8. */
const decoder = new TextDecoder();

/** A comment as people read it: protoc keeps the space behind "//" or "*". */
function textOf(comment: Uint8Array): string {
  return decoder.decode(comment).split("\n").map((line) => line.replace(/^ /, "").trimEnd()).join("\n")
    .replace(/\n+$/, "");
}

/** Full names by SourceCodeInfo's paths: "4.0.2.1" is the second field of the first message. */
function namesByPath(file: File): Map<string, string> {
  const names = new Map<string, string>();
  const below = (scope: string, name: string) => scope === "" ? name : `${scope}.${name}`;
  const add = (path: string, scope: string, children: readonly Child[]) =>
    children.forEach(({ name }, i) => names.set(`${path}.${i}`, below(scope, name)));
  const addEnums = (path: string, scope: string, enums: readonly Enum[]) => {
    add(path, scope, enums);
    enums.forEach(({ value }, i) => add(`${path}.${i}.2`, scope, value)); // siblings of their enum
  };
  const addMessages = (path: string, scope: string, messages: readonly Message[]): void => {
    add(path, scope, messages);
    messages.forEach((message, i) => {
      const [at, inner] = [`${path}.${i}`, below(scope, message.name)];
      add(`${at}.2`, inner, message.field);
      addMessages(`${at}.3`, inner, message.nestedType);
      addEnums(`${at}.4`, inner, message.enumType);
      add(`${at}.6`, inner, message.extension);
      add(`${at}.8`, inner, message.oneofDecl);
    });
  };
  addMessages("4", file.package, file.messageType);
  addEnums("5", file.package, file.enumType);
  add("6", file.package, file.service);
  file.service.forEach(({ name, method }, i) => add(`6.${i}.2`, below(file.package, name), method));
  add("7", file.package, file.extension);
  return names;
}
