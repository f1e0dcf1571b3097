// Numbers of what channelz shows: each object has one of its own, positive, from when it is first asked for, and no other
// one gets it again (gRFC A14).

let last = 0;
const numbers = new WeakMap<object, number>();

/** The number of `one`. */
export function numberOf(one: object): number {
  let number = numbers.get(one);
  if (number === undefined) numbers.set(one, number = ++last);
  return number;
}
