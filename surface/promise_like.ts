// What a function of the application gave back, where that may be a promise.

/** Whether `value` is a promise, or like one. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** `given`, whose rejection is none that nobody handles, where it is a promise: such a one would end the process. */
export function handled<T>(given: T): T {
  if (given instanceof Promise) given.catch(() => {});
  return given;
}
