// Cuts a .proto text into tokens, as protoc's tokenizer does, with its error messages.

import type { Source } from "./source.ts";

/** Kinds of tokens. */
export const Token = { END: 0, IDENTIFIER: 1, INTEGER: 2, FLOAT: 3, STRING: 4, SYMBOL: 5 } as const;

/** One of `Token`. */
export type TokenType = typeof Token[keyof typeof Token];

const LETTER = 1, DIGIT = 2, OCTAL = 4, HEX = 8, SPACE = 16, ESCAPE = 32;

/** What each ASCII character may be part of. */
const CLASSES = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const character = String.fromCharCode(c);
  CLASSES[c] = (/[A-Za-z_]/.test(character) ? LETTER : 0) | (/[0-9]/.test(character) ? DIGIT : 0) |
    (/[0-7]/.test(character) ? OCTAL : 0) | (/[0-9A-Fa-f]/.test(character) ? HEX : 0) |
    (/[ \n\t\r\v\f]/.test(character) ? SPACE : 0) | (/[abfnrtv\\?'"]/.test(character) ? ESCAPE : 0);
}

// Most tokens are of these forms, which a regular expression finds much faster than code that is not warm yet. All
// others are read character by character, so that errors have their place.
const SPACE_AND_LINES = /(?:[ \t\n\r\v\f]+|\/\/[^\n]*)*/y;
const IDENTIFIER = /[A-Za-z_]\w*/y;
const PLAIN_INTEGER = /(?:0|[1-9]\d*)(?![\w.])/y;
const PLAIN_STRING = /"[^"\\\n\0]*"|'[^'\\\n\0]*'/y;

/** Reads one token ahead. Throws ProtoError where the text is no token. */
export class Tokenizer {
  /** The current token's kind, its text and its position. */
  type: TokenType = Token.END;
  text = "";
  start = 0;
  end = 0;
  #pos: number;

  /**
   * Reads `source` from `from` to `to`. In an option's `{ }` value, which is in the text format, `#` begins a
   * comment as well. The first token is there after `next`.
   */
  constructor(
    readonly source: Source,
    from = 0,
    private readonly limit: number = source.text.length,
    private readonly textFormat = false,
  ) {
    this.#pos = this.start = this.end = from;
    if (from === 0 && source.text.charCodeAt(0) === 0xfeff) this.#pos = 1;
  }

  /** Moves to the next token. */
  next(): void {
    const previousEnd = this.type === Token.IDENTIFIER ? this.end : -1;
    this.#skip();
    const start = this.start = this.#pos;
    if (start >= this.limit) {
      this.type = Token.END;
      this.end = start;
      this.text = "";
      return;
    }
    const code = this.#code();
    const characterClass = code < 128 ? CLASSES[code]! : 0;
    const plain = (characterClass & LETTER) !== 0
      ? this.#match(IDENTIFIER, Token.IDENTIFIER)
      : (characterClass & DIGIT) !== 0
      ? this.#match(PLAIN_INTEGER, Token.INTEGER)
      : (code === 0x22 || code === 0x27) && this.#match(PLAIN_STRING, Token.STRING);
    if (!plain) this.type = this.#read(code, previousEnd);
    this.end = this.#pos;
    this.text = this.source.text.slice(start, this.end);
  }

  #match(pattern: RegExp, type: TokenType): boolean {
    pattern.lastIndex = this.#pos;
    if (!pattern.test(this.source.text)) return false;
    this.#pos = pattern.lastIndex;
    this.type = type;
    return true;
  }

  /** An error at `offset`. */
  error(offset: number, message: string): Error {
    return this.source.error(offset, message);
  }

  /** The character at the current place; -1 at the end. */
  #code(): number {
    return this.#pos < this.limit ? this.source.text.charCodeAt(this.#pos) : -1;
  }

  #is(characterClass: number): boolean {
    const code = this.#code();
    return code >= 0 && code < 128 && (CLASSES[code]! & characterClass) !== 0;
  }

  #take(characterClass: number): boolean {
    if (!this.#is(characterClass)) return false;
    this.#pos++;
    return true;
  }

  #takeAll(characterClass: number): void {
    while (this.#is(characterClass)) this.#pos++;
  }

  /** Takes one of `characters`. */
  #takeOne(characters: string): boolean {
    if (this.#pos >= this.limit || !characters.includes(this.source.text[this.#pos]!)) return false;
    this.#pos++;
    return true;
  }

  #fail(message: string, at = this.#pos): never {
    throw this.error(at, message);
  }

  /** Skips white space and comments. */
  #skip(): void {
    const { text } = this.source;
    for (;;) {
      SPACE_AND_LINES.lastIndex = this.#pos;
      SPACE_AND_LINES.test(text);
      this.#pos = Math.min(SPACE_AND_LINES.lastIndex, this.limit);
      const code = this.#code();
      if (code === 0x2f && text[this.#pos + 1] === "*") this.#skipBlock();
      else if (code === 0x23 && this.textFormat) this.#skipLine();
      else return;
    }
  }

  #skipLine(): void {
    const end = this.source.text.indexOf("\n", this.#pos);
    this.#pos = end < 0 || end >= this.limit ? this.limit : end + 1;
  }

  #skipBlock(): void {
    const { text } = this.source;
    const end = text.indexOf("*/", this.#pos + 2);
    const inner = text.indexOf("/*", this.#pos + 2);
    if (inner >= 0 && inner < (end < 0 ? this.limit : end)) {
      this.#fail('"/*" inside block comment.  Block comments cannot be nested', inner + 1);
    }
    if (end < 0 || end + 2 > this.limit) this.#fail("End-of-file inside block comment", this.limit);
    this.#pos = end + 2;
  }

  #read(code: number, identifierEnd: number): TokenType {
    const start = this.#pos;
    if (code < 0x20) this.#fail("Invalid control characters encountered in text");
    if (this.#takeOne("0")) return this.#number(true, false);
    if (this.#takeOne(".")) {
      if (!this.#take(DIGIT)) return Token.SYMBOL;
      if (start === identifierEnd) this.#fail("Need space between identifier and decimal point", start);
      return this.#number(false, true);
    }
    if (this.#take(DIGIT)) return this.#number(false, false);
    if (this.#takeOne("\"'")) {
      this.#string(code);
      return Token.STRING;
    }
    if (code >= 0x80) {
      const byte = new TextEncoder().encode(String.fromCodePoint(this.source.text.codePointAt(start)!))[0];
      this.#fail(`Interpreting non ascii codepoint ${byte}`);
    }
    this.#pos++;
    return Token.SYMBOL;
  }

  #number(afterZero: boolean, afterPoint: boolean): TokenType {
    let float = afterPoint;
    if (afterZero && this.#takeOne("xX")) {
      if (!this.#is(HEX)) this.#fail('"0x" must be followed by hex digits');
      this.#takeAll(HEX);
    } else if (afterZero && this.#is(DIGIT)) {
      this.#takeAll(OCTAL);
      if (this.#is(DIGIT)) this.#fail("Numbers starting with leading zero must be in octal");
    } else {
      this.#takeAll(DIGIT);
      if (!afterPoint && this.#takeOne(".")) {
        float = true;
        this.#takeAll(DIGIT);
      }
      if (this.#takeOne("eE")) {
        float = true;
        this.#takeOne("-+");
        if (!this.#is(DIGIT)) this.#fail('"e" must be followed by exponent');
        this.#takeAll(DIGIT);
      }
    }
    if (this.#is(LETTER)) this.#fail("Need space between number and identifier");
    if (this.#code() === 0x2e) {
      this.#fail(
        float
          ? "Already saw decimal point or exponent; can't have another one"
          : "Hex and octal numbers must be integers",
      );
    }
    return float ? Token.FLOAT : Token.INTEGER;
  }

  /** Moves behind the quote that ends a string. */
  #string(quote: number): void {
    for (;;) {
      const code = this.#code();
      if (code <= 0) this.#fail("Unexpected end of string");
      if (code === 0x0a) this.#fail("String literals cannot cross line boundaries");
      this.#pos++;
      if (code === quote) return;
      if (code === 0x5c) this.#escape();
    }
  }

  #escape(): void {
    if (this.#take(ESCAPE | OCTAL)) return;
    if (this.#takeOne("xX")) {
      if (!this.#take(HEX)) this.#fail("Expected hex digits for escape sequence");
    } else if (this.#takeOne("u")) {
      for (let i = 0; i < 4; i++) {
        if (!this.#take(HEX)) this.#fail("Expected four hex digits for \\u escape sequence");
      }
    } else if (this.#takeOne("U")) {
      let fits = this.#takeOne("0") && this.#takeOne("0") && this.#takeOne("01");
      for (let i = 0; i < 5 && fits; i++) fits = this.#take(HEX);
      if (!fits) this.#fail("Expected eight hex digits up to 10ffff for \\U escape sequence");
    } else this.#fail("Invalid escape sequence in string literal");
  }
}
