// Several call credentials of one call: each adds its metadata, in order.

import { HeaderList } from "../../transport/mod.ts";
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
    this.headers = joined(this.headers, headers);
    let all: HeaderList | undefined = undefined;
    try {
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

/** Both, in order. */
export function joined(first: HeaderList | undefined, second: HeaderList): HeaderList {
  if (first === undefined || first.length === 0) return second;
  return second.length === 0 ? first : new HeaderList([...first.entries, ...second.entries]);
}
