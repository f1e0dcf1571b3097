// What `generate` may be told.

/** How files are generated. */
export interface GenerateOptions {
  /** How imports of generated files end. Default ".ts"; ".js" for compilers that leave imports as they are; "" for bundlers. */
  readonly importExtension?: ".ts" | ".js" | "";
  /** What generated code imports its runtime as; "../x.ts" is meant from the output directory. Default "pollwire/generated". */
  readonly runtime?: string;
  /**
   * What 64-bit integers are where no `jstype` says it: "bigint" (default), "number" or "string". Those of protobuf's own
   * messages are bigints. Numbers are safe integers: others that come are a DecodeError.
   */
  readonly int64?: "bigint" | "number" | "string";
  /** Whether message types have JSON. Default true. */
  readonly json?: boolean;
  /** Whether services have the descriptors of their files, for reflection. Default true. */
  readonly descriptors?: boolean;
  /** Whether only types are written, with one for `loadProto<T>` a file. Default false. */
  readonly typesOnly?: boolean;
}

/** The same, with defaults. */
export interface Settings extends Required<GenerateOptions> {}

/** The defaults of what is not given. */
export function settingsOf(options: GenerateOptions): Settings {
  return {
    importExtension: ".ts",
    runtime: "pollwire/generated",
    int64: "bigint",
    json: true,
    descriptors: true,
    typesOnly: false,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
}

/** A generated file. */
export interface GeneratedFile {
  /** Relative to the output directory: "shop/cart.ts" for "shop/cart.proto". */
  readonly path: string;
  /** Its content. */
  readonly text: string;
}
