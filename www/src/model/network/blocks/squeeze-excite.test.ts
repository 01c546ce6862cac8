import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../protocol/generated/Layer';
import { conv, layer, networkOf, squeezeExcite } from '../../../testing/layers';
import { blocksOf } from '../blocks';

const FEATURES = conv('features', 8, 3, 'input');
const kinds = (...layers: Layer[]): string[] => blocksOf(networkOf(...layers)).map(({ kind }) => kind);
const swapped = (name: string, by: Layer): Layer[] =>
  squeezeExcite('features', 8).map((each) => (each.name === name ? by : each));

describe('a squeeze-excite', () => {
  it('scales the channels by their means', () => {
    const blocks = blocksOf(networkOf(FEATURES, ...squeezeExcite('features', 8)));
    expect(blocks.map(({ kind }) => kind)).toEqual(['input', 'conv', 'squeeze-excite']);
    expect(blocks[2]).toMatchObject({
      inputs: [1],
      channels: 8,
      squeeze: { channels: 2, activation: 'relu' },
      excite: { channels: 8, activation: 'hard-sigmoid' },
    });
    expect(blocks[2]?.layers.at(-1)).toBe('squeeze-excite');
  });

  it.each<[string, Layer[]]>([
    ['a sigmoid as gate', swapped('gate', layer('gate', { op: 'sigmoid' }))],
    ['dense layers', swapped('excite', layer('excite', { op: 'dense', out_features: 8 }))],
    ['another activation', swapped('squeeze.act', layer('squeeze.act', { op: 'silu' }))],
  ])('may have %s', (_, layers) => {
    expect(kinds(FEATURES, ...layers)).toEqual(['input', 'conv', 'squeeze-excite']);
  });

  it.each<[string, Layer[]]>([
    ['the gate may exceed 1', swapped('gate', layer('gate', { op: 'relu' }))],
    [
      'something else is scaled',
      swapped('squeeze-excite', layer('scaled', { op: 'multiply' }, 'input', 'gate')),
    ],
    [
      'means are read elsewhere',
      [...squeezeExcite('features', 8), layer('sum', { op: 'add' }, 'mean', 'gate')],
    ],
    ['it adds', swapped('squeeze-excite', layer('sum', { op: 'add' }, 'features', 'gate'))],
  ])('is none where %s', (_, layers) => {
    expect(kinds(FEATURES, ...layers)).not.toContain('squeeze-excite');
  });
});
