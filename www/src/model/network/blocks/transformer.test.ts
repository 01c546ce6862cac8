import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../protocol/generated/Layer';
import { conv, layer, networkOf, TRANSFORMER } from '../../../testing/layers';
import { blocksOf, hasShortcut } from '../blocks';

const kinds = (...layers: Layer[]): string[] => blocksOf(networkOf(...layers)).map(({ kind }) => kind);
const swapped = (name: string, by: Layer): Layer[] =>
  TRANSFORMER.map((each) => (each.name === name ? by : each));

describe('a transformer block', () => {
  it('is attention and a perceptron, each normalised first and added to what it reads', () => {
    const [, block, ...more] = blocksOf(networkOf(...TRANSFORMER));
    expect(more).toEqual([]);
    expect(block).toMatchObject({
      kind: 'transformer',
      inputs: [0],
      channels: 4,
      attention: { kind: 'attention', channels: 4 },
      expand: { channels: 16, activation: 'gelu' },
    });
    expect(block?.layers).toEqual(TRANSFORMER.map(({ name }) => name));
    expect(block && hasShortcut(block)).toBe(true);
  });

  it('follows another', () => {
    const second = TRANSFORMER.map((each): Layer => {
      const inputs = each.inputs?.map((name) => (name === 'input' ? 'transformer' : `2.${name}`));
      return { ...each, name: `2.${each.name}`, ...(inputs === undefined ? {} : { inputs }) };
    });
    expect(kinds(...TRANSFORMER, ...second)).toEqual(['input', 'transformer', 'transformer']);
  });

  it.each<[string, Layer[]]>([
    ['the first shortcut is missing', swapped('attention.sum', layer('attention.sum', { op: 'identity' }))],
    [
      'the second shortcut skips both parts',
      swapped('transformer', layer('transformer', { op: 'add' }, 'mlp.project', 'input')),
    ],
    ['the perceptron is linear', TRANSFORMER.filter(({ name }) => name !== 'mlp.act')],
    ['batches are normalised', swapped('mlp.norm', layer('mlp.norm', { op: 'batch-norm' }))],
    ['a part is read elsewhere', [...TRANSFORMER, layer('more', { op: 'concat' }, 'qkv', 'transformer')]],
    ['it mixes neighbours', swapped('mlp.expand', conv('mlp.expand', 16, 3))],
  ])('is drawn layer by layer where %s', (_, layers) => {
    const found = kinds(...layers);
    expect(found).not.toContain('transformer');
    expect(found).toContain('attention');
  });
});
