// Descriptors of protobuf's own files, beside those that protobuf-es has in it.

import { assertEquals } from "@std/assert";
import { toBinary } from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { descriptorCodecs } from "../../../../surface/proto/descriptor/descriptor_types.ts";
import { fileDescriptorBytes } from "../../../../surface/proto/descriptor/write_file.ts";
import { wellKnownFile } from "../../../../surface/proto/well_known.ts";
import { test } from "../../../harness.ts";

const FILES = [
  wkt.file_google_protobuf_any,
  wkt.file_google_protobuf_api,
  wkt.file_google_protobuf_duration,
  wkt.file_google_protobuf_empty,
  wkt.file_google_protobuf_field_mask,
  wkt.file_google_protobuf_source_context,
  wkt.file_google_protobuf_struct,
  wkt.file_google_protobuf_timestamp,
  wkt.file_google_protobuf_type,
  wkt.file_google_protobuf_wrappers,
];

/** A descriptor without names in JSON, which protobuf-es leaves out where they are the default. */
function comparable(bytes: Uint8Array): unknown {
  return JSON.parse(
    JSON.stringify(
      descriptorCodecs().file.decode(bytes),
      (key, value) => key === "jsonName" ? undefined : value,
    ),
  );
}

for (const { proto } of FILES) {
  test(`the descriptor of ${proto.name} is that of protobuf-es, options included`, () => {
    const ours = fileDescriptorBytes(wellKnownFile(proto.name)!);
    assertEquals(comparable(ours), comparable(toBinary(wkt.FileDescriptorProtoSchema, proto)));
  });
}
