// The static table's entries as fields (RFC 7541, Appendix A).

import { CHECKED, Field } from "./field.ts";
import { type FieldName, protocolName } from "./field_name.ts";
import { STATIC_NAMES, STATIC_VALUES } from "./static_table.ts";

/** Fields by index; index 0 is unused. */
export const STATIC_FIELDS: readonly Field[] = STATIC_NAMES.map((name, i) =>
  Field.of(protocolName(name), STATIC_VALUES[i]!, CHECKED)
);

/** The index of the entry with `name` and `value`, or 0. Entries of one name follow each other. */
export function staticFieldIndex(name: FieldName, value: string): number {
  for (let i = name.staticIndex; i > 0 && i < STATIC_NAMES.length && STATIC_NAMES[i] === name.text; i++) {
    if (STATIC_VALUES[i] === value) return i;
  }
  return 0;
}
