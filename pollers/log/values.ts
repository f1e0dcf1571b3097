// Looks at values that may be anything: a Proxy may throw whatever it is asked.

/** The property `name` of `thrown`; undefined where there is none, and where reading it throws. */
export function propertyOf(thrown: unknown, name: PropertyKey): unknown {
  try {
    return (thrown as Record<PropertyKey, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** `value instanceof type`, and false where asking throws, as a Proxy may. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}
