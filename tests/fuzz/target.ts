// What a fuzz target is.

/** Something that is fed arbitrary bytes. */
export interface FuzzTarget {
  readonly name: string;
  /** What must hold for every input. */
  readonly about: string;
  /** The largest input that is worth its time. */
  readonly mostBytes: number;
  /** Inputs are HTTP/2 frames: changes mostly leave them whole. */
  readonly framed?: boolean;
  /** Inputs to begin with. */
  seeds(): Uint8Array[];
  /** Throws when an invariant is broken. */
  run(input: Uint8Array): void;
}

/** Throws `what` unless `holds`. */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Invariant broken: ${what}`);
}
