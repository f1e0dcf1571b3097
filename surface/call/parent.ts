// The server's call that a client's call is made for (`{ parent: call }`): the deadline of the one holds for the other,
// and where the one is over, cancelled or done, the other is cancelled (gRPC's propagation of deadline and cancellation).

import type { Instant } from "../../pollers/mod.ts";

/** A call that was made for another one. */
export interface ChildCall {
  /** The parent is over. */
  onParentOver(): void;
}

/** A call that others are made for. */
export interface ParentCall {
  /** When its time is over; Infinity where it has no deadline. */
  readonly deadlineAt: Instant;
  /** Whose deadline that is, for the message of a child that it ends; undefined: the parent's. */
  readonly whoseDeadline?: string | undefined;
  /** Whether it is over, or is to end and has not come to it: nothing is sent for it any more. */
  readonly isEnding: boolean;
  /** `child` ends with it. */
  addChild(child: ChildCall): void;
  /** `child` has ended. */
  removeChild(child: ChildCall): void;
}

/** Under this name the object that a handler gets has its call: not for applications. */
export const PARENT = Symbol("parent");

/** The call behind `handle`, which an application got from a server of this library; undefined for anything else. */
export function parentOf(handle: unknown): ParentCall | undefined {
  return (handle as { readonly [PARENT]?: ParentCall } | null | undefined)?.[PARENT];
}
