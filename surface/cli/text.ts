// Text for terminals: colours, folded lines, tables that fit.

import type { Output } from "./terminal.ts";

/** Colours of an output, none where it has none. */
export type Style = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", Paint>>;

/** Colours a text. */
export type Paint = (text: string) => string;

const plain = (text: string): string => text;
const sgr = (on: number, off: number) => (text: string): string => `\x1b[${on}m${text}\x1b[${off}m`;

const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };
const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
};

/** The style of `output`. */
export function styleOf(output: Output): Style {
  return output.colours ? COLOURED : PLAIN;
}

// deno-lint-ignore no-control-regex
const SGR = /\x1b\[[0-9;]*m/g;

/** How many columns `text` takes, without its colours; of wide characters and emoji, two each. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replace(SGR, "")) {
    width += WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1;
  }
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const COMBINING = /\p{Mark}|\u200b|\u200d/u;

/** `text` in lines of at most `width` columns, broken at spaces; the second and later ones begin with `indent`. */
export function fold(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width || line.trim() === "") line = line.trim() === "" ? line + word : longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  lines.push(line);
  return lines.join("\n");
}

/** `text` cut to `width` columns, with "…" at its end where something is missing. Colours are kept whole. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  let room = width - 1;
  let kept = "";
  let coloured = false;
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece.startsWith("\x1b[")) {
      kept += piece;
      coloured = true;
      continue;
    }
    room -= widthOf(piece);
    if (room < 0) break;
    kept += piece;
  }
  return `${kept}…${coloured ? "\x1b[0m" : ""}`;
}

// deno-lint-ignore no-control-regex
const PIECES = /\x1b\[[0-9;]*m|[\s\S]/gu;

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** The column may be cut where the table is too wide for the terminal. */
  readonly elastic?: boolean;
  /** The column is left out where the table is too wide, the last of these first. */
  readonly optional?: boolean;
}

/** Two spaces stand between columns. */
const GAP = 2;
const LEAST_ELASTIC = 8;

/** Lines of a table of `rows`; where it is wider than `width` optional columns are left out, then elastic ones cut. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  style: Style,
): string[] {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? "")), widthOf(title))
  );
  let excess = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  const leftOut = excess <= 0 ? -1 : columns.findLastIndex(({ optional }) => optional === true);
  if (leftOut >= 0) {
    const without = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== leftOut);
    return table(without(columns), rows.map(without), width, style);
  }
  while (excess > 0) {
    let widest = -1;
    for (const [i, { elastic }] of columns.entries()) {
      if (elastic && widths[i]! > LEAST_ELASTIC && (widest < 0 || widths[i]! > widths[widest]!)) widest = i;
    }
    if (widest < 0) break;
    widths[widest]!--;
    excess--;
  }
  const line = (cells: readonly string[]): string =>
    columns.map(({ right }, i) => {
      const cell = cut(cells[i] ?? "", widths[i]!);
      const space = " ".repeat(widths[i]! - widthOf(cell));
      return right ? space + cell : cell + space;
    }).join(" ".repeat(GAP)).trimEnd();
  return [style.dim(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `text` of a peer without what a terminal acts on: control characters are shown as "\x1b". Line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
