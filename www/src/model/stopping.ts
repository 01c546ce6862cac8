/** What early stopping saved, and what it risked. */
import type { EpochScore } from '../protocol/generated/EpochScore';
import { kendall } from './kendall';
import type { Candidate, RunView } from './run-view';

export interface Savings {
  /** Planned work of the trainings as far as they went or are to go, in training MACs. */
  readonly spentMacs: number;
  /** What training all of them to the end would have cost. */
  readonly wholeMacs: number;
  /** How well each rung foretold the end, the lowest rung first; those it can be told of. */
  readonly ranks: readonly RungRank[];
}

/** How accuracies at a rung rank networks, against how they rank them at the end. */
export interface RungRank {
  readonly epochs: number;
  /** Kendall's τ-b: 1 for the same order, 0 for none. */
  readonly tau: number;
  /** Networks that were trained to the end. Those that were stopped could tell more, but nobody knows them. */
  readonly networks: number;
}

/** Epochs after which the training of a candidate rests; null where it is under way, at its end, or failed. */
export function stoppedAfter(view: RunView, { rung, result }: Candidate): number | null {
  const horizon = view.header?.recipe.horizon_epochs ?? 0;
  const rests = rung !== null && rung.epochs === rung.goal && rung.epochs < horizon;
  return rests && result?.failure === undefined ? rung.epochs : null;
}

/** Null for a run that trains all candidates to the end. */
export function savingsOf(view: RunView): Savings | null {
  const horizon = view.header?.recipe.horizon_epochs ?? 0;
  const climbing = view.candidates.filter(({ sameAs, rung }) => sameAs === null && rung !== null);
  if (climbing.length === 0) {
    return null;
  }
  const curves = climbing.flatMap(({ result }) =>
    result?.failure === undefined && result?.curve.length === horizon ? [result.curve] : [],
  );
  return {
    spentMacs: sum(climbing.map(({ plannedMacs }) => plannedMacs)),
    wholeMacs: sum(
      climbing.map(({ plannedMacs, rung }) => (plannedMacs * horizon) / (rung?.goal ?? horizon)),
    ),
    ranks: view.rungs
      .filter((epochs) => epochs < horizon)
      .flatMap((epochs) => {
        const tau = kendall(accuraciesAt(curves, epochs), accuraciesAt(curves, horizon));
        return tau === null ? [] : { epochs, tau, networks: curves.length };
      }),
  };
}

function accuraciesAt(curves: readonly (readonly EpochScore[])[], epochs: number): number[] {
  return curves.map((curve) => curve[epochs - 1]?.accuracy ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
