// Errors of those who use a reactor against the rules of gRFC L67: each names the call, the operation and the rule.

import { isRpcError } from "../call/rpc_error.ts";
import { describe } from "../options.ts";

/** What is thrown where `operation` ("start a read") may not be asked of the call at `path`; `rule` says why. */
export function misuse(operation: string, path: string, rule: string): TypeError {
  return new TypeError(`Cannot ${operation} of ${path}: ${rule}`);
}

/** The same where `what` is started while the one before it is outstanding. */
export function outstanding(what: "read" | "write", path: string): TypeError {
  const reaction = what === "read" ? "onReadDone" : "onWriteDone";
  const rule = `one is outstanding, and the next one is started after its ${reaction}`;
  return misuse(`start a ${what}`, path, rule);
}

/** The same where the call is done. */
export function afterDone(operation: string, path: string): TypeError {
  return misuse(operation, path, "its onDone was called, which is the last reaction");
}

/** Throws where `count` is no number of holds. */
export function checkHolds(path: string, count: unknown): void {
  if (Number.isInteger(count) && (count as number) > 0) return;
  throw misuse("add holds to the call", path, `their number is ${String(count)}, and must be 1 or more`);
}

/** Throws where the details of a status are no text. */
export function checkDetails(operation: string, path: string, details: unknown): void {
  if (typeof details === "string") return;
  throw misuse(operation, path, `its details are ${describe(details)}; give a string`);
}

/** Throws where `status` is none, and no RpcError, and where `details` are no text. */
export function checkStatus(path: string, status: unknown, details: unknown): void {
  checkDetails("finish the call", path, details);
  if (isRpcError(status)) return;
  if (Number.isInteger(status) && (status as number) >= 0 && (status as number) <= 16) return;
  const what = `${describe(status)} is no status`;
  throw misuse("finish the call", path, `${what}: give a code of 0 to 16 or its name, or an RpcError`);
}
