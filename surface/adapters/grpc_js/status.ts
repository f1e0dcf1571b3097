// Statuses and errors as grpc-js has them.

import { messageOf } from "../../../pollers/mod.ts";
import { status as Status } from "./constants.ts";
import { Metadata } from "./metadata.ts";

/** How a call ended. */
export interface StatusObject {
  /** 0 to 16. */
  code: Status;
  /** The status message. */
  details: string;
  /** Trailing metadata. */
  metadata: Metadata;
}

/** The same, where trailing metadata may be missing. */
export type PartialStatusObject = Pick<StatusObject, "code" | "details"> & {
  metadata?: Metadata | null | undefined;
};

/** What a client's callback or stream gets for a call that failed: "14 UNAVAILABLE: no connection". */
export type ServiceError = StatusObject & Error;

/** What a server's handler may give instead of a response. */
export type ServerStatusResponse = Partial<StatusObject>;

/** The same, as an error. */
export type ServerErrorResponse = ServerStatusResponse & Error;

/** The error of a call that ended with `status`. `site`: the stack of its caller, without the first line. */
function serviceError(status: StatusObject, site: string): ServiceError {
  const { code, details, metadata } = status;
  const error = new Error(`${code} ${Status[code]}: ${details}`);
  const stack = `${error.stack}\nfor call at\n${site}`;
  return Object.assign(error, { code, details, metadata, stack });
}

/** Calls of a client that remember where they were made: its first ones, and those after one that failed. */
const REMEMBERED_CALLS = 100;

/** Where calls of one client were made. To remember it costs more than all else that a call costs its client. */
export class CallSites {
  private left = REMEMBERED_CALLS;

  /** Where the next call is made; undefined where it does not remember. */
  next(): Error | undefined {
    if (this.left === 0) return undefined;
    this.left--;
    return new Error();
  }

  /** The error of a call that ended with `status`, and was made at `site`. */
  failure(status: StatusObject, site: Error | undefined): ServiceError {
    this.left = REMEMBERED_CALLS;
    return serviceError(status, site?.stack?.split("\n").slice(1).join("\n") || "no stack trace available");
  }
}

/** The status that a handler means by `error`, with `trailers` where it gave some. */
export function statusOfError(
  error: ServerErrorResponse | ServerStatusResponse,
  trailers?: Metadata,
): PartialStatusObject {
  const { code, details, metadata } = error;
  const chosen = Number.isInteger(code);
  return {
    code: chosen ? code! : Status.UNKNOWN,
    details: chosen && typeof details === "string" ? details : Object(error) !== error // a handler may call back with a text, from where nobody catches what is thrown here
      ? textOfError(error)
      : "message" in error
      ? error.message
      : "Unknown Error",
    metadata: trailers ?? metadata ?? null,
  };
}

/** A status of this side's own. */
export function localStatus(code: Status, details: string): StatusObject {
  return { code, details, metadata: new Metadata() };
}

/** What `error`, whatever it is, says. */
export function textOfError(error: unknown): string {
  return messageOf(error);
}

/** Builds the status with which an interceptor ends a call. */
export class StatusBuilder {
  private code: Status | null = null;
  private details: string | null = null;
  private metadata: Metadata | null = null;

  /** Sets the code. */
  withCode(code: Status): this {
    this.code = code;
    return this;
  }

  /** Sets the message. */
  withDetails(details: string): this {
    this.details = details;
    return this;
  }

  /** Sets the trailing metadata. */
  withMetadata(metadata: Metadata): this {
    this.metadata = metadata;
    return this;
  }

  /** What was set. */
  build(): Partial<StatusObject> {
    const built: Partial<StatusObject> = {};
    if (this.code !== null) built.code = this.code;
    if (this.details !== null) built.details = this.details;
    if (this.metadata !== null) built.metadata = this.metadata;
    return built;
  }
}
