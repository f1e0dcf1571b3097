// Folders whose .proto files have code beside them, and the flags of `pollwire gen` that make it.

/** @type {ReadonlyArray<{ folder: string, flags: readonly string[] }>} */
export const GENERATED = [
  // What the library imports itself: its own files, and nothing that a bundle would not use.
  { folder: "surface/protos", flags: ["--runtime=../proto/generated.ts", "--no-json"] },
  { folder: "examples/generated", flags: [] },
];
