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
}

const NAMES: OptionNames<WriteOptions> = { last: true, corked: true };

/** Throws TypeError for what are no options of a write; `purpose` says what was tried. */
export function checkWriteOptions(purpose: string, options: WriteOptions): void {
  checkOptions(purpose, options, NAMES as Readonly<Record<string, true>>);
}
