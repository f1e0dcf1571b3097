// Sets of descriptors, as servers and files of others have them.
import { ProtoError } from "./surface_imports.ts";
import { descriptorCodecs } from "../../../surface/proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../../surface/proto/descriptor/link_descriptors.ts";
import { loadDescriptors } from "../../../surface/proto/descriptor/load_descriptors.ts";
import { fileDescriptorBytes } from "../../../surface/proto/descriptor/write_file.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { wellKnownFile } from "../../../surface/proto/well_known.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";
import { EDITION, PROTO2, PROTO3 } from "./proto.ts";

/** The descriptors that files are written as, but for protobuf's own. */
function written(descriptors: readonly Uint8Array[]): Uint8Array[] {
  return linkDescriptors(descriptors).filter(({ path }) => wellKnownFile(path) === undefined).map(
    fileDescriptorBytes,
  );
}

/** The files of sets. */
export const descriptors: FuzzTarget = {
  name: "descriptors",
  about:
    "a set of descriptors is refused with ProtoError, or loaded; what is written of its files is written of them again",
  mostBytes: 3_000,
  seeds: () =>
    [PROTO3, `${PROTO2} message N {} service S { rpc C(N) returns (N); }`, EDITION].map((text) => {
      const { S } = parseProto(text, "s.proto");
      return descriptorCodecs().fileSet.encode({ file: [S!.file!.bytes()] });
    }),
  run(input) {
    try {
      loadDescriptors(input);
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      return reached(error.message.replace(/^.*?: /, ""));
    }
    const once = written(descriptorCodecs().fileSet.decode(input).file ?? []);
    const twice = written(once);
    invariant(once.join() === twice.join(), `a file changes: ${once.join()} and ${twice.join()}`);
  },
};
