// Names in generated files: those that JavaScript, TypeScript and the code of codecs keep for themselves get a "$", which no
// name of a .proto file has.

import * as runtime from "../generated.ts";

const WORDS =
  "break case catch class const continue debugger default delete do else enum export extends false finally for " +
  "function if import in instanceof new null return super switch this throw true try typeof var void while with yield " +
  "implements interface let package private protected public static await async of arguments eval undefined NaN Infinity " +
  "any bigint boolean never number object string symbol unknown type as asserts is keyof infer readonly unique satisfies require module";

/** What generated code uses of the language's own objects. */
const GLOBALS =
  "Array Uint8Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Map Math Object";

/** Variables of emitted functions; see `emit_decoder.ts` and `emit_encoder.ts`. */
const VARIABLES = /^_?[a-z]\d*$|^(?:end|ks|map)$/;

const RESERVED = new Set([...WORDS.split(" "), ...GLOBALS.split(" "), ...Object.keys(runtime)]);

/** Names that are declared in one file. */
export class Scope {
  readonly #taken = new Set<string>();

  /** `name`, or where it is taken or nobody's, the like of it. */
  declare(name: string): string {
    const base = RESERVED.has(name) || VARIABLES.test(name) ? `${name}$` : name;
    let free = base;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}$${i}`;
    this.#taken.add(free);
    return free;
  }

  /** Takes `name` as it is: nothing that is declared later has it. */
  take(name: string): void {
    this.#taken.add(name);
  }
}

/** What helpers emitted functions may call. */
export const HELPERS: readonly string[] = Object.keys(runtime);

/** A property's key in an object literal or a type. Field "_1e5" is "1e5", which without quotes would be the key "100000". */
export function propertyKey(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^\d/.test(name) ? JSON.stringify(name) : name;
}
