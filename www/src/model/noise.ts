import type { RunView } from './run-view';

/** How far a difference of two scores must exceed its standard error to be called one: about 95 %. */
const NOISE_STANDARD_ERRORS = 2;

/** Standard error of a share of n independent images: √(p(1−p)/n). */
export function standardError(share: number, images: number): number {
  return Math.sqrt((share * (1 - share)) / Math.max(1, images));
}

/**
 * Standard error of an accuracy of a run: that of a share of its validation images and, where candidates are trained several
 * times, that of a mean of so many trainings.
 */
export function accuracyError({ header, trainingDeviation }: RunView, accuracy: number): number {
  const replicates = header?.config.replicates ?? 1;
  return Math.hypot(
    standardError(accuracy, header?.validation_images ?? 1),
    (trainingDeviation ?? 0) / Math.sqrt(replicates),
  );
}

/**
 * Whether two accuracies on the same number of images differ by no more than chance would. The images are
 * the same, so their errors go together and this errs on the careful side.
 */
export function isWithinNoise(a: number, b: number, view: RunView): boolean {
  const error = Math.hypot(accuracyError(view, a), accuracyError(view, b));
  return Math.abs(a - b) <= NOISE_STANDARD_ERRORS * error;
}
