import type { FrontPoint, LivePoint, PricedMark } from '../charts/front';
import type { Lane } from '../engine/engine';
import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { Objective } from '../protocol/generated/Objective';
import { costOn } from './costs';
import { accuracyError } from './noise';
import type { Rejection, RunView } from './run-view';
import { worthOf } from './worth';

/** The candidates with an accuracy as points against one cost; duplicates lie where their original lies. */
export function frontPoints(view: RunView, axis: Objective): FrontPoint[] {
  const frontAsks = new Set(view.front.map(({ ask }) => ask));
  const largest = Math.max(...view.front.map(({ second_cost: second }) => second ?? 0));
  return view.candidates.flatMap(({ ask, sameAs, result, costs, final }) => {
    const cost = costOn(axis, costs);
    const isDuplicate = sameAs !== null && !frontAsks.has(ask);
    if (result === null || result.failure !== undefined || cost === null || isDuplicate) {
      return [];
    }
    const accuracy = worthOf(result);
    const member = view.front.find((each) => each.ask === ask);
    return {
      ask,
      cost,
      accuracy,
      error: result.score === undefined ? accuracyError(view, accuracy) : 0,
      isFront: frontAsks.has(ask),
      probability: member?.probability ?? null,
      second: member?.second_cost === undefined || largest === 0 ? null : member.second_cost / largest,
      // An accuracy has no place on an axis of scores.
      test: result.score === undefined ? (final?.result.test_accuracy ?? null) : null,
    };
  });
}

/** What is in training, where it stands after its newest epoch. */
export function livePoints(view: RunView, lanes: readonly Lane[], axis: Objective): LivePoint[] {
  return lanes.flatMap(({ job }) => {
    const candidate = job?.kind === 'search' ? view.candidates[job.ask] : undefined;
    const accuracy = job?.curve.at(-1)?.accuracy;
    const cost = candidate === undefined ? null : costOn(axis, candidate.costs);
    return candidate?.result !== null || accuracy === undefined || cost === null
      ? []
      : { ask: candidate.ask, cost, accuracy };
  });
}

/** Rejected draws, as far as their cost on the axis is known: from the limit they broke, or by pricing them. */
export function rejectedMarks(
  rejections: readonly Rejection[],
  axis: Objective,
  price: (rejection: Rejection) => CandidateCosts | null,
): PricedMark[] {
  return rejections.flatMap((rejection) => {
    const { constraint, value } = rejection.violation;
    const costs = constraint === axis ? null : price(rejection);
    const cost = constraint === axis ? value : costs === null ? null : costOn(axis, costs);
    return cost === null ? [] : { cost, isOut: true };
  });
}
