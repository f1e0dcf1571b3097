// What reading descriptors of one set has in common: names, places of errors, limits, and options that are read twice.

import { ProtoError } from "../errors.ts";
import type { FieldNode, FileNode, MessageNode, OptionValues } from "../language/nodes.ts";
import { WireError } from "../reader.ts";
import { STANDARD_OPTIONS } from "../well_known.ts";
import type { DescriptorSource } from "./descriptor_source.ts";
import { type ExtensionsByNumber, readOptions } from "./read_options.ts";

/**
 * Characters of all full names of a set: a message with a name of a megabyte and a million fields would need a terabyte.
 * The largest trees of generated files have 50 million.
 */
const MOST_NAME_CHARACTERS = 100_000_000;

/** Whose options are settled once. */
interface WithSettings {
  settings?: OptionValues;
}

/** Options as they came. */
interface RawOptions {
  readonly node: WithSettings;
  readonly parts: readonly Uint8Array[];
  readonly type: MessageNode;
  readonly file: FileNode;
}

/** What all files of a set share. */
export class SetContext {
  /** Options whose extensions are read once all files are linked. */
  readonly #raw: RawOptions[] = [];
  #characters = 0;

  /** What reading `file` needs. */
  of(file: FileNode): ReadContext {
    return new ReadContext(file, this);
  }

  /** Counts a full name. Throws ProtoError where they are too many. */
  spend(characters: number): void {
    this.#characters += characters;
    if (this.#characters <= MOST_NAME_CHARACTERS) return;
    throw new ProtoError(
      `Cannot read descriptors: the names in them have more than ${MOST_NAME_CHARACTERS} characters`,
    );
  }

  /** Reads options of protobuf itself, and keeps all for `extend`. */
  read(raw: RawOptions): void {
    settle(raw, NO_EXTENSIONS);
    this.#raw.push(raw);
  }

  /** Reads the options again, once extensions are known. */
  extend(extensions: ExtensionsByNumber): void {
    for (const raw of this.#raw) settle(raw, extensions);
  }
}

const NO_EXTENSIONS: ExtensionsByNumber = new Map();

function settle({ node, parts, type, file }: RawOptions, extensions: ExtensionsByNumber): void {
  try {
    node.settings = readOptions(parts, type, extensions);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new ProtoError(`${file.path}: Cannot read options: ${error.message}`);
  }
}

/** Reads one file. */
export class ReadContext {
  readonly #set: SetContext;
  readonly #kinds: [field: FieldNode, kind: "message" | "enum"][] = [];

  /** Of `file`, one of a set's. */
  constructor(readonly file: FileNode, set: SetContext) {
    this.#set = set;
  }

  /** A declaration's name, and its place for errors. Throws ProtoError for what is no identifier. */
  name(name: string | undefined, scope: string): [name: string, at: number] {
    const named = this.messageName(name, scope);
    this.checkIdentifier(...named);
    return named;
  }

  /** As `name`, of a message that may be the entry of a map: that of "_1" is "1Entry", to protoc too. */
  messageName(name: string | undefined, scope: string): [name: string, at: number] {
    const at = (this.file.source as DescriptorSource).mark(scope, name ?? "");
    if (name === undefined || name === "") throw this.error(at, "Missing name");
    if (!/^\w+$/.test(name)) throw this.error(at, `"${name}" is not a valid identifier`);
    this.#set.spend(scope.length + name.length);
    return [name, at];
  }

  /** Throws ProtoError for what is no name of a declaration that somebody wrote. */
  checkIdentifier(name: string, at: number): void {
    if (/^\d/.test(name)) throw this.error(at, `"${name}" is not a valid identifier`);
  }

  /** The scope inside declaration `name` of `scope`. */
  inside(scope: string, name: string): string {
    return scope === "" ? name : `${scope}.${name}`;
  }

  /** An error at a place. */
  error(at: number, message: string): ProtoError {
    return this.file.source.error(at, message);
  }

  /** Gives `node` its options, a message of protobuf's `type`. */
  options(node: WithSettings, parts: readonly Uint8Array[] | undefined, type: OptionsType): void {
    if (parts === undefined || parts.length === 0) return;
    const message = STANDARD_OPTIONS.descriptor().messages.find(({ name }) => name === type)!;
    this.#set.read({ node, parts, type: message, file: this.file });
  }

  /** `field` says that its type is a declaration of `kind`. */
  expectKind(field: FieldNode, kind: "message" | "enum"): void {
    this.#kinds.push([field, kind]);
  }

  /** Compares what fields say of their types with what these are, once the file is linked. Throws ProtoError. */
  checkKinds(): void {
    for (const [{ target, nameAt }, kind] of this.#kinds) {
      if (target!.kind === kind) continue;
      throw this.error(
        nameAt,
        `"${target!.fullName}" is not ${kind === "enum" ? "an enum" : "a message"} type`,
      );
    }
  }
}

/** Messages of options. */
export type OptionsType = `${
  | "File"
  | "Message"
  | "Field"
  | "Oneof"
  | "Enum"
  | "EnumValue"
  | "Service"
  | "Method"
  | "ExtensionRange"}Options`;
