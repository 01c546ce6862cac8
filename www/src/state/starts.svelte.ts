import type { Engine } from '../engine/engine';
import type { Looked } from '../model/looked';
import type { ConfigPatch } from '../model/patch';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { Experiment } from './experiment.svelte';

type Genes = readonly number[];

/** What is to be told of the newest change of the starting points. */
export type StartNote =
  /** The candidate that is most like a file's network, at an edit distance; 0 for the same network. */
  | { readonly kind: 'found'; readonly file: string; readonly distance: number; readonly fits: boolean }
  /** So many were left out: with the changed configuration they are other networks, none, or break a limit. */
  | { readonly kind: 'left-out'; readonly count: number };

/** Candidates that the next search starts from. */
export class Starts {
  #note = $state.raw<StartNote | null>(null);

  constructor(
    private readonly engine: Engine,
    private readonly experiment: Experiment,
  ) {}

  readonly list = $derived.by((): readonly Genes[] => this.experiment.config.start ?? []);

  get note(): StartNote | null {
    return this.#note;
  }

  /** Those that a search could start from besides. */
  addable(candidates: readonly Genes[]): readonly Genes[] {
    const known = this.list.map(String);
    return candidates.filter((genes) => !known.includes(String(genes)) && this.#fits(genes));
  }

  /** Whether a search could start from the network that is looked at, or from what is like it. */
  canAdd(looked: Looked): boolean {
    return looked.kind === 'file' || this.addable([looked.priced.genes]).length > 0;
  }

  /** Adds candidates to what the next search starts from. */
  add(candidates: readonly Genes[]): void {
    this.#note = null;
    this.#keep([...this.list, ...this.addable(candidates)]);
  }

  /** Adds the candidate that is most like the network of a file. */
  addAlike(file: string, json: string): void {
    const { genes, distance } = this.engine.alike(this.experiment.config, json);
    this.add([genes]);
    this.#note = { kind: 'found', file, distance, fits: this.#fits(genes) };
  }

  clear(): void {
    this.dismissNote();
    this.#keep([]);
  }

  dismissNote(): void {
    this.#note = null;
  }

  /** Changes the configuration, and leaves out those that are other networks in it, or none that a search could propose. */
  change(patch: ConfigPatch): void {
    const starts = this.list;
    const names = starts.map((genes) => this.#candidate(genes)?.name);
    this.#note = null;
    this.experiment.update({ ...patch, start: undefined });
    if (starts.length === 0) return;
    const fitting = starts.filter(
      (genes, index) => this.#fits(genes) && this.#candidate(genes)?.name === names[index],
    );
    if (fitting.length > 0) this.#keep(fitting);
    const count = starts.length - fitting.length;
    if (count > 0) this.#note = { kind: 'left-out', count };
  }

  #keep(candidates: readonly Genes[]): void {
    const start = candidates.map((genes) => [...genes]);
    this.experiment.update({ start: start.length > 0 ? start : undefined });
  }

  /** Whether it is a candidate of the space as it is now, within the limits. */
  #fits(genes: Genes): boolean {
    return this.#candidate(genes)?.violations.length === 0;
  }

  #candidate(genes: Genes): CandidateView | null {
    try {
      return this.engine.candidate(this.experiment.config, genes);
    } catch {
      return null;
    }
  }
}
