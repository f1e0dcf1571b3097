// Says where a test runner is, from what it prints: a line that changes on a terminal, a line now and then elsewhere.
import process from "node:process";
import { duration, Progress } from "./progress.mjs";

/** Where nobody sees a line change, one is printed this often. */
const EVERY_MS = 30_000;

/** What both runners print when they come to a file, and when a test has ended. */
const FILE = /^(?:running \d+ tests? from (?:\.\/)?(.+)|(\S+_test\.ts):)$/;
const ENDED = /(?:^\((?:pass|fail|skip)\) )|(?: \.\.\. (?:ok|FAILED|ignored) \()/;

/** The progress of one runner over `files` test files. */
export class RunnerProgress {
  /** The file and the line that were printed last. */
  at = "its first test file";
  #title;
  #bar;
  #tests = 0;
  #rest = "";
  #begin = performance.now();
  #heartbeat = undefined;

  constructor(title, files) {
    this.#title = title;
    this.#bar = new Progress(`test files on ${title}`, files);
    this.#bar.done = -1; // the first file begins
    if (!process.stderr.isTTY) {
      this.#heartbeat = setInterval(() => this.#print(files), EVERY_MS);
      this.#heartbeat.unref();
    }
  }

  /** The runner printed `text`. */
  read(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) {
      const file = FILE.exec(line);
      if (file !== null) {
        this.at = file[1] ?? file[2];
        this.#bar.done++;
      } else if (ENDED.test(line)) this.#tests++;
    }
    this.#bar.show(`${this.#tests} tests, ${this.at}`);
  }

  /** The runner has ended. */
  end() {
    clearInterval(this.#heartbeat);
    this.#bar.clear();
  }

  #print(files) {
    const since = duration(performance.now() - this.#begin);
    console.log(
      `...    ${this.#title}: ${this.#bar.done}/${files} files, ${this.#tests} tests in ${since}, at ${this.at}`,
    );
  }
}
