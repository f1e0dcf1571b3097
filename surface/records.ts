// Which objects hold their content in properties: a Date, a Map or a promise given for one has none, and would say nothing.

/**
 * Whether `value` is a plain object or an instance of an application's class. What the language and the platform bring
 * (arrays, Dates, Maps, promises, Headers) is none.
 */
export function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (value.constructor === Object || isPlain(value)) return true;
  // What the language and the platform bring has a tag of its own; a promise of a library may have none.
  return Object.prototype.toString.call(value) === "[object Object]" &&
    typeof (value as PromiseLike<unknown>).then !== "function";
}

/** Whether `value` is an object of no class, of another realm too. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
