import type { Lane } from '../engine/engine';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { EpochScore } from '../protocol/generated/EpochScore';
import type { PricedView } from '../protocol/generated/PricedView';
import type { Selection } from './candidates';
import type { Candidate, Rejection, RunView } from './run-view';

/** The network that is looked at, with all that is known of it. */
export type Looked =
  | {
      readonly kind: 'candidate';
      readonly priced: CandidateView;
      readonly candidate: Candidate;
      /** Its epochs so far: from the log, or while it is in training from its worker. */
      readonly curve: readonly EpochScore[];
    }
  | { readonly kind: 'rejection'; readonly priced: CandidateView; readonly rejection: Rejection }
  /** A drawn one, before there are results. */
  | { readonly kind: 'example'; readonly priced: CandidateView }
  /** One that was opened from a file. */
  | { readonly kind: 'file'; readonly priced: PricedView; readonly file: string };

export function lookAt(
  selection: Selection | null,
  view: RunView,
  lanes: readonly Lane[],
  example: CandidateView | null,
  price: (genes: readonly number[]) => CandidateView | null,
): Looked | null {
  if (selection === null) {
    return example === null ? null : { kind: 'example', priced: example };
  }
  if (selection.kind === 'rejection') {
    const rejection = view.rejections[selection.index];
    const priced = rejection === undefined ? null : price(rejection.genes);
    return rejection === undefined || priced === null ? null : { kind: 'rejection', priced, rejection };
  }
  const candidate = view.candidates[selection.ask];
  const priced = candidate === undefined ? null : price(candidate.genes);
  if (candidate === undefined || priced === null) {
    return null;
  }
  const lane = lanes.find(({ job }) => job?.ask === selection.ask && job.kind === 'search');
  return { kind: 'candidate', priced, candidate, curve: candidate.result?.curve ?? lane?.job?.curve ?? [] };
}
