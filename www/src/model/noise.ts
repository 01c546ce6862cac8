/** How far a difference of two scores must exceed its standard error to be called one: about 95 %. */
const NOISE_STANDARD_ERRORS = 2;

/** Standard error of a share of n independent images: √(p(1−p)/n). */
export function standardError(share: number, images: number): number {
  return Math.sqrt((share * (1 - share)) / Math.max(1, images));
}

/**
 * Whether two accuracies on the same number of images differ by no more than chance would. The images are
 * the same, so their errors go together and this errs on the careful side.
 */
export function isWithinNoise(a: number, b: number, images: number): boolean {
  const error = Math.hypot(standardError(a, images), standardError(b, images));
  return Math.abs(a - b) <= NOISE_STANDARD_ERRORS * error;
}
