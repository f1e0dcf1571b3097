// The status of a call that did not end with OK. Its error is made when the application gets it, and not before.
//
// V8 adds to the frames of an error the async functions that wait for a promise, if the error is made in a job of that
// promise. So the promise is resolved with a thenable, whose `then` is such a job; only calls that fail pay for it.

import { type Frames, makeCallError, type RpcError, type RpcErrorOptions } from "../call/rpc_error.ts";
import { type StatusCode, statusName } from "../call/status.ts";

/** The status of a call, and what its error has besides. */
export class CallFailure {
  private made: RpcError | undefined = undefined;

  /** `site`: the frames of the caller, where they are known. */
  constructor(
    readonly code: StatusCode,
    readonly details: string,
    private readonly options: RpcErrorOptions,
    private readonly site: Frames | undefined,
  ) {}

  /** The error, the same each time; the first time it gets the frames of the caller of `below`. */
  error(below: (...args: never[]) => unknown): RpcError {
    return this.made ??= makeCallError(this.code, this.details, this.options, this.site, below);
  }

  /** "NOT_FOUND: no such place". */
  toString(): string {
    return this.details === "" ? statusName(this.code) : `${statusName(this.code)}: ${this.details}`;
  }
}

/** The error that `failure` stands for, see {@linkcode CallFailure.error}; anything else is one itself. */
export function errorOf(failure: unknown, below: (...args: never[]) => unknown): unknown {
  return failure instanceof CallFailure ? failure.error(below) : failure;
}

/** To resolve a promise with this is to reject it with the error of `failure`. */
export function rejection(failure: unknown): PromiseLike<never> {
  const then = (_resolve: unknown, reject: (error: unknown) => void): void => {
    reject(errorOf(failure, then));
  };
  return { then } as PromiseLike<never>;
}
