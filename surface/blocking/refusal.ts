// Why a call cannot be made by a thread that blocks.

import { formatAddress, SYNC_WAIT, whyNoSyncWait } from "../../pollers/mod.ts";
import type { CallContext } from "../client/call_route.ts";
import { servedHere } from "../server/served_here.ts";

/** Of a server of this thread at `address`. */
export function whyServedHere(address: string): string {
  return `the server at ${address} is one of this very thread, which cannot answer while it is blocked`;
}

/** Why this thread must not block for a call of `context` now; undefined where it may. */
export function whyNoSyncCall(context: CallContext): string | undefined {
  const { engine, target } = context;
  if (engine.execCtx.inTurn || engine.extension(SYNC_WAIT) === undefined) return whyNoSyncWait(engine);
  const address = servedHere(target);
  return address === undefined ? undefined : `${whyServedHere(address)} (${formatAddress(target)})`;
}
