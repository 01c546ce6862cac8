/**
 * The value below which this share of the values lies; the median at 0.5.
 * @type {(values: readonly number[], share: number) => number}
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)];
}
