// The .proto file that a generated module was made of.

import type { ProtoFile } from "../proto_file.ts";

class GeneratedProtoFile implements ProtoFile {
  #bytes: Uint8Array | undefined = undefined;

  constructor(
    readonly name: string,
    readonly imports: readonly ProtoFile[],
    private readonly base64: string,
  ) {}

  bytes(): Uint8Array {
    return this.#bytes ??= Uint8Array.from(atob(this.base64), (octet) => octet.charCodeAt(0));
  }
}

/** A .proto file, by its path, what it imports, and its descriptor in base64. */
export function protoFile(name: string, imports: readonly ProtoFile[], base64: string): ProtoFile {
  return new GeneratedProtoFile(name, imports, base64);
}
