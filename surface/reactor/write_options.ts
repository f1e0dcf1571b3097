// How one message of a reactor is written.

import { markUncompressed } from "../../transport/mod.ts";
import { markMessage, uncompressedMessages } from "../compression.ts";
import { checkOptions, checkType, type OptionNames } from "../options.ts";

/** Local: see docs/STYLE.md, "Hot paths". */
const uncompressed = uncompressedMessages;

/** How a reactor's message is written. */
export interface WriteOptions {
  /** Nothing is written after it: as `startWriteLast`. Default false. */
  readonly last?: boolean;
  /**
   * More follows soon: the message may be held back, and be sent with the next one. Default false. What is written in one
   * turn is sent together without it.
   */
  readonly corked?: boolean;
  /** `onWriteDone` comes when the message is written to the socket, and not when flow control has accepted it. Default false. */
  readonly through?: boolean;
  /** The message is not compressed: C++'s `set_no_compression`. Default false. */
  readonly noCompression?: boolean;
}

const NAMES: OptionNames<WriteOptions> = { last: true, corked: true, through: true, noCompression: true };

/** Throws TypeError for what are no options of a write; `purpose` says what was tried. */
export function checkWriteOptions(purpose: string, options: WriteOptions): void {
  checkOptions(purpose, options, NAMES);
  checkType(purpose, "last", options.last, "boolean");
  checkType(purpose, "corked", options.corked, "boolean");
  checkType(purpose, "through", options.through, "boolean");
  checkType(purpose, "noCompression", options.noCompression, "boolean");
}

/** Marks `framed`, which is `message`, where its writer does not want it compressed. */
export function markWrite(framed: Uint8Array, message: unknown, plain: boolean): Uint8Array {
  if (plain) markUncompressed(framed);
  else if (uncompressed.all !== undefined) markMessage(framed, message);
  return framed;
}

/** How far a write with `through` is. */
export const Through = {
  /** There is none: flow control decides. */
  NO: 0,
  /** Flow control has not accepted it yet. */
  ASKED: 1,
  /** It has, and its octets are on their way to the socket. */
  AWAITED: 2,
} as const;
