// Declarations as .proto text, as a person reads it: types by the shortest name that the file itself could use.

import {
  Edition,
  type EnumNode,
  type FieldNode,
  type FileNode,
  type MessageNode,
  type MethodNode,
  type Named,
  NO_SETTINGS,
  type OneofNode,
  type OptionValues,
  type RangeNode,
  type ServiceNode,
} from "../../proto/language/nodes.ts";
import { FileComments } from "../../proto/language/comments.ts";
import { printable, type Style } from "../text.ts";
import { numberText, octetText, optionTexts, quoted } from "./option_text.ts";
import { NameScopes, outer } from "./name_scopes.ts";

const MAX_FIELD_NUMBER = 536_870_911;
const MAX_INT32 = 2_147_483_647;
const INDENT = "  ";

/** `node` as lines of .proto text. */
export function protoText(node: FileNode | Named, style: Style): string[] {
  return new ProtoPrinter(style).lines(node);
}

class ProtoPrinter {
  private readonly comments = new Map<FileNode, FileComments>();
  private readonly scopes = new NameScopes();
  private readonly keyword: (text: string) => string;
  private readonly type: (text: string) => string;
  private readonly note: (text: string) => string;

  constructor({ cyan, green, dim }: Style) {
    this.keyword = cyan;
    this.type = green;
    this.note = dim;
  }

  /** With the comments that stand around it in its file. */
  lines(node: FileNode | Named): string[] {
    if (node.kind === "file") return this.file(node);
    const { leading, trailing } = this.commentsOf(node);
    const lines = this.bare(node);
    if (trailing.length === 1 && !lines[0]!.includes("//")) lines[0] += `  ${trailing[0]}`;
    else leading.push(...trailing);
    return [...leading, ...lines];
  }

  private commentsOf({ comments, file, nameAt }: Named): { leading: string[]; trailing: string[] } {
    let ofFile = this.comments.get(file);
    if (ofFile === undefined) this.comments.set(file, ofFile = new FileComments(file));
    const { leading, trailing } = comments ?? ofFile.of(nameAt);
    const linesOf = (text: string): string[] =>
      text.trim() === ""
        ? []
        : text.trimEnd().split("\n").map((line) => this.note(printable(`// ${line.trim()}`.trimEnd())));
    return { leading: linesOf(leading), trailing: linesOf(trailing) };
  }

  private bare(node: Named): string[] {
    switch (node.kind) {
      case "service":
        return this.service(node);
      case "method":
        return this.method(node);
      case "message":
        return this.message(node);
      case "enum":
        return this.enum(node);
      case "oneof":
        return this.oneof(node);
      case "value":
        return [this.value(node)];
      case "field":
        return node.extendee === undefined ? this.field(node) : this.extension(node);
    }
  }

  private file(file: FileNode): string[] {
    const { edition, imports } = file;
    const syntax = edition === Edition.PROTO2 || edition === Edition.PROTO3
      ? `${this.keyword("syntax")} = "proto${edition === Edition.PROTO2 ? 2 : 3}";`
      : `${this.keyword("edition")} = "${edition === Edition.E2023 ? 2023 : 2024}";`;
    const parts = [[syntax]];
    if (file.package !== "") parts.push([`${this.keyword("package")} ${file.package};`]);
    if (imports.length > 0) {
      parts.push(
        imports.map(({ kind, path }) =>
          `${this.keyword("import")} ${kind === "plain" ? "" : `${this.keyword(kind)} `}"${printable(path)}";`
        ),
      );
    }
    const options = this.options(file);
    if (options.length > 0) parts.push(options);
    const groups = groupsOf(file.extensions);
    const messages = file.messages.filter((message) => !groups.has(message));
    const declared = [...file.services, ...messages, ...file.enums, ...file.extensions];
    parts.push(...declared.map((node) => this.lines(node)));
    return joined(parts);
  }

  private service(service: ServiceNode): string[] {
    const body = [
      ...this.options(service),
      ...service.methods.flatMap((method) => this.lines(method)),
    ];
    return this.block(`${this.keyword("service")} ${service.name}`, body);
  }

  private method(method: MethodNode): string[] {
    const side = (streams: boolean, type: MessageNode | undefined, name: string): string =>
      `(${streams ? `${this.keyword("stream")} ` : ""}${this.named(method, type, name)})`;
    const request = side(method.clientStreaming, method.input, method.inputName);
    const response = side(method.serverStreaming, method.output, method.outputName);
    const line = `${this.keyword("rpc")} ${method.name}${request} ${this.keyword("returns")} ${response}`;
    const options = this.options(method);
    return options.length === 0 ? [`${line};`] : this.block(line, options);
  }

  private message(message: MessageNode): string[] {
    return this.block(
      `${this.visibility(message)}${this.keyword("message")} ${message.name}`,
      this.members(message),
    );
  }

  private members(message: MessageNode): string[] {
    const groups = groupsOf([...message.fields, ...message.extensions]);
    const body = [...this.options(message)];
    const shown = new Set<OneofNode>();
    for (const field of message.fields) {
      const { oneof } = field;
      if (oneof === undefined) body.push(...this.lines(field));
      else if (!shown.has(oneof)) {
        shown.add(oneof);
        body.push(...this.lines(oneof));
      }
    }
    for (const extension of message.extensions) body.push(...this.lines(extension));
    const { messages, enums, extensionRanges, reservedRanges, reservedNames } = message;
    for (const nested of messages) {
      if (!nested.isEntry && !groups.has(nested)) body.push(...this.lines(nested));
    }
    for (const nested of enums) body.push(...this.lines(nested));
    body.push(...this.ranges(message, "extensions", extensionRanges, MAX_FIELD_NUMBER));
    body.push(...this.ranges(message, "reserved", reservedRanges, MAX_FIELD_NUMBER));
    body.push(...this.reserved(reservedNames, message.file));
    return body;
  }

  private oneof(oneof: OneofNode): string[] {
    return this.block(`${this.keyword("oneof")} ${oneof.name}`, [
      ...this.options(oneof),
      ...oneof.fields.flatMap((field) => this.lines(field)),
    ]);
  }

  private field(field: FieldNode): string[] {
    const { entry, type, target, name, number } = field;
    const start = `${this.label(field)}${
      entry === undefined
        ? type === "group"
          ? `${this.keyword("group")} ${target?.name ?? name}`
          : `${this.typeOf(field)} ${name}`
        : `${this.keyword("map")}<${this.typeOf(entry.fields[0]!)}, ${
          this.named(field, entry.fields[1]!.target, entry.fields[1]!.type ?? "", true)
        }> ${name}`
    } = ${number}${this.bracketed(field)}`;
    if (type === "group" && target?.kind === "message") return this.block(start, this.members(target));
    return [`${start};`];
  }

  private label({ label, oneof, entry, proto3Optional, file }: FieldNode): string {
    if (entry !== undefined || oneof !== undefined) return "";
    if (label === "optional" && (file.edition === Edition.PROTO2 ? false : !proto3Optional)) return "";
    return `${this.keyword(label)} `;
  }

  private extension(field: FieldNode): string[] {
    const of = this.named(field, field.extends, field.extendee ?? "");
    return this.block(`${this.keyword("extend")} ${of}`, this.field(field));
  }

  private enum(node: EnumNode): string[] {
    return this.block(`${this.visibility(node)}${this.keyword("enum")} ${node.name}`, [
      ...this.options(node),
      ...node.values.flatMap((value) => this.lines(value)),
      ...this.ranges(node, "reserved", node.reservedRanges, MAX_INT32),
      ...this.reserved(node.reservedNames, node.file),
    ]);
  }

  private value(value: EnumNode["values"][number]): string {
    const { name, number } = value;
    const options = this.optionTexts(value);
    return `${name} = ${number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
  }

  private bracketed(field: FieldNode): string {
    const { defaultValue, target, jsonName } = field;
    const options = this.optionTexts(field);
    if (defaultValue !== undefined) {
      options.unshift(`default = ${literal(defaultValue, target?.kind === "enum")}`);
    }
    if (jsonName !== undefined) options.push(`json_name = ${quoted(new TextEncoder().encode(jsonName))}`);
    return options.length === 0 ? "" : ` [${options.join(", ")}]`;
  }

  private options(node: Named | FileNode): string[] {
    return this.optionTexts(node).map((one) => `${this.keyword("option")} ${one};`);
  }

  private optionTexts(node: Named | FileNode): string[] {
    if (node.kind === "file") return this.settings(node.settings, node.package, node);
    return this.settings(node.settings, outer(node.fullName), node.file);
  }

  private settings(settings: OptionValues, scope: string, file: FileNode): string[] {
    return optionTexts(settings, file.source, (name) => this.scopes.extensionName(name, scope, file));
  }

  /** "export " or "local ", where it is written. */
  private visibility({ visibility }: MessageNode | EnumNode): string {
    return visibility === undefined ? "" : `${this.keyword(visibility)} `;
  }

  private ranges(
    { fullName, file }: MessageNode | EnumNode,
    word: string,
    ranges: readonly RangeNode[],
    most: number,
  ): string[] {
    const line = (texts: readonly string[], options: readonly string[]): string =>
      `${this.keyword(word)} ${texts.join(", ")}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
    const plain: string[] = [];
    const others: string[] = [];
    for (const { start, end, settings } of ranges) {
      const text = end === start ? String(start) : `${start} to ${end >= most ? "max" : end}`;
      const options = this.settings(settings ?? NO_SETTINGS, fullName, file);
      if (options.length === 0) plain.push(text);
      else others.push(line([text], options));
    }
    return plain.length === 0 ? others : [line(plain, []), ...others];
  }

  private reserved(names: readonly string[], { edition }: FileNode): string[] {
    if (names.length === 0) return [];
    // Of descriptors they may be anything.
    const shown = names.map((name) =>
      edition >= Edition.E2023 && /^\w+$/.test(name) ? name : quoted(new TextEncoder().encode(name))
    );
    return [`${this.keyword("reserved")} ${shown.join(", ")};`];
  }

  private typeOf(field: FieldNode): string {
    const { type, target } = field;
    return this.named(field, target, type ?? "", target === undefined);
  }

  /** The name of `target` where `at` is declared; `name` where there is none. */
  private named(
    at: FieldNode | MethodNode,
    target: MessageNode | EnumNode | undefined,
    name: string,
    scalar = false,
  ): string {
    if (target === undefined) return scalar ? this.type(name) : name;
    return this.type(this.scopes.nameOf(target, at));
  }

  private block(head: string, body: readonly string[]): string[] {
    if (body.length === 0) return [`${head} {}`];
    return [`${head} {`, ...body.map((line) => line === "" ? "" : INDENT + line), "}"];
  }
}

/** The messages of those `fields` that are groups, which are shown where the fields are. */
function groupsOf(fields: readonly FieldNode[]): Set<FieldNode["target"]> {
  return new Set(fields.flatMap(({ type, target }) => type === "group" ? [target] : []));
}

/** Parts with an empty line between them. */
function joined(parts: readonly (readonly string[])[]): string[] {
  return parts.flatMap((part, i) => i === 0 ? part : ["", ...part]);
}

function literal(value: unknown, isEnum: boolean): string {
  if (value instanceof Uint8Array) return octetText(value);
  if (typeof value === "number") return numberText(value);
  return typeof value === "string" && !isEnum ? quoted(new TextEncoder().encode(value)) : String(value);
}
