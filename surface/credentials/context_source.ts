// TLS contexts that follow their certificates: what is configured may change while connections are made.

import { messageOf } from "../../pollers/mod.ts";
import type { Instant } from "../../transport/mod.ts";
import { handled } from "../promise_like.ts";
import { isPlain } from "../records.ts";

/** What credentials are made from: options, or a function that gives those of now. */
export type OptionsSource<Options> = Options | (() => Options);

/** A source is asked when a connection begins, but not again within this time. */
const ASK_AGAIN_MS = 1_000;

/** What is made from the options of a source, as they are now. Connections that began keep what they began with. */
export class ContextSource<Options extends object, Made extends { release(): void }> {
  readonly #source: OptionsSource<Options>;
  readonly #make: (options: Options) => Made;
  #options: Options;
  /** What they were: the same object may have other certificates later, and another one the same. */
  #used: Options;
  #made: Made;
  #askAt: Instant = -Infinity;
  /** What could not be used, as it was, and why: it is tried and reported once. */
  #unusable: Options | undefined = undefined;
  #problem: string | undefined = undefined;

  /** Asks `source` at once; throws what it and `make` throw. */
  constructor(source: OptionsSource<Options>, make: (options: Options) => Made) {
    this.#source = source;
    this.#make = make;
    this.#options = typeof source === "function" ? handled(source()) : source;
    this.#made = make(this.#options);
    this.#used = asItIs(this.#options);
  }

  /** The options of now. */
  get options(): Options {
    return this.#options;
  }

  /**
   * What is made from the options of now. Where the source or its options fail, what there was before, and `onFailed` is
   * called, once for what stays wrong: connections go on with a certificate that may still be good.
   */
  current(now: Instant, onFailed: (error: unknown) => void): Made {
    const source = this.#source;
    if (typeof source !== "function" || now < this.#askAt) return this.#made;
    this.#askAt = now + ASK_AGAIN_MS;
    try {
      const options = handled(source());
      if (this.#unusable !== undefined && isSame(options, this.#unusable)) return this.#made;
      this.#unusable = asItIs(options);
      if (!isSame(options, this.#used)) this.#replace(options);
      this.#unusable = this.#problem = undefined;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) onFailed(error);
      this.#problem = problem;
    }
    return this.#made;
  }

  #replace(options: Options): void {
    const made = this.#make(options);
    this.#made.release();
    this.#made = made;
    this.#options = options;
    this.#used = asItIs(options);
  }
}

/** Options that do not change any more; those of a class are what they are. */
function asItIs<Options extends object>(options: Options): Options {
  return isObject(options) && isPlain(options) ? { ...options } : options;
}

/** Whether `options` say what they did when they were `before`. */
function isSame<Options extends object>(options: Options, before: Options): boolean {
  if (!isObject(options) || !isObject(before) || !isPlain(options)) return options === before;
  const names = Object.keys(options) as Array<keyof Options>;
  return names.length === Object.keys(before).length && names.every((name) => options[name] === before[name]);
}

/** Functions of applications give other things too. */
function isObject(given: unknown): given is object {
  return typeof given === "object" && given !== null;
}
