import { describe, expect, it } from 'vitest';
import type { GeneView } from '../protocol/generated/GeneView';
import { FAKE_GENES } from '../testing/fake-space';
import { isActive, latticeOf } from './genes';

describe('a search space as a lattice', () => {
  it('has a row for each group of genes', () => {
    const rows = latticeOf(FAKE_GENES, null);
    expect(rows.map(({ label }) => label)).toEqual([
      'depth',
      'layer1',
      'layer2',
      'layer3',
      'layer4',
      'layer5',
      'layer6',
    ]);
    expect(rows[1]?.genes.map(({ role }) => role)).toEqual(['operator', 'width']);
    expect(rows.flatMap(({ genes }) => genes).every(({ chosen }) => chosen === null)).toBe(true);
  });

  it('has a path through the active genes only', () => {
    // Depth 2; a convolution of width index 3, then a pool, whose width does not matter.
    const genotype = [1, 1, 3, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const chosen = latticeOf(FAKE_GENES, genotype).map(({ genes }) => genes.map((gene) => gene.chosen));
    expect(chosen).toEqual([[1], [1, 3], [6, null], [null, null], [null, null], [null, null], [null, null]]);
  });

  it('follows conditions through several parents', () => {
    const genes: GeneView[] = [
      { id: 'a', choices: ['x', 'y'], parent: null, active_when: [] },
      { id: 'b', choices: ['x', 'y'], parent: 0, active_when: [1] },
      { id: 'c', choices: ['x', 'y'], parent: 1, active_when: [0] },
    ];
    expect(isActive(genes, [1, 0, 0], 2)).toBe(true);
    expect(isActive(genes, [0, 0, 0], 2)).toBe(false);
    expect(isActive(genes, [1, 1, 0], 2)).toBe(false);
  });
});
