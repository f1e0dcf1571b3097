// protobuf-es's types of our .proto texts, as the reference of JSON.

import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { descriptorCodecs } from "../../../../surface/proto/descriptor/descriptor_types.ts";
import type { JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import { parseProto, type ProtoFile, type ServiceDescriptor } from "../../../../surface/proto/mod.ts";

/** Ours and theirs of one text. */
export interface Both {
  readonly registry: FileRegistry;
  ours(name: string): JsonMessageCodec;
  theirs(name: string): DescMessage;
}

/** The types of `source`, which may declare anything but a service called `Reference`. */
export function bothOf(source: string): Both {
  const loaded = parseProto(
    `${source} message Nothing {} service Reference { rpc Get(Nothing) returns (Nothing); }`,
  );
  const files = new Map<string, ProtoFile>();
  const add = (file: ProtoFile) => {
    for (const imported of file.imports) add(imported);
    files.set(file.name, file);
  };
  add((loaded["Reference"] as ServiceDescriptor).file!);
  const set = descriptorCodecs().fileSet.encode({ file: [...files.values()].map((file) => file.bytes()) });
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  return {
    registry,
    ours: (name) => loaded.messages[name] as JsonMessageCodec,
    theirs: (name) => registry.getMessage(name)!,
  };
}
