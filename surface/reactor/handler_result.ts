// What a handler of reactors returns, and what is wrong with it.

import type { StatusCode } from "../../transport/mod.ts";
import { Status } from "../call/status.ts";
import { describe } from "../options.ts";
import type { MethodKind } from "../proto/mod.ts";
import {
  ServerBidiReactor,
  ServerReadReactor,
  ServerUnaryReactor,
  ServerWriteReactor,
} from "./server_reactors.ts";

/** The class of reactors for each kind of method. */
const CLASSES = {
  unary: ServerUnaryReactor,
  serverStreaming: ServerWriteReactor,
  clientStreaming: ServerReadReactor,
  bidiStreaming: ServerBidiReactor,
} as const;

/** Whether `returned` is a reactor for a method of `kind`. */
export function isReactorFor(kind: MethodKind, returned: unknown): boolean {
  return returned instanceof CLASSES[kind];
}

/** The status of a call at `path` whose handler returned something else than its reactor. */
export function noReactor(
  path: string,
  kind: MethodKind,
  returned: unknown,
): { readonly code: StatusCode; readonly details: string } {
  const what = `handler of ${path} returned`;
  if (returned === undefined || returned === null) {
    return { code: Status.UNIMPLEMENTED, details: `${what} no reactor` };
  }
  const wanted = `a ${CLASSES[kind].name} that was made with its context`;
  return { code: Status.INTERNAL, details: `${what} ${describe(returned)}, not ${wanted}` };
}
