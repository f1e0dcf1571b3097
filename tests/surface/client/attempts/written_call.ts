// A call of one request that waits for its octets to be in the socket.

import { NO_OPTIONS } from "../../../../surface/client/call_options.ts";
import type { CallContext } from "../../../../surface/client/call_context.ts";
import { ClientCall } from "../../../../surface/client/client_call.ts";

/** See the head of this file. */
export class WrittenCall extends ClientCall {
  constructor(context: CallContext, private readonly onWritten: () => void) {
    super(context, context.template("/trial.Trial/Up"), true, NO_OPTIONS);
  }

  begin(): void {
    this.start();
    this.sendMessage(new Uint8Array(10));
    this.whenWritten(this.onWritten);
  }

  sendMore(bytes: number): void {
    this.sendMessage(new Uint8Array(bytes));
  }

  protected override onMessageBytes(): void {}
  protected override onEnd(): void {}
}
