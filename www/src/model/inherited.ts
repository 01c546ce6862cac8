/** How well inherited weights rank candidates. */
import { kendall } from './kendall';
import type { RunView } from './run-view';

export interface InheritedRank {
  /** Kendall's τ-b with the final trainings: 1 for the same order, 0 for none. */
  readonly tau: number;
  /** Networks that were trained to the end. */
  readonly networks: number;
}

/** Null where nothing is inherited, and while fewer than two final trainings tell. */
export function inheritedRankOf({ superNetwork, candidates }: RunView): InheritedRank | null {
  const finals = candidates.flatMap(({ result, final }) =>
    superNetwork !== null && result !== null && final !== null && final.result.failure === undefined
      ? [[result.validation_accuracy, final.result.validation_accuracy] as const]
      : [],
  );
  const tau = kendall(
    finals.map(([inherited]) => inherited),
    finals.map(([, own]) => own),
  );
  return tau === null ? null : { tau, networks: finals.length };
}
