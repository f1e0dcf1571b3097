// The parser's view of the tokens: takes the expected token, or fails with protoc's message.

import { bytesOf, integerOf, textOf } from "./literals.ts";
import type { FileNode } from "./nodes.ts";
import { Token, Tokenizer } from "./tokenizer.ts";

/** The largest int32. */
export const MAX_INT32 = 0x7fff_ffff;

/** Messages in messages, as protoc has it: a bound on recursion. */
export const MOST_NESTED = 31;

/** A position in one file's tokens. */
export class Cursor extends Tokenizer {
  /** Messages and groups around the current token. */
  #depth = 0;

  /** The first token of `file` becomes the current one. */
  constructor(readonly file: FileNode) {
    super(file.source);
    this.next();
  }

  /** Throws `message` about the current token. */
  fail(message: string, at = this.start): never {
    throw this.error(at, message);
  }

  /** Whether the current token is `text`. */
  at(text: string): boolean {
    return this.text === text;
  }

  /** Takes `text` if it is the current token. */
  take(text: string): boolean {
    if (this.text !== text) return false;
    this.next();
    return true;
  }

  /** Takes `text`, which must be the current token. */
  expect(text: string, message = `Expected "${text}"`): void {
    if (!this.take(text)) this.fail(message);
  }

  /** Takes an identifier. */
  identifier(message: string): string {
    const { text } = this;
    if (this.type !== Token.IDENTIFIER) this.fail(message);
    this.next();
    return text;
  }

  /** Takes an integer from 0 to `most`. */
  integer(message: string, most: bigint): bigint {
    if (this.type !== Token.INTEGER) this.fail(message);
    const value = integerOf(this.text);
    if (value > most) this.fail("Integer out of range");
    this.next();
    return value;
  }

  /** Takes an integer from 0 to 2^31-1. */
  int32(message: string): number {
    return Number(this.integer(message, 0x7fff_ffffn));
  }

  /** Takes an integer of 32 bits, with its sign. */
  signedInt32(message: string): number {
    if (!this.take("-")) return this.int32(message);
    return 0 - Number(this.integer(message, 0x8000_0000n));
  }

  /** Takes a number without sign; integers count, and `inf` and `nan`. */
  double(message: string): number {
    const { type, text } = this;
    let value;
    if (type === Token.FLOAT) value = Number(text);
    else if (type === Token.INTEGER) {
      if (/^0[0-9xX]/.test(text) && integerOf(text) > 0xffff_ffff_ffff_ffffn) {
        this.fail("Integer out of range");
      }
      value = Number(integerOf(text));
    } else if (text === "inf") value = Infinity;
    else if (text === "nan") value = NaN;
    else this.fail(message);
    this.next();
    return value;
  }

  /** Takes adjacent strings and returns their text. */
  string(message: string): string {
    const at = this.start;
    return textOf(this.#strings(message)) ?? this.fail("String is not UTF-8", at);
  }

  /** Takes adjacent strings and returns their bytes. */
  bytes(message: string): Uint8Array {
    return bytesOf(this.#strings(message));
  }

  /** Takes adjacent strings, whatever is in them, and returns where they begin. */
  skipStrings(message: string): number {
    const at = this.start;
    this.#strings(message);
    return at;
  }

  #strings(message: string): string[] {
    if (this.type !== Token.STRING) this.fail(message);
    const tokens = [];
    for (; this.type === Token.STRING; this.next()) tokens.push(this.text);
    return tokens;
  }

  /** Takes a dotted name, whose parts may have spaces between them. */
  dottedName(first: string): string {
    let name = this.identifier(first);
    while (this.take(".")) name += `.${this.identifier("Expected identifier")}`;
    return name;
  }

  /** Runs `body`, which is a message's, one level deeper. */
  nested(body: () => void): void {
    if (++this.#depth > MOST_NESTED) this.fail("Reached maximum recursion limit for nested messages");
    body();
    this.#depth--;
  }
}
