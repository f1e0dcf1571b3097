// The call credentials that the library makes.

import { describe } from "../options.ts";
import { CallCredentials } from "./call_credentials.ts";
import { CompositeCredentials } from "./composite_credentials.ts";
import {
  BearerCredentials,
  type MetadataPlugin,
  PluginCredentials,
  type TokenSource,
} from "./plugin_credentials.ts";
import { type ExpiringTokenSource, RefreshedCredentials } from "./refreshed_credentials.ts";

/**
 * Call credentials, for `callCredentials` of a channel and of a call; both are sent, the channel's first. Over plaintext
 * they are not: such calls fail with UNAUTHENTICATED. What a function throws fails the call with UNAUTHENTICATED, an
 * RpcError with its own status, where that is none by which services speak of requests (INTERNAL then).
 *
 * @example
 * ```ts ignore
 * const channel = new Channel("https://example.com", {
 *   callCredentials: callCredentials.refreshed(async () => ({ token: await fetchJwt(), expiresInMs: 3_600_000 })),
 * });
 * ```
 */
export const callCredentials: {
  /**
   * "authorization: Bearer token" (RFC 6750). A function is asked with each call; give `refreshed` what is worth keeping.
   *
   * @throws {TypeError} for a text that is no token
   */
  bearer(token: string | TokenSource): CallCredentials;
  /**
   * The same with a token that expires, such as a JWT. `source` is asked by the first call, and again by one that finds the
   * token near its end: a minute before, or at half of a shorter life. That call and the others go on with the token that there
   * is; only where none is left they wait, all for the same fetch.
   *
   * @throws {TypeError} for what is no function
   */
  refreshed(source: ExpiringTokenSource): CallCredentials;
  /**
   * Whatever metadata `plugin` gives for a service and a method, as gRPC's MetadataCredentialsFromPlugin.
   *
   * @throws {TypeError} for what is no function
   */
  from(plugin: MetadataPlugin): CallCredentials;
  /**
   * What all of `parts` give, in order; each is asked when the one before it has given what it has.
   *
   * @throws {TypeError} for what are no call credentials
   */
  all(...parts: CallCredentials[]): CallCredentials;
} = {
  bearer(token) {
    if (typeof token !== "string") checkFunction("bearer", "a token, or a function", token);
    return new BearerCredentials(token);
  },
  refreshed(source) {
    checkFunction("refreshed", "a function", source);
    return new RefreshedCredentials(source);
  },
  from(plugin) {
    checkFunction("from", "a function", plugin);
    return new PluginCredentials(plugin);
  },
  all(...parts) {
    for (const part of parts) {
      if (part instanceof CallCredentials) continue;
      throw new TypeError(
        `Cannot make call credentials: callCredentials.all takes call credentials, found ${describe(part)}`,
      );
    }
    return new CompositeCredentials(parts);
  },
};

function checkFunction(name: string, wanted: string, given: unknown): void {
  if (typeof given === "function") return;
  throw new TypeError(
    `Cannot make call credentials: callCredentials.${name} takes ${wanted}, found ${describe(given)}`,
  );
}
