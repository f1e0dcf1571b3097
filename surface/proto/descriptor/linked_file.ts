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

class LinkedFile implements ProtoFile {
  readonly name: string;
  readonly #node: FileNode;
  #imports: readonly ProtoFile[] | undefined = undefined;
  #bytes: Uint8Array | undefined = undefined;

  constructor(node: FileNode) {
    this.name = node.path;
    this.#node = node;
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
