// When callbacks of an application run: after what caused them, each in turn, as grpc-js has it.
//
// They run in a microtask, so none is on the stack of the engine. What one throws is uncaught, and ends the process unless
// the application says otherwise: a program for grpc-js counts on that, as one does of node:http.

let due: Array<() => void> = [];

/** Calls `callback` when everything that runs now has returned, after all that were given before. */
export function later(callback: () => void): void {
  if (due.push(callback) === 1) queueMicrotask(run);
}

function run(): void {
  let at = 0;
  const all = due;
  try {
    for (; at < all.length; at++) all[at]!();
    due = [];
  } catch (error) {
    due = all.slice(at + 1);
    if (due.length > 0) queueMicrotask(run);
    throw error;
  }
}
