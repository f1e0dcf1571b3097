// Numbers for objects, so that which object it is can be a part of a text.

const numbers = new WeakMap<object, number>();
let last = 0;

/** A text that only the same object has; undefined is "0". */
export function identityOf(value: object | undefined): string {
  if (value === undefined) return "0";
  let number = numbers.get(value);
  if (number === undefined) numbers.set(value, number = ++last);
  return String(number);
}
