// A call that its thread blocks for, whoever makes it: this thread, in its engine, or a helper thread.

import type { MessageStore } from "../call/message_store.ts";
import type { CallStatus } from "../call/call_status.ts";
import type { StatusCode } from "../call/status.ts";
import type { HeaderList } from "../../transport/mod.ts";

/** A response that was decoded. */
export interface Answer {
  readonly value: unknown;
}

/** What the blocking style does with a call, and sees of it. */
export interface SyncCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The server's address, or the channel's target where there is no connection. */
  readonly peer: string;
  /** How it ended; undefined before. */
  readonly status: CallStatus | undefined;
  /** Initial metadata; undefined before, and where there was none. */
  readonly headers: HeaderList | undefined;
  /** The response of a call that has one, once it has come; undefined where it cannot be decoded. */
  readonly answer: Answer | undefined;
  /** Responses that were not taken. */
  readonly messages: MessageStore;
  /** Whether a request that is sent now would have to wait. */
  readonly writeBlocked: boolean;
  /** Starts the call. */
  begin(): void;
  /** Sends one request: `framed` holds 5 free octets and then the message. */
  write(framed: Uint8Array): void;
  /** No request follows. */
  writesDone(): void;
  /** The first response, which must be there. */
  take(): Uint8Array;
  /** Ends the call from this side. */
  cancel(code: StatusCode, message: string, endedBy: "user" | "library", cause?: unknown): void;
  /** Blocks until `until` is true, or the call is over. */
  wait(until: () => boolean): void;
  /** Dispatches what is ready, and does not block. */
  poll(): void;
}
