// Options of the generator as words: flags of `pollwire gen`, and the parameter of protoc-gen-pollwire.

import { hint } from "../../nearest.ts";
import type { GenerateOptions } from "../../proto/generate/options.ts";
import type { FlagTable, FlagValues } from "../flags.ts";

/** The flags that say what is generated. */
export const generatorFlags = {
  "types-only": { kind: "switch", help: "types for loadProto, and no code", group: "What is generated" },
  int64: {
    kind: "text",
    value: "TYPE",
    help: "what 64-bit integers are: bigint (default), number or string",
    choices: ["bigint", "number", "string"],
    group: "What is generated",
  },
  "no-json": { kind: "switch", help: "codecs without toJson and fromJson", group: "What is generated" },
  "no-descriptors": {
    kind: "switch",
    help: "services without their .proto file, which reflection shows",
    group: "What is generated",
  },
  "import-extension": {
    kind: "text",
    value: "EXT",
    help: "how generated files import each other: ts (default), js or none",
    choices: ["ts", "js", "none"],
    group: "What is generated",
  },
  runtime: {
    kind: "text",
    value: "MODULE",
    help: "what generated files import instead of pollwire/generated; ../x.ts is meant from DIR",
    group: "What is generated",
  },
} as const satisfies FlagTable;

const EXTENSIONS = { ts: ".ts", js: ".js", none: "" } as const;

/** What the flags say. */
export function generatorOptions(flags: FlagValues<typeof generatorFlags>): GenerateOptions {
  return {
    typesOnly: flags["types-only"],
    int64: (flags.int64 ?? "bigint") as NonNullable<GenerateOptions["int64"]>,
    json: !flags["no-json"],
    descriptors: !flags["no-descriptors"],
    importExtension: EXTENSIONS[(flags["import-extension"] ?? "ts") as keyof typeof EXTENSIONS],
    ...(flags.runtime === undefined ? {} : { runtime: flags.runtime }),
  };
}

/**
 * Reads a plugin's parameter: the flags without dashes, with commas between them ("import-extension=js,types-only"). Throws Error
 * that says what is wrong.
 */
export function readParameter(parameter: string): GenerateOptions {
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, { kind }] of Object.entries(generatorFlags)) {
    values[name] = kind === "switch" ? false : undefined;
  }
  for (const part of parameter.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const equals = part.indexOf("=");
    const written = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? undefined : part.slice(equals + 1);
    const name = written.replaceAll("_", "-");
    if (!Object.hasOwn(generatorFlags, name)) {
      throw new Error(`There is no option ${written}${hint(name, Object.keys(generatorFlags))}`);
    }
    values[name] = readValue(name as keyof typeof generatorFlags, value);
  }
  return generatorOptions(values as unknown as FlagValues<typeof generatorFlags>);
}

function readValue(name: keyof typeof generatorFlags, value: string | undefined): string | boolean {
  const flag = generatorFlags[name];
  const choices = flag.kind === "switch" ? ["true", "false"] : "choices" in flag ? flag.choices : undefined;
  if (flag.kind === "switch" && value === undefined) return true;
  if (!value || choices !== undefined && !(choices as readonly string[]).includes(value)) {
    const expected = choices === undefined ? "a value" : `one of ${choices.join(", ")}`;
    throw new Error(`Cannot read ${name}=${value ?? ""}: expected ${expected}`);
  }
  return flag.kind === "switch" ? value === "true" : value;
}
