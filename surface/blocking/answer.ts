// The response of a call that has one, for a thread that blocks: it is decoded as it comes, so that one which cannot be
// decoded ends the call whatever the server says next, and whoever observes the call sees what its caller does.

import { undecodable } from "../call/undecodable.ts";
import type { CallContext } from "../client/call_context.ts";
import type { CalledMethod } from "../client/typed_call.ts";
import type { Answer, SyncCall } from "./sync_call.ts";

/** Takes the response of `call`. Undefined where it cannot be decoded: the call is over. */
export function takeAnswer(
  call: SyncCall,
  { responseCodec }: CalledMethod,
  { maxReceiveElements, reporter }: CallContext,
): Answer | undefined {
  const bytes = call.take();
  try {
    return { value: responseCodec.decode(bytes, maxReceiveElements) };
  } catch (error) {
    const { code, details, foreign } = undecodable(error, "response", true);
    const { path: method, peer } = call;
    if (foreign) reporter.report(error, { where: "codec", level: "info", method, peer });
    call.cancel(code, details, "library", error);
    return undefined;
  }
}
