// Whether clients learn what went wrong inside a server, by grpc-js's own variable of the environment.

import { environmentVariable } from "../../../pollers/native/env.ts";
import { textOfError } from "./status.ts";

/** `about`, and what `error` says where GRPC_NODE_DEBUG_SEND_ERROR_DETAILS is "true": it may be a secret. */
export function withDetails(about: string, error: unknown): string {
  const tells = environmentVariable("GRPC_NODE_DEBUG_SEND_ERROR_DETAILS") === "true";
  return tells ? `${about}: ${textOfError(error)}` : about;
}
