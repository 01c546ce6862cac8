/** How well inherited weights rank candidates. */
import { kendall } from './kendall';
import type { Candidate, RunView } from './run-view';

export interface InheritedRank {
  /** Kendall's τ-b with the final trainings: 1 for the same order, 0 for none. */
  readonly tau: number;
  /** Networks that were trained to the end. */
  readonly networks: number;
}

/** Null where nothing is inherited (the final trainings start cold), and while fewer than two of them tell. */
export function inheritedRankOf({ superNetwork, candidates }: RunView): InheritedRank | null {
  const isInherited = superNetwork !== null || candidates.some(({ hotStart }) => hotStart !== null);
  const finals = candidates.flatMap(({ result, final }) =>
    isInherited && result !== null && final !== null && final.result.failure === undefined
      ? [[result.validation_accuracy, final.result.validation_accuracy] as const]
      : [],
  );
  const tau = kendall(
    finals.map(([inherited]) => inherited),
    finals.map(([, own]) => own),
  );
  return tau === null ? null : { tau, networks: finals.length };
}

export interface HotStarts {
  /** Trainings that began with the weights of the parent's. */
  readonly heirs: number;
  /** Planned work of all trainings of candidates, in training MACs. */
  readonly spentMacs: number;
  /** What it would be had all of them started cold. */
  readonly coldMacs: number;
}

/** Null where every training starts cold. */
export function hotStartsOf({ candidates, header }: RunView): HotStarts | null {
  const heirs = candidates.filter(({ hotStart }) => hotStart !== null);
  if (heirs.length === 0) return null;
  const horizon = header?.recipe.horizon_epochs ?? 0;
  const cold = ({ plannedMacs, hotStart }: Candidate): number =>
    hotStart === null ? plannedMacs : (plannedMacs * horizon) / hotStart.epochs;
  const total = (work: (candidate: Candidate) => number): number =>
    candidates.reduce((sum, candidate) => sum + work(candidate), 0);
  return { heirs: heirs.length, spentMacs: total(({ plannedMacs }) => plannedMacs), coldMacs: total(cold) };
}
