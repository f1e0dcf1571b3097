// How one message of a reactor is written.

import { checkOptions, type OptionNames } from "../options.ts";

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
  /** The message is not compressed: C++'s `set_no_compression`. No message is compressed yet, so it changes nothing. */
  readonly noCompression?: boolean;
}

const NAMES: OptionNames<WriteOptions> = { last: true, corked: true, through: true, noCompression: true };

/** Throws TypeError for what are no options of a write; `purpose` says what was tried. */
export function checkWriteOptions(purpose: string, options: WriteOptions): void {
  checkOptions(purpose, options, NAMES as Readonly<Record<string, true>>);
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
