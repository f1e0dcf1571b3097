// How our objects print: `console.log` and its like call methods under symbols of the runtimes.

/** Prints a value as the runtime does. */
export type Inspect = (value: unknown, options?: unknown) => string;

/** Node's symbol, which Bun knows too, and Deno's. */
const NODE = Symbol.for("nodejs.util.inspect.custom");
const DENO = Symbol.for("Deno.customInspect");

/** Makes runtimes print objects of `type` with `print`; `inspect` prints what is within them. */
export function printsAs<T>(
  type: abstract new (...args: never[]) => T,
  print: (value: T, inspect: Inspect) => string,
): void {
  Object.defineProperties(type.prototype, {
    [NODE]: {
      configurable: true,
      writable: true,
      value(this: T, _depth: number, options: object, inspect: Inspect): string {
        return print(this, (value) => inspect(value, options));
      },
    },
    [DENO]: {
      configurable: true,
      writable: true,
      value(this: T, inspect: Inspect, options: object): string {
        return print(this, (value) => inspect(value, options));
      },
    },
  });
}
