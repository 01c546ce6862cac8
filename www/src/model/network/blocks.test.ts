import { describe, expect, it } from 'vitest';
import type { Layer } from '../../protocol/generated/Layer';
import type { Network } from '../../protocol/generated/Network';
import { fakeGenes, fakeNetwork, fakeRandom } from '../../testing/fake-space';
import { blocksOf } from './blocks';
import { unitsOf } from './units';

const network = (...layers: Layer[]): Network => ({ input: [4, 8, 8], layers });
const kinds = (...layers: Layer[]): string[] => blocksOf(network(...layers)).map(({ kind }) => kind);

const conv = (name: string, inputs: string[], kernel: number, channels = 8): Layer => ({
  name,
  inputs,
  op: 'conv2d',
  out_channels: channels,
  kernel,
});
const FIRE: Layer[] = [
  conv('s', ['input'], 1, 2),
  { name: 'sr', inputs: ['s'], op: 'relu' },
  conv('a', ['sr'], 1, 4),
  conv('b', ['sr'], 3, 6),
  { name: 'ar', inputs: ['a'], op: 'relu' },
  { name: 'cat', inputs: ['ar', 'b'], op: 'concat' },
];

describe('units', () => {
  it('merge a convolution with what belongs to it', () => {
    const units = unitsOf(
      network(
        conv('c', ['input'], 3),
        { name: 'n', inputs: ['c'], op: 'batch-norm' },
        { name: 'r', inputs: ['n'], op: 'relu' },
        { name: 'n2', inputs: ['r'], op: 'batch-norm' },
      ),
    );
    expect(units.map(({ kind, layers }) => [kind, layers])).toEqual([
      ['input', []],
      ['conv', ['c', 'n', 'r']],
      ['norm', ['n2']],
    ]);
  });

  it('do not merge over a fork', () => {
    const units = unitsOf(
      network(
        conv('c', ['input'], 3),
        { name: 'r', inputs: ['c'], op: 'relu' },
        { name: 'sum', inputs: ['c', 'r'], op: 'add' },
      ),
    );
    expect(units.map(({ kind }) => kind)).toEqual(['input', 'conv', 'activation', 'add']);
  });

  it('read the layer before when nothing else is said', () => {
    const units = unitsOf(
      network({ name: 'c', op: 'conv2d', out_channels: 8, kernel: 3 }, { name: 'r', op: 'relu' }),
    );
    expect(units.map(({ layers }) => layers)).toEqual([[], ['c', 'r']]);
  });
});

describe('blocks', () => {
  it('find a fire module by its structure', () => {
    const [, fire] = blocksOf(network(...FIRE));
    expect(fire).toMatchObject({ kind: 'fire', channels: 10, inputs: [0] });
    expect(fire?.layers).toEqual(['s', 'sr', 'a', 'ar', 'b', 'cat']);
  });

  it.each<[string, Layer[]]>([
    ['the squeeze is read elsewhere', [...FIRE, { name: 'x', inputs: ['cat', 'sr'], op: 'concat' }]],
    ['an expansion is read elsewhere', [...FIRE, { name: 'x', inputs: ['cat', 'b'], op: 'concat' }]],
    ['the squeeze is no 1×1', FIRE.map((layer) => (layer.name === 's' ? conv('s', ['input'], 3, 2) : layer))],
    [
      'an expansion reads something else',
      FIRE.map((layer) => (layer.name === 'b' ? conv('b', ['input'], 3, 6) : layer)),
    ],
  ])('are no fire module when %s', (_, layers) => {
    expect(kinds(...layers)).not.toContain('fire');
  });

  it('find a separable convolution, and none where the depthwise part is read elsewhere', () => {
    const depthwise: Layer = {
      name: 'd',
      inputs: ['input'],
      op: 'conv2d',
      out_channels: 4,
      kernel: 3,
      groups: 4,
    };
    expect(kinds(depthwise, conv('p', ['d'], 1))).toEqual(['input', 'separable']);
    expect(kinds(depthwise, conv('p', ['d'], 1), { name: 'cat', inputs: ['d', 'p'], op: 'concat' })).toEqual([
      'input',
      'depthwise',
      'conv',
      'concat',
    ]);
    expect(kinds(depthwise, conv('p', ['d'], 3))).toEqual(['input', 'depthwise', 'conv']);
  });

  it('keep a residual as an addition that reads an earlier block', () => {
    const blocks = blocksOf(
      network(conv('c', ['input'], 3, 4), conv('d', ['c'], 3, 4), {
        name: 'sum',
        inputs: ['d', 'c'],
        op: 'add',
      }),
    );
    expect(blocks.at(-1)).toMatchObject({ kind: 'add', inputs: [2, 1], channels: 4 });
  });

  it('hold every layer of any network exactly once, inputs before readers', () => {
    const random = fakeRandom(5);
    for (let draw = 0; draw < 300; draw += 1) {
      const drawn = fakeNetwork(fakeGenes(random));
      const blocks = blocksOf(drawn);
      expect(blocks.flatMap(({ layers }) => layers).sort()).toEqual(
        drawn.layers.map(({ name }) => name).sort(),
      );
      blocks.forEach(({ inputs }, index) => {
        expect(inputs.every((input) => input < index)).toBe(true);
      });
      expect(blocks.at(-1)?.kind).toBe('head');
    }
  });
});
