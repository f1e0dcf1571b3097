// Several call credentials of one call: each adds its metadata, in order.

import { HeaderList } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { handled } from "../promise_like.ts";
import {
  CallCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
} from "./call_credentials.ts";

/** Those of `callCredentials.all`, and of a channel and a call together. */
export class CompositeCredentials extends CallCredentials {
  constructor(readonly parts: readonly CallCredentials[]) {
    super();
  }

  override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
    return new CompositeFetch(this.parts, request, sink).next();
  }
}

/** One fetch of all of them: the next one begins when the one before it has given what it has. */
class CompositeFetch implements CallCredentialsSink {
  private headers: HeaderList | undefined = undefined;
  private at = 0;

  constructor(
    private readonly parts: readonly CallCredentials[],
    private readonly request: CallCredentialsRequest,
    private readonly sink: CallCredentialsSink,
  ) {}

  /** All of it, or undefined where it comes later. */
  next(): HeaderList | undefined {
    while (this.at < this.parts.length) {
      const headers = this.parts[this.at++]!.fetch(this.request, this);
      if (headers === undefined) return undefined;
      this.headers = joined(this.headers, headers);
    }
    return this.headers ?? new HeaderList([]);
  }

  onHeaders(headers: HeaderList): void {
    let all: HeaderList | undefined = undefined;
    try {
      this.headers = joined(this.headers, headers);
      all = this.next();
    } catch (error) {
      return this.sink.onFailed(error);
    }
    if (all !== undefined) this.sink.onHeaders(all);
  }

  onFailed(error: unknown): void {
    this.sink.onFailed(error);
  }
}

/** Both, in order. Throws TypeError where `second`, which credentials gave, is none: those of an application may be async. */
export function joined(first: HeaderList | undefined, second: HeaderList): HeaderList {
  if (!(second instanceof HeaderList)) {
    handled(second); // a promise may reject: the call fails in any case
    const found = typeof second === "string" ? "a text" : describe(second); // it may be the secret
    throw new TypeError(`they gave ${found}; give a HeaderList, as Metadata.toHeaders returns it`);
  }
  if (first === undefined || first.length === 0) return second;
  return second.length === 0 ? first : new HeaderList([...first.entries, ...second.entries]);
}
