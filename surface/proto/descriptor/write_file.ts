// From linked declarations to google.protobuf.FileDescriptorProto, as protoc writes it.

import { encodeMessage } from "../codec.ts";
import {
  Edition,
  type EnumNode,
  type EnumValueNode,
  type FieldNode,
  type FileNode,
  type MessageNode,
  type MethodNode,
  NO_OPTIONS,
  type OneofNode,
  type OptionValues,
  type RangeNode,
  type ServiceNode,
} from "../language/nodes.ts";
import { jsonNameOf } from "../schema.ts";
import { importedBy, STANDARD_OPTIONS } from "../well_known.ts";
import { defaultText } from "./default_text.ts";
import {
  descriptorCodecs,
  type EnumDescriptor,
  type FieldDescriptor,
  type FileDescriptor,
  LABELS,
  type MessageDescriptor,
  type MethodDescriptorProto,
  type OneofDescriptor,
  type RangeDescriptor,
  type ServiceDescriptorProto,
  TYPES,
  type ValueDescriptor,
  VISIBILITIES,
} from "./descriptor_types.ts";
import { wellKnownOptions } from "./well_known_options.ts";
import { type OptionNames, OptionWriter } from "./write_options.ts";

/**
 * `file`, which is linked, as a serialised FileDescriptorProto without positions and comments. Options that no file
 * declares, which loading passes over, and those that only sources keep are left out.
 */
export function fileDescriptorBytes(file: FileNode): Uint8Array {
  return encodeMessage(descriptorCodecs().file, new FileWriter(file).file());
}

/** The options of a message of which there are always some: `map_entry = true`. */
const MAP_ENTRY_OPTIONS = [Uint8Array.of(7 << 3, 1)];

class FileWriter {
  readonly #options: OptionWriter;

  constructor(private readonly node: FileNode) {
    this.#options = new OptionWriter(node.source, namesSeenBy(node));
  }

  file(): FileDescriptor {
    const { node } = this;
    const found = node.imports.filter(({ file }) => file !== undefined);
    const plain = found.filter(({ kind }) => kind !== "option");
    const indexes = (wanted: string) => plain.flatMap(({ kind }, i) => kind === wanted ? [i] : []);
    return {
      name: node.path,
      package: node.package || undefined,
      dependency: plain.map(({ file }) => file!.path),
      messageType: node.messages.map((message) => this.#message(message)),
      enumType: node.enums.map((one) => this.#enum(one)),
      service: node.services.map((service) => this.#service(service)),
      extension: node.extensions.map((field) => this.#field(field)),
      options: this.#optionsOf({ settings: wellKnownOptions(node.path) ?? node.settings }, "FileOptions"),
      publicDependency: indexes("public"),
      weakDependency: indexes("weak"),
      syntax: syntaxOf(node),
      edition: node.edition >= Edition.E2023 ? node.edition : undefined,
      optionDependency: found.filter(({ kind }) => kind === "option").map(({ file }) => file!.path),
    };
  }

  #message(node: MessageNode): MessageDescriptor {
    const synthetic = syntheticOneofs(node);
    const oneofs = [...node.oneofs.map((oneof) => this.#oneof(oneof)), ...synthetic.values()];
    const indexes = new Map<FieldNode, number>();
    node.oneofs.forEach(({ fields }, i) => fields.forEach((field) => indexes.set(field, i)));
    [...synthetic.keys()].forEach((field, i) => indexes.set(field, node.oneofs.length + i));
    return {
      name: node.name,
      field: node.fields.map((field) => this.#field(field, indexes.get(field))),
      nestedType: node.messages.map((message) => this.#message(message)),
      enumType: node.enums.map((one) => this.#enum(one)),
      extensionRange: node.extensionRanges.map((range) => ({
        ...exclusive(range),
        options: this.#optionsOf(range, "ExtensionRangeOptions"),
      })),
      extension: node.extensions.map((field) => this.#field(field)),
      options: node.isEntry ? MAP_ENTRY_OPTIONS : this.#optionsOf(node, "MessageOptions"),
      oneofDecl: oneofs,
      reservedRange: node.reservedRanges.map(exclusive),
      reservedName: node.reservedNames,
      visibility: node.visibility && VISIBILITIES[node.visibility],
    };
  }

  #field(node: FieldNode, oneofIndex?: number): FieldDescriptor {
    const { target } = node;
    const editions = node.file.edition >= Edition.E2023;
    return {
      name: node.name,
      extendee: node.extends && `.${node.extends.fullName}`,
      number: node.number,
      label: LABELS[node.label],
      // In editions a group is a message that is sent delimited.
      type: TYPES[node.type === "group" && editions ? "message" : node.type!],
      typeName: target && `.${target.fullName}`,
      defaultValue: node.defaultValue === undefined ? undefined : defaultText(node),
      options: this.#optionsOf(node, "FieldOptions"),
      oneofIndex,
      jsonName: node.jsonName ?? jsonNameOf(node.name),
      proto3Optional: node.proto3Optional || undefined,
    };
  }

  #oneof(node: OneofNode): OneofDescriptor {
    return { name: node.name, options: this.#optionsOf(node, "OneofOptions") };
  }

  #enum(node: EnumNode): EnumDescriptor {
    return {
      name: node.name,
      value: node.values.map((value) => this.#value(value)),
      options: this.#optionsOf(node, "EnumOptions"),
      reservedRange: node.reservedRanges.map(({ start, end }) => ({ start, end })),
      reservedName: node.reservedNames,
      visibility: node.visibility && VISIBILITIES[node.visibility],
    };
  }

  #value(node: EnumValueNode): ValueDescriptor {
    return { name: node.name, number: node.number, options: this.#optionsOf(node, "EnumValueOptions") };
  }

  #service(node: ServiceNode): ServiceDescriptorProto {
    return {
      name: node.name,
      method: node.methods.map((method) => this.#method(method)),
      options: this.#optionsOf(node, "ServiceOptions"),
    };
  }

  #method(node: MethodNode): MethodDescriptorProto {
    const braces = node.options !== NO_OPTIONS;
    return {
      name: node.name,
      inputType: `.${node.input!.fullName}`,
      outputType: `.${node.output!.fullName}`,
      options: this.#optionsOf(node, "MethodOptions") ?? (braces ? [new Uint8Array(0)] : undefined),
      clientStreaming: node.clientStreaming || undefined,
      serverStreaming: node.serverStreaming || undefined,
    };
  }

  #optionsOf(
    node: { readonly settings?: OptionValues },
    type: string,
  ): [Uint8Array] | undefined {
    if (node.settings === undefined || node.settings.size === 0) return undefined;
    const message = STANDARD_OPTIONS.descriptor().messages.find(({ name }) => name === type)!;
    const bytes = this.#options.encode(node.settings, message);
    return bytes.length === 0 ? undefined : [bytes];
  }
}

function syntaxOf({ edition }: FileNode): string | undefined {
  if (edition >= Edition.E2023) return "editions";
  return edition === Edition.PROTO3 ? "proto3" : undefined;
}

function exclusive({ start, end }: RangeNode): RangeDescriptor {
  return { start, end: end + 1 };
}

/** The oneof of its own that an `optional` field of proto3 is in, for those that know nothing of it. */
function syntheticOneofs({ fields, oneofs }: MessageNode): Map<FieldNode, OneofDescriptor> {
  const result = new Map<FieldNode, OneofDescriptor>();
  const optional = fields.filter(({ proto3Optional }) => proto3Optional);
  if (optional.length === 0) return result;
  const taken = new Set([...fields, ...oneofs].map(({ name }) => name));
  for (const field of optional) {
    let name = field.name.startsWith("_") ? field.name : `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    result.set(field, { name });
  }
  return result;
}

/** What options may name: all that is in the file and in what it imports, at any distance. */
function namesSeenBy(file: FileNode): OptionNames {
  let all: Map<string, FieldNode | MessageNode> | undefined;
  const find = (fullName: string) => {
    if (all === undefined) {
      all = new Map();
      for (const { declared } of [file, ...importedBy([file])]) {
        for (const node of declared) {
          if (node.kind === "message" || node.kind === "field") all.set(node.fullName, node);
        }
      }
    }
    return all.get(fullName);
  };
  const extension = (name: string) => {
    const node = find(name);
    return node?.kind === "field" ? node : undefined;
  };
  const message = (name: string) => {
    const node = find(name);
    return node?.kind === "message" ? node : undefined;
  };
  return { extension, message };
}
