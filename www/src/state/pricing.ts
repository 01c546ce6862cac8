import type { Engine } from '../engine/engine';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { RunConfig } from '../protocol/generated/RunConfig';

/** Priced candidates kept at once; one has about 4 KB. */
const KEPT = 2000;

/** Decodes and prices candidates of one configuration, each once. */
export class Pricing {
  readonly #kept = new Map<string, CandidateView | null>();
  #config: RunConfig | null = null;

  constructor(private readonly engine: Engine) {}

  /** A candidate's network and costs; null if the configuration cannot have it. */
  price(config: RunConfig, genes: readonly number[]): CandidateView | null {
    if (config !== this.#config) {
      this.#config = config;
      this.#kept.clear();
    }
    const key = genes.join();
    const known = this.#kept.get(key);
    if (known !== undefined) {
      return known;
    }
    const view = this.#compute(config, genes);
    this.#kept.set(key, view);
    if (this.#kept.size > KEPT) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest ?? key);
    }
    return view;
  }

  #compute(config: RunConfig, genes: readonly number[]): CandidateView | null {
    try {
      return this.engine.candidate(config, genes);
    } catch {
      return null;
    }
  }
}
