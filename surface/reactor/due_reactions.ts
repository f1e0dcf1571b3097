// Reactions of one call that are due: bits, so that none is an object. Either side's call has them.

/** What a call keeps of its reactions. */
export interface DueReactions {
  /** Those that are due. */
  due: number;
  /** Those of them whose operations succeeded. */
  succeeded: number;
  /** Those that were due with false before. */
  failed: number;
}

/** The reaction `which` is due; false where it was already. */
export function addDue(of: DueReactions, which: number, ok: boolean): boolean {
  if ((of.due & which) !== 0) return false;
  of.due |= which;
  if (ok) of.succeeded |= which;
  else {
    of.succeeded &= ~which;
    of.failed |= which;
  }
  return true;
}

/** Whether the reaction `which` is due; then it is called now. */
export function takeDue(of: DueReactions, which: number): boolean {
  if ((of.due & which) === 0) return false;
  of.due &= ~which;
  return true;
}
