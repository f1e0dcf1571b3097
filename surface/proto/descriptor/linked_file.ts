// The ProtoFile of a linked file: its descriptor is written when it is first read.

import type { FileNode } from "../language/nodes.ts";
import type { ProtoFile } from "../proto_file.ts";
import { fileDescriptorBytes } from "./write_file.ts";

const made = new WeakMap<FileNode, LinkedFile>();

/** The ProtoFile of `node`, which is linked by the time it is read; the same one each time. */
export function protoFileOf(node: FileNode): ProtoFile {
  let file = made.get(node);
  if (file === undefined) made.set(node, file = new LinkedFile(node));
  return file;
}

/** Gives `node`, which was read from a descriptor, the octets it was read from. */
export function describeBy(node: FileNode, bytes: Uint8Array): void {
  made.set(node, new LinkedFile(node, bytes));
}

class LinkedFile implements ProtoFile {
  readonly name: string;
  readonly #node: FileNode;
  #imports: readonly ProtoFile[] | undefined = undefined;
  #bytes: Uint8Array | undefined;

  constructor(node: FileNode, bytes?: Uint8Array) {
    this.name = node.path;
    this.#node = node;
    this.#bytes = bytes;
  }

  get imports(): readonly ProtoFile[] {
    return this.#imports ??= this.#node.imports.flatMap(({ file }) =>
      file === undefined ? [] : [protoFileOf(file)]
    );
  }

  bytes(): Uint8Array {
    return this.#bytes ??= fileDescriptorBytes(this.#node);
  }
}
