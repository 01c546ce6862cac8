import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { Violation } from '../protocol/generated/Violation';
import { fakeEngine } from '../testing/fake-engine';
import { Experiment } from './experiment.svelte';
import { Starts } from './starts.svelte';

const FIT = [0, 1];
const OTHER = [1, 1];
const TOO_LARGE = [9, 9];
const NO_CANDIDATE = [7];

function starts(): { starts: Starts; experiment: Experiment } {
  const fake = fakeEngine(1);
  const example = fake.draw(fake.catalog.defaults, 1, 1)[0] as CandidateView;
  const violation: Violation = { constraint: 'ram', value: 2, limit: 1 };
  const engine: Engine = {
    ...fake,
    candidate: ({ space, start }, genes) => {
      // As the engine does: nothing can be priced for a configuration that starts from what it does not have.
      const has = (of: readonly number[]): boolean => space !== 'shrunk' || String(of) === String(FIT);
      if (!(start ?? []).every(has) || !has(genes)) throw new Error('start: gene is 1, it has 1 choices');
      if (String(genes) === String(NO_CANDIDATE)) throw new Error('1 values for 2 genes');
      return { ...example, violations: String(genes) === String(TOO_LARGE) ? [violation] : [] };
    },
    alike: (_, json) => ({ genes: JSON.parse(json) as number[], distance: 1.5 }),
  };
  const experiment = new Experiment(engine, () => undefined);
  return { starts: new Starts(engine, experiment), experiment };
}

describe('starting points', () => {
  it('are added once, and only what a search could propose', () => {
    const { starts: points, experiment } = starts();
    expect(points.list).toEqual([]);
    points.add([FIT, TOO_LARGE, NO_CANDIDATE]);
    expect(experiment.config.start).toEqual([FIT]);
    expect(points.addable([FIT, OTHER, TOO_LARGE])).toEqual([OTHER]);
    points.add([OTHER]);
    expect(points.list).toEqual([FIT, OTHER]);
    points.clear();
    expect(points.list).toEqual([]);
  });

  it('of a file are the candidate most like it, and how like it is', () => {
    const { starts: points } = starts();
    points.addAlike('own.json', JSON.stringify(FIT));
    expect(points.list).toEqual([FIT]);
    expect(points.note).toEqual({ kind: 'found', file: 'own.json', distance: 1.5, fits: true });
    points.clear();
    expect(points.note).toBeNull();
  });

  it('of a file are told as none where the candidate breaks a limit', () => {
    const { starts: points } = starts();
    points.addAlike('own.json', JSON.stringify(TOO_LARGE));
    expect(points.list).toEqual([]);
    expect(points.note).toEqual({ kind: 'found', file: 'own.json', distance: 1.5, fits: false });
  });

  it('are left out and told of where a changed configuration does not have them', () => {
    const { starts: points, experiment } = starts();
    points.add([FIT, OTHER]);
    points.change({ space: 'shrunk' });
    expect(experiment.config.space).toBe('shrunk');
    expect(points.list).toEqual([FIT]);
    expect(points.note).toEqual({ kind: 'left-out', count: 1 });
    points.change({ seed: 3 });
    expect(points.list).toEqual([FIT]);
  });
});
