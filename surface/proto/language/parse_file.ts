// Syntax of a .proto file: top-level statements, and services.

import { Cursor } from "./cursor.ts";
import { editionNamed, unsupportedEdition } from "./editions.ts";
import { features } from "./features.ts";
import {
  Edition,
  type FileNode,
  type MethodNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type ServiceNode,
} from "./nodes.ts";
import { parseEnum } from "./parse_enum.ts";
import { parseExtend, parseMessage, parseTypeName, parseVisibility } from "./parse_message.ts";
import { parseOptionStatement } from "./parse_options.ts";
import { Source } from "./source.ts";
import { Token } from "./tokenizer.ts";

/** Parses the text of one file, which others import as `path`. Throws ProtoError. */
export function parseFile(name: string, text: string, path = name): FileNode {
  const file: FileNode = {
    kind: "file",
    source: new Source(name, text),
    path,
    edition: Edition.PROTO2,
    syntaxAt: 0,
    package: "",
    packageAt: -1,
    imports: [],
    messages: [],
    enums: [],
    services: [],
    extensions: [],
    declared: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(Edition.PROTO2),
  };
  const cursor = new Cursor(file);
  if (cursor.at("syntax") || cursor.at("edition")) parseSyntax(cursor, file);
  file.features = features(file.edition);
  while (cursor.type !== Token.END) parseStatement(cursor, file);
  return file;
}

function parseSyntax(cursor: Cursor, file: FileNode): void {
  const isEdition = cursor.at("edition");
  file.syntaxAt = cursor.start;
  cursor.next();
  cursor.expect("=");
  const at = cursor.start;
  const text = cursor.string("Expected syntax identifier");
  cursor.expect(";");
  if (isEdition) {
    file.edition = editionNamed(text) ?? cursor.fail(unsupportedEdition(text), at);
  } else if (text === "proto3") file.edition = Edition.PROTO3;
  else if (text !== "proto2") {
    cursor.fail(
      `Unrecognized syntax identifier "${text}".  This parser only recognizes "proto2" and "proto3"`,
      at,
    );
  }
}

function parseStatement(cursor: Cursor, file: FileNode): void {
  if (cursor.take(";")) return;
  const visibility = parseVisibility(cursor);
  switch (cursor.text) {
    case "message":
      file.messages.push(parseMessage(cursor, undefined, visibility));
      break;
    case "enum":
      file.enums.push(parseEnum(cursor, undefined, visibility));
      break;
    case "service":
      file.services.push(parseService(cursor));
      break;
    case "extend":
      parseExtend(cursor, file, undefined);
      break;
    case "import":
      parseImport(cursor, file);
      break;
    case "package":
      parsePackage(cursor, file);
      break;
    case "option":
      parseOptionStatement(cursor, file);
      break;
    default:
      cursor.fail('Expected top-level statement (e.g. "message")');
  }
}

function parseImport(cursor: Cursor, file: FileNode): void {
  const at = cursor.start;
  cursor.expect("import");
  let kind: "plain" | "public" | "weak" | "option" = "plain";
  if (cursor.at("option")) {
    if (file.edition < Edition.E2024) cursor.fail("option import is not supported before edition 2024");
    kind = "option";
  } else if (file.imports.at(-1)?.kind === "option") {
    cursor.fail("imports should precede any option imports to ensure proto files can roundtrip");
  } else if (cursor.at("public")) kind = "public";
  else if (cursor.at("weak")) {
    if (file.edition >= Edition.E2024) {
      cursor.fail(
        "weak import is not supported in edition 2024 and above. Consider using option import instead",
      );
    }
    kind = "weak";
  }
  if (kind !== "plain") cursor.next();
  const path = cursor.string("Expected a string naming the file to import");
  cursor.expect(";");
  file.imports.push({ path, at, kind, file: undefined });
}

function parsePackage(cursor: Cursor, file: FileNode): void {
  if (file.packageAt >= 0) cursor.fail("Multiple package definitions");
  file.packageAt = cursor.start;
  cursor.next();
  file.package = cursor.dottedName("Expected identifier");
  cursor.expect(";");
}

function parseService(cursor: Cursor): ServiceNode {
  cursor.expect("service");
  const nameAt = cursor.start;
  const service: ServiceNode = {
    kind: "service",
    name: cursor.identifier("Expected service name"),
    nameAt,
    file: cursor.file,
    fullName: "",
    methods: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: cursor.file.features,
  };
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.type === Token.END) {
      cursor.fail("Reached end of input in service definition (missing '}')");
    }
    if (cursor.take(";")) continue;
    if (cursor.at("option")) parseOptionStatement(cursor, service);
    else service.methods.push(parseMethod(cursor, service));
  }
  return service;
}

function parseMethod(cursor: Cursor, parent: ServiceNode): MethodNode {
  cursor.expect("rpc");
  const nameAt = cursor.start;
  const name = cursor.identifier("Expected method name");
  const input = parseMethodType(cursor);
  cursor.expect("returns");
  const output = parseMethodType(cursor);
  const method: MethodNode = {
    kind: "method",
    name,
    nameAt,
    file: cursor.file,
    fullName: "",
    parent,
    inputName: input.name,
    inputAt: input.at,
    clientStreaming: input.stream,
    outputName: output.name,
    outputAt: output.at,
    serverStreaming: output.stream,
    input: undefined,
    output: undefined,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: cursor.file.features,
  };
  if (!cursor.take("{")) cursor.expect(";");
  else {
    method.options = []; // braces with nothing in them are options to protoc
    while (!cursor.take("}")) {
      if (cursor.type === Token.END) {
        cursor.fail("Reached end of input in method options (missing '}')");
      }
      if (!cursor.take(";")) parseOptionStatement(cursor, method);
    }
  }
  return method;
}

function parseMethodType(cursor: Cursor): { name: string; at: number; stream: boolean } {
  cursor.expect("(");
  const stream = cursor.take("stream");
  const at = cursor.start;
  const name = parseTypeName(cursor);
  cursor.expect(")");
  return { name, at, stream };
}
