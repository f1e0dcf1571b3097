// Splits TypeScript source into code, comments and strings, so that rules look at the right one of them.

/** A comment or a string, with the offset at which it begins. */
export interface Span {
  readonly at: number;
  readonly text: string;
}

/** A source with its parts told apart. */
export interface Scanned {
  /** The source with comments and the insides of strings blanked; offsets and lines are those of the source. */
  readonly code: string;
  /** Every comment, with its marks. */
  readonly comments: readonly Span[];
  /** The insides of every string, and of every template's literal pieces. */
  readonly strings: readonly Span[];
}

/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_EXPRESSION =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;

/** Tells code, comments and strings of `source` apart. */
export function scan(source: string): Scanned {
  return new Scanner(source).run();
}

class Scanner {
  private at = 0;
  private code = "";
  private readonly comments: Span[] = [];
  private readonly strings: Span[] = [];
  /** For each open template's `${`, how many braces are open inside it. */
  private readonly templates: number[] = [];

  constructor(private readonly source: string) {}

  run(): Scanned {
    while (this.at < this.source.length) this.step();
    return { code: this.code, comments: this.comments, strings: this.strings };
  }

  private step(): void {
    const { source, at } = this;
    const c = source[at]!;
    if (source.startsWith("//", at)) return this.comment(indexOrEnd(source, "\n", at));
    if (source.startsWith("/*", at)) return this.comment(indexOrEnd(source, "*/", at + 2) + 2);
    if (c === '"' || c === "'") return this.quoted(c);
    if (c === "`") return this.template(at + 1);
    if (c === "/" && this.expressionExpected()) return this.regularExpression();
    const open = this.templates.length - 1;
    if (c === "{" && open >= 0) this.templates[open]!++;
    if (c === "}" && open >= 0 && this.templates[open]!-- === 0) {
      this.templates.pop();
      return this.template(at + 1);
    }
    this.code += c;
    this.at++;
  }

  private comment(end: number): void {
    this.comments.push({ at: this.at, text: this.source.slice(this.at, end) });
    this.blankUpTo(end);
  }

  private quoted(quote: string): void {
    const start = this.at + 1;
    let end = start;
    while (end < this.source.length && this.source[end] !== quote && this.source[end] !== "\n") {
      end += this.source[end] === "\\" ? 2 : 1;
    }
    this.strings.push({ at: start, text: this.source.slice(start, end) });
    this.keep(1);
    this.blankUpTo(end);
    this.keep(1);
  }

  /** A template's literal piece, from `start` to its end or to the next `${`. */
  private template(start: number): void {
    let end = start;
    while (end < this.source.length && this.source[end] !== "`" && !this.source.startsWith("${", end)) {
      end += this.source[end] === "\\" ? 2 : 1;
    }
    this.strings.push({ at: start, text: this.source.slice(start, end) });
    this.code += this.source[this.at] === "`" ? "`" : " ";
    this.at++;
    this.blankUpTo(end);
    if (this.source[end] === "`") return this.keep(1);
    this.templates.push(0);
    this.blankUpTo(end + 2);
  }

  private regularExpression(): void {
    let end = this.at + 1;
    for (let inClass = false; end < this.source.length && this.source[end] !== "\n"; end++) {
      const c = this.source[end];
      if (c === "\\") end++;
      else if (c === "[") inClass = true;
      else if (c === "]") inClass = false;
      else if (c === "/" && !inClass) break;
    }
    this.keep(1);
    this.blankUpTo(end);
    this.keep(1);
  }

  private expressionExpected(): boolean {
    const before = this.code.trimEnd();
    return before === "" || /[(,=:[!&|?{};+\-*%<>~^]$/.test(before) ||
      BEFORE_EXPRESSION.test(before.slice(-12));
  }

  private keep(count: number): void {
    this.code += this.source.slice(this.at, this.at + count);
    this.at += count;
  }

  private blankUpTo(end: number): void {
    this.code += this.source.slice(this.at, end).replaceAll(/[^\n]/g, " ");
    this.at = end;
  }
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from);
  return found < 0 ? text.length : found;
}

/** The 1-based line of `offset`. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
