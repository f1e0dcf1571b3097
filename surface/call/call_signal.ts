// The AbortSignal of a call. Its listeners are the application's, may throw, and are called within a turn.

import { type ApplicationCallback, callApplication, type ExecCtx } from "../../pollers/mod.ts";
import { isolateListeners } from "../../pollers/native/listeners.ts";

/** Gets what a listener throws, or what its promise rejects with; must not throw. */
type OnThrow = (error: unknown) => void;

type Listener = EventListenerOrEventListenerObject | null;

/** What a signal of ours has besides. */
interface GuardedSignal extends AbortSignal {
  /** Gets what listeners throw. */
  [ON_THROW]: OnThrow;
  /**
   * What was added instead of each listener. Weak: a call may last for weeks, and each step of its handler add a listener and
   * remove it. One a signal: a WeakMap of all signals cost 5 us a listener on Deno.
   */
  [GUARDS]: WeakMap<object, EventListener> | undefined;
}

const ON_THROW = Symbol("onThrow");
const GUARDS = Symbol("guards");

const { addEventListener, removeEventListener } = AbortSignal.prototype;

/**
 * Aborts a signal without a listener that could end more than itself: what it throws is the runtime's to report, which
 * hands it to us meanwhile, and what an async one rejects with comes by a guard around it.
 */
export class CallAbort implements ApplicationCallback {
  callbackScheduled = false;
  /** What the application gets. */
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private reason: unknown = undefined;

  /** `onThrow` gets what listeners throw. */
  constructor(private readonly onThrow: OnThrow) {
    const signal = this.signal = this.controller.signal as GuardedSignal;
    signal[ON_THROW] = onThrow;
    signal[GUARDS] = undefined;
    signal.addEventListener = addGuarded;
    signal.removeEventListener = removeGuarded;
  }

  /** Aborts outermost in the turn, with `reason`: listeners are never on the stack of what ended the call. */
  abortSoon(execCtx: ExecCtx, reason: unknown): void {
    this.reason = reason;
    execCtx.schedule(this);
  }

  runCallback(): void {
    this.abort(this.reason);
  }

  /** Aborts, with `reason`. */
  abort(reason: unknown): void {
    isolateListeners(() => this.controller.abort(reason), this.onThrow);
  }
}

function addGuarded(
  this: GuardedSignal,
  type: string,
  listener: Listener,
  options?: AddEventListenerOptions | boolean,
): void {
  if (!isListener(listener)) return addEventListener.call(this, type, listener!, options);
  const guards = this[GUARDS] ??= new WeakMap();
  let guard = guards.get(listener);
  if (guard === undefined) guards.set(listener, guard = guardOf(listener));
  addEventListener.call(this, type, guard, options);
}

function removeGuarded(
  this: GuardedSignal,
  type: string,
  listener: Listener,
  options?: EventListenerOptions | boolean,
): void {
  removeEventListener.call(this, type, this[GUARDS]?.get(listener!) ?? listener!, options);
}

function isListener(listener: Listener): listener is EventListenerOrEventListenerObject {
  return typeof listener === "function" || (typeof listener === "object" && listener !== null);
}

function guardOf(listener: EventListenerOrEventListenerObject): EventListener {
  return function (this: GuardedSignal, event: Event): void {
    callApplication(
      () => typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event),
      this[ON_THROW],
    );
  };
}
