// How one message is written, and messages that are held back because their writer said that more follow.

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

/** Octets that are held back at most: as much as a stream queues before it makes its writer wait. */
const CORKED_BYTES = 65_536;

/** Encoded messages that wait for the one that is not corked. */
export class CorkedMessages {
  private messages: Uint8Array[] = [];
  private bytes = 0;

  /** Holds `framed` back; false where that is too much, and everything is to be sent. */
  add(framed: Uint8Array): boolean {
    this.messages.push(framed);
    this.bytes += framed.length;
    return this.bytes <= CORKED_BYTES;
  }

  /** Everything that was held back, which then is no longer. */
  take(): Uint8Array[] {
    const { messages } = this;
    this.messages = [];
    this.bytes = 0;
    return messages;
  }

  /** How many messages are held back. */
  get size(): number {
    return this.messages.length;
  }
}
