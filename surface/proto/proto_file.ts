// ProtoFile: the .proto file a service comes from, as a descriptor that others can read.

/**
 * A .proto file with what it imports, for those who describe services: reflection, and tools that read descriptors. A
 * service has one where it was loaded of a .proto file, or generated with descriptors.
 */
export interface ProtoFile {
  /** The path that others import it by: "google/protobuf/any.proto". */
  readonly name: string;
  /** The files that it imports, in its order; imports that may be missing and are missing are left out. */
  readonly imports: readonly ProtoFile[];
  /** The file as a serialised `google.protobuf.FileDescriptorProto`, made at the first call. Not to be changed. */
  bytes(): Uint8Array;
}
