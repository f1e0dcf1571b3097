// Call credentials: metadata by which a call shows for whom it is made, such as a token.
//
// What a call does for them is callbacks, as everything from a call to the wire is; promises are at the edge alone, where
// an application gives one (`plugin_credentials.ts`).

import type { HeaderList, Instant } from "../../transport/mod.ts";

/** What credentials are asked for. */
export interface CallCredentialsRequest {
  /** The service's URL, "https://example.com/package.Service": what a token may be restricted to ("aud" of a JWT). */
  readonly serviceUrl: string;
  /** The method's name, "GetFeature". */
  readonly method: string;
  /** The current time of the call's engine. */
  readonly now: Instant;
  /**
   * The thread blocks until the call is over: promises, timers and the runtime's sockets stand still meanwhile. What cannot be
   * given without them is an error then.
   */
  readonly blocking: boolean;
}

/** Gets what credentials have fetched: exactly one of the two, once, after `fetch` has returned undefined. */
export interface CallCredentialsSink {
  /** The metadata. */
  onHeaders(headers: HeaderList): void;
  /** There is none; the call fails. */
  onFailed(error: unknown): void;
}

/**
 * What a call adds to its metadata: made by `callCredentials`. An application may extend it, to give what it has without a
 * promise.
 */
export abstract class CallCredentials {
  /**
   * The metadata where it is there now; undefined where `sink` gets it later. Asked for with each attempt of a call, so
   * what can be used for many calls should be kept.
   *
   * @throws what fails the call: an RpcError by its status, other errors with UNAUTHENTICATED
   */
  abstract fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined;
}
