// Parses JSON text where JSON.parse is not enough: a key that comes twice is an error, and integers keep all their digits.

import { put } from "../defaults.ts";
import { describeValue, JsonError } from "../errors.ts";
import { RECURSION_LIMIT } from "../reader.ts";

/**
 * Arrays and objects in each other: a message may be in a list or map of another, 100 deep, and the innermost may have a
 * field that is ignored, as deep again. Whoever reads the value says so before.
 */
const MOST_NESTED = 2 * (RECURSION_LIMIT + 1) + RECURSION_LIMIT;

/** The value that `text` says. Integers that a double does not hold are bigints. `typeName`: for messages of errors. */
export function parseJson(text: string, typeName: string): unknown {
  return new Parser(text, typeName).whole();
}

/** What `parseQuickly` cannot judge: space before a colon, and integers that a double may not hold. */
const UNCLEAR = /"\s+:|(?:^|[:,[\s])-?\d{16}/;

/**
 * The value that `text` says by JSON.parse, which is three times faster, and a count that is that of all members in the text if
 * no text in it looks like one: whoever reads as many in the value knows that none was there twice. Undefined where only
 * {@linkcode parseJson} knows.
 */
export function parseQuickly(text: string): { value: unknown; members: number } | undefined {
  if (UNCLEAR.test(text)) return undefined;
  try {
    const value = JSON.parse(text);
    let members = 0;
    // A quote and a colon lie together behind every key, and else only in a string, which then counts too much.
    for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) members++;
    return { value, members };
  } catch { // the parser below says where
    return undefined;
  }
}

/** The members of all objects in a value of JSON; undefined where it is nested more than `most` deep. */
export function membersOf(json: unknown, most: number): number | undefined {
  if (typeof json !== "object" || json === null) return 0;
  if (most === 0) return undefined;
  const values = Object.values(json);
  let members = Array.isArray(json) ? 0 : values.length;
  for (const value of values) {
    const inside = membersOf(value, most - 1);
    if (inside === undefined) return undefined;
    members += inside;
  }
  return members;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
/** The least text of an integer that a double may not hold. */
const LONG_DIGITS = 16;
/** More digits than any integer of protobuf has; a double of them is as good. */
const MOST_DIGITS = 21;

class Parser {
  private pos = 0;
  private depth = 0;

  constructor(private readonly text: string, private readonly typeName: string) {}

  whole(): unknown {
    const value = this.value();
    this.space();
    if (this.pos < this.text.length) this.fail("the end of the text");
    return value;
  }

  private value(): unknown {
    switch (this.space()) {
      case QUOTE:
        return this.string();
      case OPEN_OBJECT:
        return this.object();
      case OPEN_ARRAY:
        return this.array();
      case 0x74:
        return this.word("true", true);
      case 0x66:
        return this.word("false", false);
      case 0x6e:
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  /** Passes over white space; the code unit behind it. */
  private space(): number {
    const { text } = this;
    let code = text.charCodeAt(this.pos);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = text.charCodeAt(++this.pos);
    }
    return code;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.pos)) this.fail("a value");
    this.pos += word.length;
    return value;
  }

  private number(): number | bigint {
    const short = this.shortInteger();
    if (short !== undefined) return short;
    NUMBER.lastIndex = this.pos;
    const found = NUMBER.exec(this.text);
    if (found === null) this.fail("a value");
    this.pos = NUMBER.lastIndex;
    const [digits, fraction, exponent] = found;
    const value = Number(digits);
    if (digits.length < LONG_DIGITS || fraction !== undefined || exponent !== undefined) return value;
    return Number.isSafeInteger(value) || digits.length > MOST_DIGITS ? value : BigInt(digits);
  }

  /** An integer of a few digits, as most numbers are; undefined where it is something else. */
  private shortInteger(): number | undefined {
    const { text, pos } = this;
    const negative = text.charCodeAt(pos) === 0x2d;
    const first = negative ? pos + 1 : pos;
    let value = 0;
    let at = first;
    for (; at < first + LONG_DIGITS - 1; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const next = text.charCodeAt(at);
    const goesOn = next === 0x2e || next === 0x65 || next === 0x45 || (next >= 0x30 && next <= 0x39);
    if (at === first || goesOn || (at > first + 1 && text.charCodeAt(first) === 0x30)) return undefined;
    this.pos = at;
    return negative ? -value : value;
  }

  private string(): string {
    const { text } = this;
    const start = this.pos;
    for (let i = start + 1; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === QUOTE) {
        this.pos = i + 1;
        return text.slice(start + 1, i);
      }
      if (code === BACKSLASH || code < 0x20) break;
    }
    return this.escaped(start);
  }

  /** A string with escapes in it, or one that is wrong. */
  private escaped(start: number): string {
    const { text } = this;
    let end = start + 1;
    while (end < text.length && text.charCodeAt(end) !== QUOTE) {
      end += text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    }
    if (end >= text.length) this.fail("the end of a string", text.length);
    this.pos = end + 1;
    try {
      return JSON.parse(text.slice(start, end + 1));
    } catch {
      return this.fail("a string without control characters and with known escapes", start);
    }
  }

  private array(): unknown[] {
    const list: unknown[] = [];
    this.enter();
    if (this.space() === CLOSE_ARRAY) this.pos++;
    else {
      do list.push(this.value()); while (this.more(CLOSE_ARRAY, '"," or "]"'));
    }
    this.depth--;
    return list;
  }

  private object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.enter();
    if (this.space() === CLOSE_OBJECT) this.pos++;
    else {
      do {
        if (this.space() !== QUOTE) this.fail("a key");
        const at = this.pos;
        const key = this.string();
        if (Object.hasOwn(object, key)) {
          this.refuse(`the key ${describeValue(key)} comes twice in an object`, at);
        }
        if (this.space() !== COLON) this.fail('":"');
        this.pos++;
        put(object, key, this.value());
      } while (this.more(CLOSE_OBJECT, '"," or "}"'));
    }
    this.depth--;
    return object;
  }

  private enter(): void {
    if (++this.depth > MOST_NESTED) {
      this.refuse(`arrays and objects are nested more than ${MOST_NESTED} deep`);
    }
    this.pos++;
  }

  /** Takes a comma or the end. */
  private more(end: number, expected: string): boolean {
    const code = this.space();
    if (code !== COMMA && code !== end) this.fail(expected);
    this.pos++;
    return code === COMMA;
  }

  private fail(expected: string, at = this.pos): never {
    const found = at >= this.text.length
      ? "the end of the text"
      : JSON.stringify(this.text.slice(at, at + 20));
    this.refuse(`expected ${expected}, found ${found}`, at);
  }

  private refuse(reason: string, at = this.pos): never {
    const before = this.text.slice(0, at).split("\n");
    const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
    throw new JsonError(`Cannot read JSON of ${this.typeName}: ${reason} (${place})`, this.typeName);
  }
}
