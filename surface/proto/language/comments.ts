// Comments of declarations, found in a file's text when they are asked for: loading files pays nothing for them.
//
// Which comment is whose goes by protoc's rules (descriptor.proto, SourceCodeInfo.Location): one that ends right above a
// declaration is its leading one; one behind it on its line, or below it and apart from what follows, its trailing one.

import type { Comments, FileNode } from "./nodes.ts";

const NONE: Comments = { leading: "", trailing: "" };

const TOKEN = /\s+|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.]+|[^]/y;

/** Comments that belong together: one between `/*` and its end, or consecutive lines. */
interface Block {
  text: string;
  /** Of lines that begin with `//`. */
  readonly ofLines: boolean;
  readonly firstLine: number;
  lastLine: number;
}

interface Statement {
  /** Where its first token begins. */
  readonly at: number;
  readonly leading: string;
  trailing: string;
}

/** The comments of one file. */
export class FileComments {
  readonly #statements: Statement[] = [];

  constructor(file: FileNode) {
    new Scanner(file.source.text, this.#statements).scan();
  }

  /** Those of the declaration whose name begins at `nameAt`. */
  of(nameAt: number): Comments {
    const statements = this.#statements;
    let low = 0;
    for (let high = statements.length; low < high;) {
      const middle = (low + high) >> 1;
      if (statements[middle]!.at <= nameAt) low = middle + 1;
      else high = middle;
    }
    return statements[low - 1] ?? NONE;
  }
}

/** Cuts a text into statements. The `{ }` of an option's value is a part of its. */
class Scanner {
  private line = 1;
  /** Of the token before: where it ends, and whether it ends a statement. */
  private lastLine = 0;
  private previous = "";
  private ended = true;
  private blocks: Block[] = [];
  private values = 0;

  constructor(private readonly text: string, private readonly statements: Statement[]) {}

  scan(): void {
    const { text } = this;
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
      const [token] = match;
      if (token.startsWith("//") || token.startsWith("/*")) this.comment(token);
      else if (token.trim() !== "") this.token(token, match.index);
      this.line += token.split("\n").length - 1;
    }
    this.giveTrailing("");
  }

  private comment(token: string): void {
    const lines = token.split("\n").length - 1;
    const last = this.blocks.at(-1);
    const ofLines = token.startsWith("//");
    const goesOn = ofLines && last?.ofLines === true && last.lastLine === this.line - 1;
    if (goesOn && last.firstLine !== this.lastLine) {
      last.text += `\n${cleanLine(token)}`;
      last.lastLine = this.line;
      return;
    }
    const text = ofLines ? cleanLine(token) : cleanBlock(token);
    this.blocks.push({ text, ofLines, firstLine: this.line, lastLine: this.line + lines });
  }

  private token(token: string, at: number): void {
    this.giveTrailing(token);
    if (this.ended && token !== "}") {
      const last = this.blocks.at(-1);
      const leading = last !== undefined && last.lastLine >= this.line - 1 && !this.endsLine(last)
        ? last.text
        : "";
      this.statements.push({ at, leading, trailing: "" });
    }
    this.blocks = [];
    this.follow(token);
    this.previous = token;
    this.lastLine = this.line;
  }

  /** Whether a comment stands at the end of the line of the token before: `}  // end of the message`. */
  private endsLine({ firstLine, lastLine }: Block): boolean {
    return firstLine === this.lastLine && lastLine < this.line;
  }

  /** The first comment behind a statement may be that statement's. */
  private giveTrailing(next: string): void {
    const [first] = this.blocks;
    const statement = this.statements.at(-1);
    if (!this.ended || first === undefined || statement === undefined || this.previous === "}") return;
    const sameLine = next === "" ? first.firstLine === this.lastLine : this.endsLine(first);
    const apart = next === "}" || next === "" || first.lastLine < this.line - 1 || this.blocks.length > 1;
    if (!sameLine && !(first.firstLine === this.lastLine + 1 && apart)) return;
    statement.trailing = first.text;
    this.blocks.shift();
  }

  private follow(token: string): void {
    if (this.values > 0 || (token === "{" && /^[=:]$/.test(this.previous))) {
      this.values += token === "{" ? 1 : token === "}" ? -1 : 0;
      this.ended = false;
    } else {
      this.ended = /^[;{}]$/.test(token);
    }
  }
}

function cleanLine(token: string): string {
  return token.slice(2).replace(/^\/(?=\s|$)/, "").replace(/^ /, "").trimEnd();
}

function cleanBlock(token: string): string {
  const inner = token.slice(2).replace(/\*\/$/, "").replace(/^\*(?=\s)/, "");
  const lines = inner.split("\n").map((line, i) =>
    (i === 0 ? line : line.replace(/^\s*\*? ?/, "")).trimEnd()
  );
  return lines.join("\n").replace(/^(?:[^\S\n]*\n)+|(?:\n[^\S\n]*)+$/g, "").replace(/^ /, "");
}
