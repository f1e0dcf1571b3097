// What POLLWIRE_TRACE asks for, as gRPC's GRPC_TRACE does: a list of names, "all", and "-name" for all but one.
//
// A trace that is off costs one look at a boolean: `if (trace.channel) reporter.trace("channel", ...)`.

import { environmentVariable } from "../native/env.ts";
import { defaultLogger } from "./logger.ts";

/** What can be traced. */
export interface Traces {
  /** Frames of every connection, in both directions. */
  readonly http2: boolean;
  /** Connectivity states of channels, and attempts to connect. */
  readonly channel: boolean;
  /** Which poller was chosen; sockets that connect, listen, accept, and fail to. */
  readonly poller: boolean;
  /** Calls, on both sides: their beginning, and the status of their end. */
  readonly call: boolean;
}

/** The name of a trace. */
export type TraceName = keyof Traces;

const NAMES: readonly TraceName[] = ["http2", "channel", "poller", "call"];

const VARIABLE = "POLLWIRE_TRACE";

/** The traces that `list` asks for, and the unknown names in it. Later entries overrule earlier ones. */
export function parseTraces(list: string): { readonly traces: Traces; readonly unknown: readonly string[] } {
  const traces: Record<TraceName, boolean> = { http2: false, channel: false, poller: false, call: false };
  const unknown: string[] = [];
  for (const entry of list.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const on = !entry.startsWith("-");
    const name = on ? entry : entry.slice(1);
    const meant = name === "all" ? NAMES : NAMES.filter((known) => known === name);
    for (const one of meant) traces[one] = on;
    if (meant.length === 0) unknown.push(name);
  }
  return { traces, unknown };
}

function environmentTraces(): Traces {
  const { traces, unknown } = parseTraces(environmentVariable(VARIABLE) ?? "");
  for (const name of unknown) {
    defaultLogger.warn(
      `Cannot trace ${JSON.stringify(name)} (${VARIABLE}): there are ${NAMES.join(", ")} and all`,
    );
  }
  return traces;
}

/** The traces that are on: read from the environment once, when the library is loaded. */
export const trace: Traces = environmentTraces();
