// The streams that a client opens, as its server knows them: which identifiers it has used (RFC 9113, section 5.1.1), how
// many may be open (5.1.2), and what became of closed ones.

import { REMEMBERED_RESETS } from "./limits.ts";
import { StreamState } from "./stream.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { CLOSED, CLOSED_BY_US, IDLE, PASSED_OVER } = StreamState;

/** The streams of one client on one connection. */
export class PeerStreams {
  /** The highest identifier that was used. */
  lastId = 0;
  /** Streams that we ended before the client did; undefined until there is one. */
  private closedByUs: Set<number> | undefined = undefined;
  /** Every closed stream up to here may have been ended by us: the set has forgotten some of them. */
  private forgottenUpTo = 0;
  /** The latest run of identifiers that the client passed over. */
  private passedOverFrom = 0;
  private passedOverTo = 0;

  /** `limit`: streams that may be open (SETTINGS_MAX_CONCURRENT_STREAMS of ours). */
  constructor(readonly limit: number) {}

  /** The {@linkcode StreamState} of one that is not open; `id` is odd. */
  stateOf(id: number): number {
    if (id > this.lastId) return IDLE;
    if (id <= this.forgottenUpTo || this.closedByUs?.has(id) === true) return CLOSED_BY_US;
    const isPassedOver = id >= this.passedOverFrom && id <= this.passedOverTo;
    return isPassedOver ? PASSED_OVER : CLOSED;
  }

  /** The client used the idle identifier `id`, which closes all idle ones below it. */
  use(id: number): void {
    const next = this.lastId === 0 ? 1 : this.lastId + 2;
    if (next < id) {
      this.passedOverFrom = next;
      this.passedOverTo = id - 2;
    }
    this.lastId = id;
  }

  /** We ended `id` before the client did, or refused it: its frames may still be on their way. */
  closeByUs(id: number): void {
    const closedByUs = this.closedByUs ??= new Set();
    closedByUs.add(id);
    if (closedByUs.size <= REMEMBERED_RESETS) return;
    const [oldest] = closedByUs;
    closedByUs.delete(oldest!);
    this.forgottenUpTo = Math.max(this.forgottenUpTo, oldest!);
  }
}
