// Which types and extensions are known by name: for Any, and for extensions in JSON.

import { type Codec, MessageCodec } from "../codec.ts";
import { describeValue } from "../errors.ts";
import { Extension } from "../extension.ts";

/** Finds message types and extensions by name. `createRegistry` makes one. */
export interface Registry {
  /** The codec of a message type: "google.rpc.ErrorInfo". */
  message(typeName: string): Codec | undefined;
  /** An extension by its full name. */
  extension(fullName: string): Extension | undefined;
  /** Extensions of a message type, by their numbers. */
  extensionsOf(typeName: string): ReadonlyMap<number, Extension> | undefined;
}

/** What a registry is made of: codecs, extensions, and what `loadProto` returned. */
export type RegistryEntry =
  | { readonly typeName: string }
  | Extension
  | Registry
  | {
    readonly messages: Readonly<Record<string, unknown>>;
    readonly extensions: Readonly<Record<string, Extension>>;
  };

/**
 * A registry of codecs and extensions, of all that `loadProto` returned, and of other registries. Of two with the same
 * name the first counts.
 *
 * @example
 * ```ts ignore
 * const registry = createRegistry(await loadProto("error_details.proto"));
 * codec.toJson(message, { registry });
 * ```
 *
 * @throws {TypeError} for what is none of these
 */
export function createRegistry(...entries: readonly RegistryEntry[]): Registry {
  const types = new TypeRegistry();
  for (const entry of entries) types.add(entry);
  return types;
}

/** The codec of a message type in a registry, with what JSON needs of it. */
export function messageIn(registry: Registry | undefined, typeName: string): MessageCodec | undefined {
  const codec = registry?.message(typeName);
  return codec instanceof MessageCodec ? codec : undefined;
}

/** A registry that is filled. */
export class TypeRegistry implements Registry {
  readonly #messages = new Map<string, MessageCodec>();
  readonly #extensions = new Map<string, Extension>();
  readonly #byType = new Map<string, Map<number, Extension>>();
  readonly #others: Registry[] = [];

  /** Adds what is not yet there; see {@linkcode createRegistry}. */
  add(entry: RegistryEntry): void {
    if (entry instanceof MessageCodec) this.#addMessage(entry);
    else if (entry instanceof Extension) this.#addExtension(entry);
    else if (isLoaded(entry)) {
      Object.values(entry.messages).forEach((codec) => this.add(codec as MessageCodec));
      Object.values(entry.extensions).forEach((extension) => this.add(extension));
    } else if (isRegistry(entry)) this.#others.push(entry);
    else {
      throw new TypeError(
        `Cannot make a registry of ${
          describeValue(entry)
        }: expected codecs and extensions, of loadProto or generated`,
      );
    }
  }

  message(typeName: string): Codec | undefined {
    return this.#messages.get(typeName) ?? first(this.#others, (other) => other.message(typeName));
  }

  extension(fullName: string): Extension | undefined {
    return this.#extensions.get(fullName) ?? first(this.#others, (other) => other.extension(fullName));
  }

  extensionsOf(typeName: string): ReadonlyMap<number, Extension> | undefined {
    const own = this.#byType.get(typeName);
    if (this.#others.length === 0) return own;
    const all = new Map(own);
    for (const other of this.#others) {
      for (const [number, extension] of other.extensionsOf(typeName) ?? []) {
        if (!all.has(number)) all.set(number, extension);
      }
    }
    return all;
  }

  #addMessage(codec: MessageCodec): void {
    if (this.message(codec.typeName) === undefined) this.#messages.set(codec.typeName, codec);
  }

  #addExtension(extension: Extension): void {
    const { fullName, extendee, number } = extension;
    if (this.extension(fullName) !== undefined) return;
    this.#extensions.set(fullName, extension);
    let ofType = this.#byType.get(extendee);
    if (ofType === undefined) this.#byType.set(extendee, ofType = new Map());
    const isTaken = ofType.has(number) ||
      this.#others.some((other) => other.extensionsOf(extendee)?.has(number) === true);
    if (!isTaken) ofType.set(number, extension);
  }
}

function first<T>(others: readonly Registry[], find: (other: Registry) => T | undefined): T | undefined {
  for (const other of others) {
    const found = find(other);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isLoaded(entry: RegistryEntry): entry is Extract<RegistryEntry, { messages: unknown }> {
  return typeof entry === "object" && entry !== null && "messages" in entry && "extensions" in entry;
}

function isRegistry(entry: RegistryEntry): entry is Registry {
  return typeof entry === "object" && entry !== null && "message" in entry && "extensionsOf" in entry;
}
