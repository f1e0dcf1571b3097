// Call credentials by a token that expires, such as a JWT: one is fetched for all calls, and again before it expires.

import type { HeaderList, Instant } from "../../transport/mod.ts";
import { timeOfDay } from "../../pollers/native/time_of_day.ts";
import { describe } from "../options.ts";
import { handled, isPromiseLike } from "../promise_like.ts";
import {
  CallCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
} from "./call_credentials.ts";
import { bearerHeaders, deliver, whileBlocked } from "./plugin_credentials.ts";

/** A token, and when it expires: in milliseconds from when it was asked for, or at a time of day. */
export type ExpiringToken =
  | { readonly token: string; readonly expiresInMs: number }
  | { readonly token: string; readonly expiresAt: Date };

/** Gives a token, or a promise of one. */
export type ExpiringTokenSource = () => ExpiringToken | PromiseLike<ExpiringToken>;

/** A token is fetched anew from so long before it expires, of short-lived ones from half of their life. */
const REFRESH_BEFORE_MS = 60_000;

/** It is not used any more from so long before: it has to reach the server. Of short-lived ones a tenth of their life. */
const UNUSED_BEFORE_MS = 5_000;

/** After a fetch in the background that failed there is none for so long, while the token can still be used. */
const FETCH_AGAIN_MS = 1_000;

/** A fetch that has not answered for so long may never do so: calls that come then have another one. */
const UNANSWERED_MS = 20_000;

/** Those of `callCredentials.refreshed`. */
export class RefreshedCredentials extends CallCredentials {
  /** Private to the language: what is printed of it shows no token. */
  #headers: HeaderList | undefined = undefined;
  /** When the token was asked for, and the time of day then. */
  private askedAt: Instant = 0;
  private askedTime = 0;
  /** The age from which another one is fetched, and that from which it is not used. */
  private refreshFrom = 0;
  private unusedFrom = 0;
  /** The fetch that is under way, and when it is waited for no more. */
  private fetching: Promise<HeaderList> | undefined = undefined;
  private givenUpAt: Instant = 0;
  /** How many there were, and the number of that whose token there is. */
  private fetches = 0;
  private taken = 0;

  constructor(private readonly source: ExpiringTokenSource) {
    super();
  }

  override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
    const { now } = request;
    if (now >= this.givenUpAt) this.fetching = undefined;
    const headers = this.#headers;
    if (headers !== undefined) {
      const age = this.ageAt(now);
      if (age < this.unusedFrom) {
        if (age >= this.refreshFrom && this.fetching === undefined) this.refresh(now, age);
        return headers;
      }
    }
    if (this.fetching === undefined) this.begin(now);
    if (this.fetching === undefined) return this.#headers;
    if (request.blocking) throw whileBlocked();
    deliver(this.fetching, sink);
    return undefined;
  }

  /** By the clock that says more: an engine's stands still while the machine sleeps, and that of the day may be set back. */
  private ageAt(now: Instant): number {
    return Math.max(now - this.askedAt, timeOfDay() - this.askedTime);
  }

  /** In the background: what fails leaves the token that there is. */
  private refresh(now: Instant, age: number): void {
    this.refreshFrom = age + FETCH_AGAIN_MS;
    try {
      this.begin(now);
    } catch { // the next call tries again, and the one that finds no token left fails with the reason
    }
  }

  /** Fetches a token, which may come later. Throws what the source throws. */
  private begin(now: Instant): void {
    const time = timeOfDay();
    const given = this.source();
    const fetch = ++this.fetches;
    if (!isPromiseLike(given)) return void this.take(given, fetch, now, time);
    this.givenUpAt = now + UNANSWERED_MS;
    const taken = Promise.resolve(given).then((token) => this.take(token, fetch, now, time));
    const fetching = taken.finally(() => {
      if (this.fetching === fetching) this.fetching = undefined;
    });
    this.fetching = handled(fetching); // perhaps no call waits for it
  }

  /** A token that was asked for at `now`, `time` of the day, as the `fetch`th. */
  private take(given: ExpiringToken, fetch: number, now: Instant, time: number): HeaderList {
    const lifeMs = lifeOf(given, time);
    const headers = bearerHeaders(given.token);
    if (fetch < this.taken) return headers; // a later one has answered before
    this.taken = fetch;
    this.#headers = headers;
    this.askedAt = now;
    this.askedTime = time;
    this.refreshFrom = lifeMs - Math.min(REFRESH_BEFORE_MS, lifeMs / 2);
    this.unusedFrom = lifeMs - Math.min(UNUSED_BEFORE_MS, lifeMs / 10);
    return headers;
  }
}

/** How long a token can be used. Throws TypeError where it says nothing of that, and RangeError where it cannot be used. */
function lifeOf(given: ExpiringToken, time: number): number {
  const { expiresInMs, expiresAt } = Object(given) as { expiresInMs?: unknown; expiresAt?: unknown };
  const lifeMs = expiresAt instanceof Date ? expiresAt.getTime() - time : expiresInMs;
  if (typeof lifeMs !== "number" || Number.isNaN(lifeMs)) {
    const found = describe(given);
    throw new TypeError(
      `Cannot use a token that expires: give { token, expiresInMs } or { token, expiresAt: Date }, found ${found}`,
    );
  }
  if (lifeMs > 0) return lifeMs;
  throw new RangeError(`Cannot use a token: it had expired ${Math.round(-lifeMs)} ms before it was fetched`);
}
