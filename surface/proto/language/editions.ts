// Which editions are understood, and what is said of a file of another one.

import { Edition } from "./nodes.ts";

/** By what files say. */
const SUPPORTED: ReadonlyMap<string, number> = new Map([["2023", Edition.E2023], ["2024", Edition.E2024]]);

/** Known by descriptor.proto of protobuf 35, which does not say what it changes. */
const EDITION_2026 = 1002;

/** The number of the edition that a file calls `name`; undefined where it is not understood. */
export function editionNamed(name: string): number | undefined {
  return SUPPORTED.get(name);
}

/** Whether the edition of this number (google.protobuf.Edition) is understood. */
export function isSupported(edition: number): boolean {
  return edition === Edition.E2023 || edition === Edition.E2024;
}

/** Says of an edition, by its name or its number, that it is not understood, and which ones are. */
export function unsupportedEdition(found: string | number): string {
  const name = found === EDITION_2026
    ? "2026"
    : typeof found === "number"
    ? `number ${found}`
    : JSON.stringify(found);
  return `Edition ${name} is not supported: ${[...SUPPORTED.keys()].join(" and ")} are`;
}
