// What the application's callbacks throw, kept away from runtimes that would take it for something else.

/** Has `error` reported as uncaught, from a microtask, so that the caller goes on. */
export function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
