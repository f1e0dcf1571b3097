// What servers executed beside what clients were told: whether a call was lost, or made twice that must not be.
import { Status, type StatusCode, statusName } from "pollwire";

/** What a call promises: "once" is executed once at most, "again" and "down" are made again when a server goes. */
export type Kind = "once" | "again" | "down";

/** A call that has ended at its client. */
export interface Ended {
  readonly id: string;
  readonly kind: Kind;
  readonly code: number;
  /** What was wrong with what came. */
  readonly problems: readonly string[];
}

/** Both sides' books. */
export class Ledger {
  /** How often each call was executed. */
  private readonly executed = new Map<string, number>();
  private readonly attempts = new Map<string, number>();
  private readonly ended: Ended[] = [];

  /** `mostAttempts` the retry policy allows. */
  constructor(private readonly mostAttempts: number) {}

  /** A server has executed `id`. */
  execute(id: string): void {
    this.executed.set(id, (this.executed.get(id) ?? 0) + 1);
  }

  /** So many streams were opened for `id`. */
  attempted(id: string, attempts: number): void {
    this.attempts.set(id, attempts);
  }

  /** A client was told the end of a call. */
  end(call: Ended): void {
    this.ended.push(call);
  }

  /** How many calls have ended. */
  get calls(): number {
    return this.ended.length;
  }

  /** Calls by kind and status. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { kind, code } of this.ended) {
      const name = `${kind} ${statusName(code as StatusCode)}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** Calls that were executed more than once, and may be. */
  get repeated(): number {
    return [...this.executed.values()].filter((times) => times > 1).length;
  }

  /** What must not be. */
  judge(): string[] {
    const found: string[] = [];
    for (const call of this.ended) {
      const why = this.wrongWith(call);
      if (why !== undefined) {
        found.push(`${call.kind} ${call.id}, ${statusName(call.code as StatusCode)}: ${why}`);
      }
    }
    return found;
  }

  private wrongWith({ id, kind, code, problems }: Ended): string | undefined {
    const times = this.executed.get(id) ?? 0;
    const attempts = this.attempts.get(id);
    if (problems.length > 0) return problems.join("; ");
    if (attempts === undefined) return "observers heard nothing of its end";
    if (code === Status.OK && times === 0) return "no server has executed it";
    if (kind === "once" && times > 1) return `it was executed ${times} times`;
    if (times > attempts) return `it was executed ${times} times in ${attempts} attempts`;
    if (code === Status.OK) return undefined;
    if (code !== Status.UNAVAILABLE) return "calls here end with OK or UNAVAILABLE";
    // A stream of which something has come is not made again; nor is a call whose attempts are used up.
    if (kind === "again" && attempts < this.mostAttempts) return `lost after ${attempts} attempts`;
    return undefined;
  }
}
