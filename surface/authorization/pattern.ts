// What a policy compares texts with (gRFC A43): "abc" exactly, "abc*" by its beginning, "*abc" by its end, "*" anything
// but the empty text.

const EXACT = 0;
const PREFIX = 1;
const SUFFIX = 2;
const PRESENT = 3;

/** One text of a list in a policy. */
export class Pattern {
  private readonly kind: number;
  private readonly text: string;

  /** Any text is a pattern. */
  constructor(source: string) {
    if (source === "*") {
      this.kind = PRESENT;
      this.text = "";
    } else if (source.endsWith("*")) {
      this.kind = PREFIX;
      this.text = source.slice(0, -1);
    } else if (source.startsWith("*")) {
      this.kind = SUFFIX;
      this.text = source.slice(1);
    } else {
      this.kind = EXACT;
      this.text = source;
    }
  }

  /** Whether it matches `value`, whole and with its case. */
  matches(value: string): boolean {
    switch (this.kind) {
      case EXACT:
        return value === this.text;
      case PREFIX:
        return value.startsWith(this.text);
      case SUFFIX:
        return value.endsWith(this.text);
      default:
        return value !== "";
    }
  }
}

/** Whether one of `patterns` matches `value`. */
export function matchesAny(patterns: readonly Pattern[], value: string): boolean {
  for (let i = 0; i < patterns.length; i++) if (patterns[i]!.matches(value)) return true;
  return false;
}
