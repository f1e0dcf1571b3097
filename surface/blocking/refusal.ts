// Why a call cannot be made by a thread that blocks.

import { formatAddress, SYNC_WAIT, whyNoSyncWait } from "../../pollers/mod.ts";
import { type CallContext, NEEDS_LOOP } from "../client/call_context.ts";
import { servedHere } from "../server/served_here.ts";
import { Helper } from "./helper.ts";

/** Pollers in which no thread can wait, and a helper thread makes the calls by another one of them. */
const HELPED_POLLERS = ["native", "node"];

/** Of a server of this thread at `address`. */
export function whyServedHere(address: string): string {
  return `the server at ${address} is one of this very thread, which cannot answer while it is blocked`;
}

/** Why this thread must not block for a call of `context` now; undefined where it may. */
export function whyNoSyncCall(context: CallContext): string | undefined {
  const { engine, target } = context;
  const noWait = whyNoSyncWait(engine);
  const why = noWait ?? (context.needsLoop ? NEEDS_LOOP : undefined);
  if (why !== undefined) {
    if (engine.execCtx.inTurn) return why;
    const lack = noWait === undefined || HELPED_POLLERS.includes(engine.name)
      ? Helper.lack(context)
      : "a helper thread has no such poller";
    if (lack !== undefined) return `${why}, and ${lack}`;
  }
  if (engine.extension(SYNC_WAIT)?.servesMeanwhile) return undefined;
  if (target.family === "uri") return undefined;
  for (const one of target.family === "list" ? target.addresses : [target]) {
    const address = servedHere(one, why === undefined ? engine : undefined);
    if (address !== undefined) return `${whyServedHere(address)} (${formatAddress(one)})`;
  }
  return undefined;
}
