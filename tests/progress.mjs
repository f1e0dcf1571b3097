// One line on the terminal that says what a long command does: names, counts and the time left. Nothing elsewhere.
import process from "node:process";

/** The progress of `total` things called `what`. */
export class Progress {
  /** How many are done. */
  done = 0;
  #shownAt = 0;
  #shown = false;
  #begin = performance.now();

  constructor(what, total, stream = process.stderr) {
    this.what = what;
    this.total = total;
    this.stream = stream;
  }

  /** One more is done; `doing` names it or what comes next. */
  advance(doing) {
    this.done++;
    this.show(doing);
  }

  /** Says what is done now, ten times a second at the most. */
  show(doing) {
    const now = performance.now();
    if (!this.stream.isTTY || now - this.#shownAt < 100) return;
    this.#shownAt = now;
    this.#shown = true;
    const passed = now - this.#begin;
    const left = this.done === 0
      ? ""
      : `, about ${duration(passed / this.done * (this.total - this.done))} left`;
    const line = `${this.done}/${this.total} ${this.what}, ${duration(passed)}${left}: ${doing}`;
    this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }

  /** Takes the line away, so that something else can be printed. */
  clear() {
    if (this.#shown) this.stream.write("\r\x1b[K");
    this.#shown = false;
    this.#shownAt = 0;
  }
}

/** "48 s", "3 min 20 s". */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
