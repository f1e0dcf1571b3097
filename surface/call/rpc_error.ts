// The error of a call that did not end with OK, as users see it.

import { propertyOf, textOf } from "../../pollers/mod.ts";
import type { Initiator } from "../../transport/mod.ts";
import type { Codec } from "../proto/mod.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { printsAs } from "./inspect.ts";
import { Metadata, type MetadataInit } from "./metadata.ts";
import {
  type ErrorStatusCode,
  isErrorCode,
  type StatusCode,
  statusCode,
  type StatusName,
  statusName,
} from "./status.ts";
import {
  decodeDetails,
  type DetailTypes,
  encodeDetails,
  STATUS_DETAILS,
  type StatusDetail,
  type TypedDetail,
  typedDetails,
  unpackDetail,
} from "./status_details.ts";

/** What an RpcError may carry beside code and details. */
export interface RpcErrorOptions {
  /** Trailing metadata. */
  readonly metadata?: Metadata | MetadataInit;
  /** Details of any type, each made by {@linkcode statusDetail}: they go with the trailing metadata. */
  readonly statusDetails?: Iterable<StatusDetail>;
  /** Who ended the call, where it was not the server's own status. */
  readonly endedBy?: Initiator;
  /** What led to it. */
  readonly cause?: unknown;
  /** "/package.Service/Method" of the call. */
  readonly method?: string;
  /** The server's address, or the channel's target where there was no connection. */
  readonly peer?: string;
}

const NAMES: OptionNames<RpcErrorOptions> = {
  metadata: true,
  statusDetails: true,
  endedBy: true,
  cause: true,
  method: true,
  peer: true,
};

/** Marks the errors of every copy of this package. */
const BRAND = Symbol.for("pollwire.RpcError");

/** What an error has besides its own properties where it crosses to another thread, see `pollers/threads/job.ts`. */
const CROSSING = Symbol.for("pollwire.crossing");

/** What has the frames of a stack, as text below a first line. */
export interface Frames {
  readonly stack?: string;
}

/**
 * Makes the error of a call. Its stack begins with the method; then come the `frames` of the caller, or those of the
 * caller of `below`.
 */
export let makeCallError: (
  code: StatusCode,
  details: string,
  options: RpcErrorOptions,
  frames: Frames | undefined,
  below: (...args: never[]) => unknown,
) => RpcError;

let framesOf: (error: RpcError) => string;

/**
 * A status other than OK. Clients' calls reject with it; a handler that throws one ends its call with that status. An
 * RpcError of another copy of this package is `instanceof RpcError` too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(new RpcError("NOT_FOUND", "no such place").message, "NOT_FOUND: no such place");
 * assertEquals(new RpcError(5).code, 5);
 * ```
 */
export class RpcError extends Error {
  /** "RpcError". */
  declare readonly name: string;
  /** 1 to 16. */
  readonly code: ErrorStatusCode;
  /** The status message. */
  readonly details: string;
  /** "user": the application on this side; "library": this library, by a rule or limit; "remote": the peer. */
  readonly endedBy: Initiator;
  /** "/package.Service/Method" of the call that ended so; undefined for an error of the application's own. */
  readonly method: string | undefined;
  /** "127.0.0.1:50051", the server that the call went to, or the channel's target where there was no connection. */
  readonly peer: string | undefined;
  /** Not a property of its own: Bun prints it as a list of functions where the error is uncaught. */
  readonly #metadata: Metadata;
  /** Once they were asked for. */
  #statusDetails: readonly StatusDetail[] | undefined = undefined;
  /** Of an error of a call. */
  #frames: Frames | undefined = undefined;

  /**
   * `code`: 1 to 16, or the name of a status; TypeError for anything else, OK among it, since a call that ended with OK has
   * no error. A number of a message may be given as it is, for it is checked here. `details`: the status message; what is
   * no string becomes text.
   *
   * @throws {TypeError} for what is no code of an error, and for unknown options
   */
  constructor(
    code: ErrorStatusCode | Exclude<StatusName, "OK"> | (number & NonNullable<unknown>),
    details: string = "",
    options: RpcErrorOptions = {},
  ) {
    const number = typeof code === "string" ? statusCode(code) : code;
    const text = typeof details === "string" ? details : textOf(details);
    if (!isErrorCode(number)) throw new TypeError(whyNoCode(code, text));
    checkOptions("make an RpcError", options, NAMES);
    super(text === "" ? statusName(number) : `${statusName(number)}: ${text}`, { cause: options.cause });
    this.code = number;
    this.details = text;
    const { metadata = [], statusDetails } = options;
    this.#metadata = statusDetails === undefined
      ? Metadata.from(metadata)
      : withDetails(metadata, encodeDetails(number, text, statusDetails));
    this.endedBy = options.endedBy ?? "remote";
    this.method = options.method;
    this.peer = options.peer;
  }

  /** Trailing metadata, empty where there was none. */
  get metadata(): Metadata {
    return this.#metadata;
  }

  /**
   * The details that came or were given beside code and text, in their order. Empty where there are none, and where what
   * the peer sent as such is malformed or says another code.
   */
  get statusDetails(): readonly StatusDetail[] {
    return this.#statusDetails ??= decodeDetails(this.code, this.#metadata);
  }

  /** The first detail of the type of `codec` that can be decoded; undefined where there is none. */
  detail<T>(codec: Codec<T, never>): T | undefined {
    for (const detail of this.statusDetails) {
      const message = unpackDetail(detail, codec);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  /**
   * Each detail with the name that its type has in `types`, and its message; those of other types, and those that cannot be
   * decoded, as they came. {@linkcode errorDetails} has the standard types, and
   * `{ ...errorDetails, Stock: messages["shop.Stock"] }` one more.
   */
  typedDetails<Types extends DetailTypes>(types: Types): TypedDetail<Types>[] {
    return typedDetails(this.statusDetails, types);
  }

  static {
    // Not on each error: what is its own is printed with it.
    Object.defineProperty(this.prototype, "name", { value: "RpcError", configurable: true, writable: true });
    Object.defineProperty(this.prototype, BRAND, { value: true });
    Object.defineProperty(this.prototype, CROSSING, {
      value: (error: RpcError) => ({ metadata: [...error.metadata] }),
    });

    makeCallError = (code, details, options, frames, below) => {
      const error = new RpcError(code, details, options);
      error.#frames = frames;
      if (v8Stack === undefined) v8Stack = Object.getOwnPropertyDescriptor(error, "stack")?.get ?? NONE;
      if (v8Stack !== NONE) Error.captureStackTrace(error, below);
      else if (frames === undefined) Error.captureStackTrace(error.#frames = {}, below);
      Object.defineProperty(error, "stack", CALL_STACK);
      return error;
    };

    framesOf = (error) => {
      const [, ...frames] = (error.#frames?.stack ?? v8Stack?.call(error) ?? "").split(/\n {4}at /);
      // For an uncaught error Bun prints no frame from the first nameless one on.
      return frames.map((frame) => `\n    at ${frame.replace(/^[^\s()]+$/, "<anonymous> ($&)")}`).join("");
    };
  }

  /** True for an RpcError of any copy of this package; subclasses are distinguished as usual. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === RpcError ? isRpcError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

printsAs(RpcError, (error, inspect) => {
  const { code, endedBy, metadata, cause } = error;
  const more = { ...metadata.size > 0 ? { metadata } : {}, ...cause === undefined ? {} : { cause } };
  return `${error.stack} ${inspect({ code, endedBy, ...more })}`;
});

/** Whether `value` is an RpcError, of this copy of the package or of another one. */
export function isRpcError(value: unknown): value is RpcError {
  return propertyOf(value, BRAND) === true;
}

/**
 * What V8 reads stacks with, where errors have a property of their own for it. The first error of a call shows it: an error
 * that is made while modules are loaded takes V8 up to 11 ms, since it compiles its module once more.
 */
let v8Stack: (() => string) | undefined = undefined;

/** On other engines. */
const NONE = (): string => "";

/** The stack of an error of a call; text is made of it when it is first asked for. */
const CALL_STACK: PropertyDescriptor & ThisType<RpcError> = {
  configurable: true,
  get() {
    return `${this.name}: ${this.message}\n    at ${this.method} (${this.peer})${framesOf(this)}`;
  },
  set(value: unknown) {
    Object.defineProperty(this, "stack", { value, configurable: true, writable: true });
  },
};

function withDetails(metadata: Metadata | MetadataInit, encoded: Uint8Array): Metadata {
  const all = new Metadata(metadata); // a copy: what was given is its giver's
  all.set(STATUS_DETAILS, encoded);
  return all;
}

function whyNoCode(code: unknown, details: string): string {
  const what = typeof code === "string" ? JSON.stringify(code) : textOf(code);
  const wrong = code === 0 || code === "OK" ? "OK is no error" : "it is no status";
  const about = details === "" ? "" : ` (details: ${JSON.stringify(details)})`;
  return `Cannot make an RpcError with code ${what}: ${wrong}; give 1 to 16, or a name such as "NOT_FOUND"${about}`;
}
