// Medians, and how far the rounds lay apart.

/** The middle value; of two middle ones the mean. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and greatest. */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The median of the ratios round by round, for noise that a round has is in both; undefined where one has no figure. */
export function ratio(rounds, baseRounds) {
  const ratios = rounds.flatMap((round, i) =>
    round?.value === undefined || baseRounds[i]?.value === undefined
      ? []
      : [round.value / baseRounds[i].value]
  );
  return ratios.length === 0 ? undefined : median(ratios);
}
