// Cuts what is typed into values of JSON: one after another, with any white space or none between them.

import { CommandError } from "./exit_codes.ts";

/** Each value of JSON in `chunks`, as text, as soon as its last character is there. Throws CommandError where one is cut off. */
export async function* jsonValues(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const splitter = new JsonSplitter();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new CommandError("Cannot read the messages: they are no UTF-8, which JSON is");
    }
  };
  for await (const chunk of chunks) yield* splitter.add(decode(chunk));
  yield* splitter.add(decode());
  yield* splitter.end();
}

/** Finds where values end; whether they are JSON is for others to say. */
class JsonSplitter {
  /** Of the value that has begun. */
  private parts: string[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** A number or a word, which white space ends. */
  private inWord = false;

  /** The values that `text` completes. */
  add(text: string): string[] {
    const values: string[] = [];
    let start = 0;
    const finish = (end: number): void => {
      values.push(this.parts.join("") + text.slice(start, end));
      this.parts = [];
      start = end;
    };
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!;
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (character === "\\") this.escaped = true;
        else if (character === '"') {
          this.inString = false;
          if (this.depth === 0) finish(i + 1);
        }
        continue;
      }
      const isSpace = character === " " || character === "\n" || character === "\r" || character === "\t";
      if (this.inWord && (isSpace || OPENING.includes(character))) {
        this.inWord = false;
        finish(i);
      }
      if (isSpace) {
        if (this.depth === 0 && this.parts.length === 0) start = i + 1;
      } else if (character === '"') this.inString = true;
      else if (character === "{" || character === "[") this.depth++;
      else if (character === "}" || character === "]") {
        if (--this.depth <= 0) {
          this.depth = 0;
          finish(i + 1);
        }
      } else if (this.depth === 0) this.inWord = true;
    }
    if (start < text.length) this.parts.push(text.slice(start));
    return values;
  }

  /** The last value, where nothing but the end ends it. */
  end(): string[] {
    const rest = this.parts.join("");
    if (rest.trim() === "") return [];
    if (this.inString || this.depth > 0) {
      throw new CommandError(`Cannot read the messages: the last one is cut off, ${tail(rest)}`);
    }
    return [rest];
  }
}

const OPENING = '{["';
const MOST_SHOWN = 40;

function tail(text: string): string {
  const shown = text.length > MOST_SHOWN ? `...${text.slice(-MOST_SHOWN)}` : text;
  return `it is ${JSON.stringify(shown)} at its end`;
}
