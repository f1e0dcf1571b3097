// From a google.protobuf.FileDescriptorProto to the declarations that the parser makes of the same file's text.

import { isSupported, unsupportedEdition } from "../language/editions.ts";
import { features } from "../language/features.ts";
import {
  Edition,
  type FileNode,
  type ImportNode,
  type MethodNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type ServiceNode,
} from "../language/nodes.ts";
import { DescriptorSource } from "./descriptor_source.ts";
import type { FileDescriptor, MethodDescriptorProto, ServiceDescriptorProto } from "./descriptor_types.ts";
import type { ReadContext } from "./read_context.ts";
import { readField } from "./read_field.ts";
import { readEnum, readMessage } from "./read_message.ts";

/**
 * The declarations of a file, not linked. Its options are read where `context` keeps them. Throws ProtoError for what
 * the text of a .proto file could not say.
 */
export function readFile(descriptor: FileDescriptor, context: (file: FileNode) => ReadContext): FileNode {
  const path = descriptor.name ?? "";
  const source = new DescriptorSource(path === "" ? "(descriptor)" : path);
  if (path === "") throw source.error(0, "The file has no name");
  const edition = editionOf(descriptor, source);
  const file: FileNode = {
    kind: "file",
    source,
    path,
    edition,
    syntaxAt: 0,
    package: descriptor.package ?? "",
    packageAt: 0,
    imports: importsOf(descriptor, source),
    messages: [],
    enums: [],
    services: [],
    extensions: [],
    declared: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(edition),
  };
  const read = context(file);
  if (file.package !== "" && !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(file.package)) {
    throw source.error(0, `"${file.package}" is not a valid name of a package`);
  }
  read.options(file, descriptor.options, "FileOptions");
  const scope = file.package;
  for (const one of descriptor.messageType ?? []) {
    file.messages.push(readMessage(read, one, undefined, scope));
  }
  for (const one of descriptor.enumType ?? []) file.enums.push(readEnum(read, one, undefined, scope));
  for (const one of descriptor.service ?? []) file.services.push(readService(read, one));
  for (const one of descriptor.extension ?? []) {
    file.extensions.push(readField(read, one, undefined, scope, true));
  }
  return file;
}

function editionOf({ syntax = "", edition = 0 }: FileDescriptor, source: DescriptorSource): number {
  if (syntax === "" || syntax === "proto2") return Edition.PROTO2;
  if (syntax === "proto3") return Edition.PROTO3;
  if (syntax !== "editions") throw source.error(0, `Unrecognized syntax "${syntax}"`);
  if (isSupported(edition)) return edition;
  throw source.error(0, unsupportedEdition(edition));
}

function importsOf(descriptor: FileDescriptor, source: DescriptorSource): ImportNode[] {
  const { dependency = [], publicDependency = [], weakDependency = [], optionDependency = [] } = descriptor;
  const imports = dependency.map((path): ImportNode & { kind: string } => ({
    path,
    at: 0,
    kind: "plain",
    file: undefined,
  }));
  const mark = (indexes: readonly number[], kind: "public" | "weak") => {
    for (const index of indexes) {
      if (imports[index] === undefined) throw source.error(0, `Invalid ${kind} dependency index ${index}`);
      imports[index] = { ...imports[index], kind };
    }
  };
  mark(publicDependency, "public");
  mark(weakDependency, "weak");
  for (const path of optionDependency) imports.push({ path, at: 0, kind: "option", file: undefined });
  return imports;
}

function readService(read: ReadContext, descriptor: ServiceDescriptorProto): ServiceNode {
  const [name, nameAt] = read.name(descriptor.name, read.file.package);
  const service: ServiceNode = {
    kind: "service",
    name,
    nameAt,
    file: read.file,
    fullName: "",
    methods: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: read.file.features,
  };
  read.options(service, descriptor.options, "ServiceOptions");
  const scope = read.inside(read.file.package, name);
  for (const one of descriptor.method ?? []) service.methods.push(readMethod(read, one, service, scope));
  return service;
}

function readMethod(
  read: ReadContext,
  descriptor: MethodDescriptorProto,
  parent: ServiceNode,
  scope: string,
): MethodNode {
  const [name, nameAt] = read.name(descriptor.name, scope);
  const { inputType, outputType } = descriptor;
  if (!inputType || !outputType) throw read.error(nameAt, "The method lacks a type");
  const method: MethodNode = {
    kind: "method",
    name,
    nameAt,
    file: read.file,
    fullName: "",
    parent,
    inputName: inputType,
    inputAt: nameAt,
    clientStreaming: descriptor.clientStreaming === true,
    outputName: outputType,
    outputAt: nameAt,
    serverStreaming: descriptor.serverStreaming === true,
    input: undefined,
    output: undefined,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: read.file.features,
  };
  if (descriptor.options?.length) method.options = []; // as of braces with nothing in them
  read.options(method, descriptor.options, "MethodOptions");
  return method;
}
