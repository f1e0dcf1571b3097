// Errors of those who use a reactor against the rules of gRFC L67: each names the call, the operation and the rule.

/** What is thrown where `operation` ("start a read") may not be asked of the call at `path`; `rule` says why. */
export function misuse(operation: string, path: string, rule: string): TypeError {
  return new TypeError(`Cannot ${operation} of ${path}: ${rule}`);
}

/** Throws where `count` is no number of holds. */
export function checkHolds(path: string, count: unknown): void {
  if (Number.isInteger(count) && (count as number) > 0) return;
  throw misuse("add holds to the call", path, `their number is ${String(count)}, and must be 1 or more`);
}
