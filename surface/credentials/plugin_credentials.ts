// Call credentials that a function of the application gives: the edge at which promises end.

import { HeaderList } from "../../transport/mod.ts";
import { Metadata, type MetadataInit } from "../call/metadata.ts";
import { describe } from "../options.ts";
import { isPromiseLike } from "../promise_like.ts";
import {
  CallCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
} from "./call_credentials.ts";

/** Gives the metadata of a call, or a promise of it. */
export type MetadataPlugin = (
  request: CallCredentialsRequest,
) => Metadata | MetadataInit | PromiseLike<Metadata | MetadataInit>;

/** Gives a token, or a promise of one. */
export type TokenSource = (request: CallCredentialsRequest) => string | PromiseLike<string>;

/**
 * Gives `given`, or what it is a promise of, to `convert`, and its result to `sink`, or at once. Throws what `convert`
 * throws, and for a promise that cannot settle.
 */
function settle<T>(
  given: T | PromiseLike<T>,
  { blocking }: CallCredentialsRequest,
  convert: (value: T) => HeaderList,
  sink: CallCredentialsSink,
): HeaderList | undefined {
  if (!isPromiseLike(given)) return convert(given);
  if (blocking) throw whileBlocked();
  deliver(Promise.resolve(given).then(convert), sink);
  return undefined;
}

/** Gives what `headers` becomes to `sink`; one that throws, which is an application's, is told so. */
export function deliver(headers: Promise<HeaderList>, sink: CallCredentialsSink): void {
  headers.then((given) => sink.onHeaders(given)).catch((error) => sink.onFailed(error));
}

/** Why a promise is of no use to a call that blocks. */
export function whileBlocked(): Error {
  return new Error(
    "they gave a promise, which cannot settle while the call blocks its thread: give a function that returns what it has, " +
      "or call without blocking",
  );
}

/** Those of `callCredentials.from`. */
export class PluginCredentials extends CallCredentials {
  constructor(private readonly plugin: MetadataPlugin) {
    super();
  }

  override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
    return settle(this.plugin(request), request, toHeaders, sink);
  }
}

/**
 * Those of `callCredentials.bearer`; a token that comes again is the same header, which HPACK knows. Private to the language: what is printed
 * of it shows no token.
 */
export class BearerCredentials extends CallCredentials {
  readonly #source: TokenSource | undefined = undefined;
  #token: string | undefined = undefined;
  #headers: HeaderList = new HeaderList([]);

  constructor(given: string | TokenSource) {
    super();
    if (typeof given === "string") this.#headers = this.#toHeaders(given);
    else this.#source = given;
  }

  override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
    if (this.#source === undefined) return this.#headers;
    return settle(this.#source(request), request, this.#toHeaders, sink);
  }

  readonly #toHeaders = (token: string): HeaderList => {
    if (token !== this.#token) {
      this.#headers = bearerHeaders(token);
      this.#token = token;
    }
    return this.#headers;
  };
}

/** The metadata of a bearer token (RFC 6750, section 2.1). Throws TypeError for what is none. */
export function bearerHeaders(token: unknown): HeaderList {
  if (typeof token === "string" && /^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
    return HeaderList.ofStrings(["authorization", `Bearer ${token}`]);
  }
  // The token itself is a secret, so it is not shown.
  const found = typeof token === "string"
    ? token === ""
      ? "it is empty"
      : "it has characters that no token has (RFC 6750), perhaps a scheme or a line's end"
    : `found ${describe(token)}`;
  throw new TypeError(`Cannot use a bearer token: ${found}`);
}

function toHeaders(given: Metadata | MetadataInit): HeaderList {
  return Metadata.from(given).toHeaders() ?? new HeaderList([]);
}
