// How messages are written as JSON and read from it.

import type { Registry } from "./registry.ts";

/** How a message is written as JSON. */
export interface ToJsonOptions {
  /** Also fields without presence that have their default, empty lists and empty maps. Default: false. */
  readonly emitDefaults?: boolean;
  /** Numbers of enum values in place of their names. Default: false. */
  readonly enumsAsIntegers?: boolean;
  /** Keys as the .proto file writes its fields, in place of lowerCamelCase. Default: false. */
  readonly originalNames?: boolean;
  /** Types of Any, and extensions. Default: those of the files that `loadProto` loaded; generated code has none. */
  readonly registry?: Registry;
}

/** How a message is read from JSON. */
export interface FromJsonOptions {
  /** Passes over keys that are no fields, and names that are no values of an enum. Default: both are errors. */
  readonly ignoreUnknownFields?: boolean;
  /** Types of Any, and extensions. Default: those of the files that `loadProto` loaded; generated code has none. */
  readonly registry?: Registry;
  /**
   * Elements (messages, lists, maps and their entries, bytes) that it may have. Default: 800,000; of text a fifth of its
   * length where that is more.
   */
  readonly maxElements?: number;
}
