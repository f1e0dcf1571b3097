// What a caller says of one call's identity: its credentials, and the server that is meant.

import { CallCredentials } from "../credentials/call_credentials.ts";
import { describe } from "../options.ts";

/** What a caller may say. */
export interface CallIdentityOptions {
  /** What the call shows of itself, after what the channel shows: made by `callCredentials`. Only with TLS. */
  readonly callCredentials?: CallCredentials;
  /**
   * What `:authority` says of this call, "host" or "host:port"; with TLS the server's certificate must be for that host.
   * Default: the channel's.
   */
  readonly authority?: string;
}

/** The same, read. */
export interface CallIdentity {
  readonly callCredentials: CallCredentials | undefined;
  readonly authority: string | undefined;
}

/** Why a call of a channel without that feature cannot have one. */
export const NO_IDENTITIES =
  "call credentials, and an authority of a call's own, need the feature callIdentities: give it to the channel";

/** RFC 3986, section 3.2, without a user. */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?$/;

/** Reads it; undefined where nothing is said. Throws TypeError for what cannot be used. */
export function readIdentity(purpose: string, options: CallIdentityOptions): CallIdentity | undefined {
  const { callCredentials, authority } = options;
  if (callCredentials === undefined && authority === undefined) return undefined;
  checkCallCredentials(purpose, callCredentials);
  if (authority !== undefined && !(typeof authority === "string" && AUTHORITY.test(authority))) {
    throw new TypeError(`Cannot ${purpose}: authority is ${describe(authority)}; give "host" or "host:port"`);
  }
  return { callCredentials, authority };
}

/** Throws TypeError for what are no call credentials. */
export function checkCallCredentials(purpose: string, given: unknown): void {
  if (given === undefined || given instanceof CallCredentials) return;
  throw new TypeError(
    `Cannot ${purpose}: callCredentials is ${
      describe(given)
    }; give what callCredentials.bearer(token) or another of its ` +
      "functions returns",
  );
}
