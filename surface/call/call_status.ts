// How a call ended, as a style gets it at a client.

import { type HeaderList, Http2Error, type Initiator, type StatusCode } from "../../transport/mod.ts";
import { statusName } from "./status.ts";

/** The status of a call. One that came from a server is the transport's own object. */
export interface CallStatus {
  /** 0 to 16. */
  readonly code: StatusCode;
  /** The status message. */
  readonly message: string;
  /** Trailing metadata, values as on the wire. */
  readonly metadata: HeaderList;
  /** What led to it, where that was no status of a server. */
  readonly cause: unknown;
  /** Who ended the call, where `cause` does not say it. */
  readonly endedBy?: Initiator;
}

/** Who ended the call: "remote" where the status is the server's own. */
export function endedBy({ endedBy, cause }: CallStatus): Initiator {
  return endedBy ?? (cause instanceof Http2Error ? cause.initiator : "remote");
}

/** "NOT_FOUND: no such place". */
export function describeStatus({ code, message }: CallStatus): string {
  return message === "" ? statusName(code) : `${statusName(code)}: ${message}`;
}
