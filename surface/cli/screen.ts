// A screen that is drawn anew, on a terminal, until it is left; what was on the terminal before is there again then.

import type { Output } from "./terminal.ts";
import { cut } from "./text.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** The whole of a terminal. */
export class Screen {
  constructor(private readonly output: Output) {
    output.write(ENTER);
  }

  /** Shows `lines`; those that do not fit are left out, and counted in the last. */
  draw(lines: readonly string[]): void {
    const { rows, columns } = this.output;
    const shown = lines.length <= rows
      ? [...lines]
      : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines; --once prints all`];
    const drawn = shown.map((line) => `${cut(line, columns)}\x1b[K`).join("\r\n");
    this.output.write(`\x1b[H${drawn}\x1b[J`);
  }

  /** Gives the terminal back. */
  leave(): void {
    this.output.write(LEAVE);
  }
}
