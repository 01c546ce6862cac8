/** Kendall's τ-b; null where one side knows no order. */
export function kendall(a: readonly number[], b: readonly number[]): number | null {
  let [together, pairsOfA, pairsOfB] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const [signA, signB] = [Math.sign((a[i] ?? 0) - (a[j] ?? 0)), Math.sign((b[i] ?? 0) - (b[j] ?? 0))];
      together += signA * signB;
      pairsOfA += Math.abs(signA);
      pairsOfB += Math.abs(signB);
    }
  }
  return pairsOfA === 0 || pairsOfB === 0 ? null : together / Math.sqrt(pairsOfA * pairsOfB);
}
