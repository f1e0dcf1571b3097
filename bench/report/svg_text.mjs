// Texts and numbers of drawings.
import { escape } from "./bars.mjs";

/** A line of text, in the middle of whose height `y` is. */
export function text(x, y, content, anchor) {
  return `<text x="${fixed(x)}" y="${fixed(y)}" dy=".35em" text-anchor="${anchor}" class="ink">${
    escape(content)
  }</text>`;
}

/** A coordinate. */
export function fixed(value) {
  return value.toFixed(1);
}
