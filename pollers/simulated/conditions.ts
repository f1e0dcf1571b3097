// How a simulated network behaves between two hosts.

/** What bytes meet on their way. Change a field while the simulation runs, and it holds from the next segment on. */
export interface Conditions {
  /** Milliseconds one way. */
  latencyMs: number;
  /** Milliseconds that a segment may take more, at random; order is kept as TCP keeps it. */
  jitterMs: number;
  /** Bytes a millisecond. */
  bytesPerMs: number;
  /** Bytes are split at random into segments of at most this size, and joined again for a late reader. */
  maxSegmentBytes: number;
  /** What the kernels of both sides hold of one direction: beyond it a writer waits. */
  bufferBytes: number;
  /** How often a read or write that could be done at once is (0 to 1); else its callback comes. */
  atOnce: number;
  /** Milliseconds that a connect, or bytes that are not let through, are tried before TCP gives up. */
  giveUpMs: number;
}

/** A quick and quiet network. */
export const CALM: Readonly<Conditions> = {
  latencyMs: 1,
  jitterMs: 0,
  bytesPerMs: 1_000_000,
  maxSegmentBytes: 65_536,
  bufferBytes: 262_144,
  atOnce: 0.5,
  giveUpMs: 60_000,
};

/** Whether bytes get through: they do, they wait until healed, or they are lost silently. */
export type Passage = "open" | "held" | "lost";
