// When handlers of response streams begin: some in each iteration of the loop, of all connections of a server in turns.
//
// What such a handler sends comes only after it has begun. A client that asks for a hundred streams at once and reads nothing
// would have a hundred first messages made before it is known that none can be sent; and a hundred such clients would have
// the loop make all of them before anybody else has a turn.

/** Handlers that begin in one iteration, at most; at least half as many. */
const GROUP = 16;

/** One connection's calls that wait for it. */
export interface Waiting {
  /** Begins the next handler, which {@linkcode Beginnings.take} may refuse, and none after it. */
  resume(): void;
}

/** The handlers of one server. */
export class Beginnings {
  /** Handlers that have begun since the last group ended. */
  private begun = 0;
  private isDue = false;
  private readonly waiting = new Set<Waiting>();
  private readonly nextGroup = (): void => {
    this.isDue = false;
    this.begun = 0;
    // The one that comes first begins one handler, and then waits behind the others.
    for (const one of this.waiting) {
      this.waiting.delete(one);
      one.resume();
      if (this.begun === GROUP) break;
    }
    if (this.waiting.size > 0) this.awaitNext();
  };

  /** `later` calls its closure when what runs now has had its turn, and its promises too. */
  constructor(private readonly later: (closure: () => void) => void) {}

  /** Whether one more may begin now, which it then has. */
  take(): boolean {
    if (this.begun === GROUP) return false;
    if (++this.begun === GROUP >> 1) this.awaitNext();
    return true;
  }

  /** Has `one` resumed in its turn. */
  enqueue(one: Waiting): void {
    this.waiting.add(one);
    this.awaitNext();
  }

  private awaitNext(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.later(this.nextGroup);
  }
}
