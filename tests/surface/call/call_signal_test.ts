// The signal of a call is used as any other AbortSignal is: listeners are added, removed, called once, and refused alike.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { CallAbort } from "../../../surface/call/call_signal.ts";
import { test } from "../../harness.ts";

/** A signal of ours and one of the runtime, each with what aborts it: they must do the same. */
function signals(onThrow: (error: unknown) => void = () => {}) {
  const own = new CallAbort(onThrow);
  const usual = new AbortController();
  return [
    { signal: own.signal, abort: (reason: unknown) => own.abort(reason) },
    { signal: usual.signal, abort: (reason: unknown) => usual.abort(reason) },
  ];
}

for (const [i, kind] of ["a call's", "the runtime's"].entries()) {
  test(`signal, ${kind}: a listener that was added twice is called once, with the event and the signal`, () => {
    const { signal, abort } = signals()[i]!;
    const calls: unknown[] = [];
    const listener = function (this: unknown, event: Event) {
      calls.push([this === signal, event.type, event.target === signal]);
    };
    for (let round = 0; round < 2; round++) signal.addEventListener("abort", listener);
    abort("why");
    abort("again");
    assertEquals(calls, [[true, "abort", true]]);
    assertEquals([signal.aborted, signal.reason], [true, "why"]);
  });

  test(`signal, ${kind}: a listener of both phases is called in the one that it was not removed from`, () => {
    const { signal, abort } = signals()[i]!;
    const calls: string[] = [];
    const [first, second] = [() => calls.push("first"), () => calls.push("second")];
    for (const listener of [first, second]) {
      signal.addEventListener("abort", listener, { capture: true });
      signal.addEventListener("abort", listener);
    }
    signal.removeEventListener("abort", first);
    signal.removeEventListener("abort", second, true);
    signal.removeEventListener("abort", second);
    abort("why");
    assertEquals(calls, ["first"]);
  });

  test(`signal, ${kind}: a listener that was removed is not called, however often it was added`, () => {
    const { signal, abort } = signals()[i]!;
    const calls: string[] = [];
    const [first, second] = [() => calls.push("first"), { handleEvent: () => calls.push("second") }];
    for (let round = 0; round < 2; round++) {
      for (const listener of [first, second]) signal.addEventListener("abort", listener);
      signal.removeEventListener("abort", first);
    }
    signal.removeEventListener("abort", second);
    signal.addEventListener("abort", second);
    abort(undefined);
    assertEquals(calls, ["second"]);
  });

  test(`signal, ${kind}: once, a signal for the listener, and another phase are minded`, () => {
    const { signal, abort } = signals()[i]!;
    const calls: string[] = [];
    const ended = new AbortController();
    signal.addEventListener("abort", () => calls.push("ended"), { signal: ended.signal });
    ended.abort();
    signal.addEventListener("other", () => calls.push("other"), { once: true });
    for (let round = 0; round < 2; round++) signal.dispatchEvent(new Event("other"));
    const listener = () => calls.push("captured");
    signal.addEventListener("abort", listener, true);
    signal.removeEventListener("abort", listener); // of the other phase
    const gone = () => calls.push("gone");
    signal.addEventListener("abort", gone, true);
    signal.removeEventListener("abort", gone, true);
    abort(undefined);
    assertEquals(calls, ["other", "captured"]);
  });
}

test("signal, a call's: what is no listener is taken or refused as the runtime does it, and never called", () => {
  const thrown: unknown[] = [];
  const outcomes = signals((error) => thrown.push(error)).map(({ signal, abort }) => {
    const heard = [null, undefined, 5, "text"].map((nobody) => {
      try {
        signal.addEventListener("abort", nobody as unknown as () => void);
        signal.removeEventListener("abort", nobody as unknown as () => void);
        return "taken";
      } catch (error) {
        return (error as Error).name;
      }
    });
    signal.removeEventListener("abort", () => {}); // which was never added
    signal.addEventListener("abort", null as unknown as () => void); // and is not removed
    abort("why");
    return [...heard, signal.reason];
  });
  assertEquals(outcomes[0], outcomes[1]);
  assertEquals(thrown, []);
});

test("signal, a call's: what listeners throw or reject with goes to its owner, and the others are called", async () => {
  const thrown: unknown[] = [];
  const { signal, abort } = signals((error) => thrown.push(error))[0]!;
  const [first, second, third] = [new Error("first"), new Error("second"), new Error("third")];
  let called = 0;
  signal.addEventListener("abort", () => {
    throw first;
  });
  signal.addEventListener("abort", () => Promise.reject(second));
  signal.addEventListener("abort", {
    handleEvent: () => {
      throw third;
    },
  });
  signal.addEventListener("abort", () => called++);
  abort(undefined);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([called, thrown.length], [1, 3]);
  for (const error of [first, second, third]) assertStrictEquals(thrown.find((one) => one === error), error);
});
