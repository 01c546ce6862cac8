/**
 * Who came from whom, as points and links: across by the order of asking, upwards by accuracy.
 */
import type { Candidate, RunView } from './run-view';
import { worthOf } from './worth';

export interface AncestryPoint {
  readonly ask: number;
  readonly accuracy: number;
  readonly parent: { readonly ask: number; readonly accuracy: number } | null;
  /** Whether it is an ancestor of the selected candidate, or that candidate itself. */
  readonly isOnLine: boolean;
}

export function ancestryOf(view: RunView, selectedAsk: number | null): AncestryPoint[] {
  const line = lineOf(view.candidates, selectedAsk);
  return view.candidates.flatMap((candidate) => {
    const accuracy = accuracyOf(candidate);
    if (accuracy === null) {
      return [];
    }
    const parent = candidate.parent === null ? undefined : view.candidates[candidate.parent];
    const parentAccuracy = parent === undefined ? null : accuracyOf(parent);
    return {
      ask: candidate.ask,
      accuracy,
      parent:
        parent === undefined || parentAccuracy === null
          ? null
          : { ask: parent.ask, accuracy: parentAccuracy },
      isOnLine: line.has(candidate.ask),
    };
  });
}

/** A candidate and all its ancestors. */
export function lineOf(candidates: readonly Candidate[], ask: number | null): Set<number> {
  const line = new Set<number>();
  let current: number | null | undefined = ask;
  while (current !== null && current !== undefined && !line.has(current)) {
    line.add(current);
    current = candidates[current]?.parent;
  }
  return line;
}

function accuracyOf(candidate: Candidate): number | null {
  const { result } = candidate;
  return result === null || result.failure !== undefined ? null : worthOf(result);
}
