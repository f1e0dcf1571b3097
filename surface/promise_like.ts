// Whether what a function of the application gave back must be waited for.

/** Whether `value` is a promise, or like one. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
