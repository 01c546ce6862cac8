import type { Selection } from '../model/candidates';
import { bestOf } from '../model/reason';
import type { RunView } from '../model/run-view';

/** Which candidate is looked at: the one that was picked, or else the best of the front as it changes. */
export class Choice {
  #picked = $state.raw<Selection | null>(null);
  readonly current = $derived.by(() => this.#picked ?? this.#best());

  constructor(private readonly view: () => RunView) {}

  /** Whether the best one is followed. */
  get isFollowing(): boolean {
    return this.#picked === null;
  }

  /** Number of the ask that is selected; null for a rejected draw or nothing. */
  get ask(): number | null {
    return this.current?.kind === 'candidate' ? this.current.ask : null;
  }

  pick(selection: Selection): void {
    this.#picked = selection;
  }

  follow(): void {
    this.#picked = null;
  }

  #best(): Selection | null {
    const best = bestOf(this.view().front);
    return best === undefined ? null : { kind: 'candidate', ask: best.ask };
  }
}
