// Whether a deadline decided how a call ended: one rule, for clients and servers.
//
// Both sides of a call count its deadline, each on its own clock, and each ends the call when it is over. The call
// ends with DEADLINE_EXCEEDED
//
//  1. when this side's timer fires;
//  2. when the call ends before the timer fires, though the deadline has passed, by anything but an answer: the
//     stream was reset, the connection or the attempt to connect is lost, the server is UNAVAILABLE. Timers fire
//     late on a busy thread, and nothing is sent or tried again past the deadline;
//  3. when the peer cancels the call from `CLOCK_SLACK_MS` before the deadline on. A server that ends a call at its
//     deadline can only say CANCEL (grpc-go and grpc-java do), and handlers pass on that their context was
//     cancelled; so the client looks at its own clock, as grpc/grpc#27216 asks clients to.
//
// An answer stands, however late it is read: OK, and every other status that the server gave. So does an error that
// this side found, such as a message above its limit.

import { GrpcStatus, type Http2Error } from "../../transport/mod.ts";

/**
 * How far a peer's clock may be ahead, in milliseconds. It counts from the arrival of the request, so its deadline is
 * never before ours but for its clock: one that counts milliseconds loses up to one at the start, and timers of
 * Node.js and of gRPC's core fire up to one early. Senders round timeouts up on the wire.
 */
export const CLOCK_SLACK_MS = 2;

/** Whether a call that ended with `code`, and by `cause` where that was no status, ended by its deadline `lateMs` ago. */
export function isDeadlineExceeded(code: number, cause: Http2Error | undefined, lateMs: number): boolean {
  if (lateMs < -CLOCK_SLACK_MS) return false;
  if (code === GrpcStatus.CANCELLED) return true;
  return lateMs >= 0 && (code === GrpcStatus.UNAVAILABLE || cause?.initiator === "remote");
}
