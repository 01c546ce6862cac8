/**
 * Why a candidate is, or is not, the one to take: the facts behind the sentence, noise included.
 */
import type { FrontMember } from '../protocol/generated/FrontMember';
import type { Objective } from '../protocol/generated/Objective';
import { costOn } from './costs';
import { isWithinNoise } from './noise';
import type { Candidate, RunView } from './run-view';
import { stoppedAfter } from './stopping';
import { worthOf } from './worth';

/** Another member of the front, against the one in question. */
export interface Rival {
  readonly ask: number;
  /** How much more accurate it is, or how much more merit its score has; negative if less. */
  readonly gain: number;
  /** How much more it costs; negative if less. */
  readonly extraCost: number;
  readonly isWithinNoise: boolean;
}

export type Reason =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'same'; readonly as: number }
  /** Its training was stopped early. */
  | { readonly kind: 'stopped'; readonly epochs: number }
  /** Somebody is at least as accurate and costs no more. */
  | { readonly kind: 'dominated'; readonly rival: Rival }
  /** On the front, with its neighbours: the next cheaper and the next more accurate. */
  | { readonly kind: 'front'; readonly cheaper: Rival | null; readonly better: Rival | null };

export function reasonFor(view: RunView, candidate: Candidate): Reason {
  const objective = view.header?.config.objective ?? 'latency';
  if (candidate.result === null) {
    return { kind: 'waiting' };
  }
  if (candidate.result.failure !== undefined) {
    return { kind: 'failed' };
  }
  const place = view.front.findIndex(({ ask }) => ask === candidate.ask);
  const rival = (member: FrontMember | undefined): Rival | null =>
    member === undefined ? null : rivalOf(candidate, member, objective, view);
  if (place >= 0) {
    return { kind: 'front', cheaper: rival(view.front[place - 1]), better: rival(view.front[place + 1]) };
  }
  if (candidate.sameAs !== null) {
    return { kind: 'same', as: candidate.sameAs };
  }
  const epochs = stoppedAfter(view, candidate);
  if (epochs !== null) {
    return { kind: 'stopped', epochs };
  }
  const cost = costOn(objective, candidate.costs) ?? Number.POSITIVE_INFINITY;
  const worth = worthOf(candidate.result);
  const dominator = view.front.findLast((member) => member.cost <= cost && worthOf(member) >= worth);
  const strongest = rival(dominator ?? view.front.at(-1));
  return strongest === null ? { kind: 'waiting' } : { kind: 'dominated', rival: strongest };
}

function rivalOf(candidate: Candidate, member: FrontMember, objective: Objective, view: RunView): Rival {
  const worth = candidate.result === null ? 0 : worthOf(candidate.result);
  return {
    ask: member.ask,
    gain: worthOf(member) - worth,
    extraCost: member.cost - (costOn(objective, candidate.costs) ?? 0),
    isWithinNoise: member.score === undefined && isWithinNoise(worth, worthOf(member), view),
  };
}

/** The member of the front that the goal asks for: the most accurate one, the cheapest of equals. */
export function bestOf(front: readonly FrontMember[]): FrontMember | undefined {
  return front.reduce<FrontMember | undefined>(
    (best, member) => (best === undefined || worthOf(member) > worthOf(best) ? member : best),
    undefined,
  );
}
