// The text of one .proto file: turns offsets into lines and columns, and makes the errors that name them.

import { ProtoError } from "../errors.ts";

/** protoc's width of a tab, in columns. */
const TAB_WIDTH = 8;

/** One .proto file's text. Places in it are offsets until an error needs a line and a column. */
export class Source {
  /** `name` stands for the file in error messages. */
  constructor(readonly name: string, readonly text: string) {}

  /** "shop.proto:3:14": line and column from 1. As protoc counts, a tab ends at a multiple of 8 and other columns are bytes of UTF-8. */
  place(offset: number): string {
    let line = 1;
    let start = 0;
    for (;;) {
      const end = this.text.indexOf("\n", start);
      if (end < 0 || end >= offset) break;
      line++;
      start = end + 1;
    }
    let column = 0;
    for (let i = start; i < offset && i < this.text.length; i++) {
      const code = this.text.codePointAt(i)!;
      if (code === 9) column += TAB_WIDTH - (column % TAB_WIDTH);
      else column += utf8Length(code);
      if (code > 0xffff) i++;
    }
    return `${this.name}:${line}:${column + 1}`;
  }

  /** An error at `offset`. */
  error(offset: number, message: string): ProtoError {
    return new ProtoError(`${this.place(offset)}: ${message}`);
  }
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
