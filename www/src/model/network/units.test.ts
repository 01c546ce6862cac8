import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../protocol/generated/Layer';
import type { Op } from '../../protocol/generated/Op';
import { conv, depthwise, layer, networkOf } from '../../testing/layers';
import { blocksOf } from './blocks';
import { unitsOf } from './units';

const ACTIVATIONS = [
  'relu',
  'relu6',
  'leaky-relu',
  'silu',
  'gelu',
  'hard-swish',
  'hard-sigmoid',
  'sigmoid',
  'tanh',
] as const;
const newest = (...layers: Layer[]) => unitsOf(networkOf(...layers)).at(-1);

describe('a unit', () => {
  it.each(ACTIVATIONS)('takes in %s', (op) => {
    const [, unit, ...more] = unitsOf(
      networkOf(conv('c', 8), layer('n', { op: 'layer-norm' }), layer('a', { op })),
    );
    expect(more).toEqual([]);
    expect(unit).toMatchObject({ kind: 'conv', layers: ['c', 'n', 'a'], isNormalized: true, activation: op });
  });

  it('takes in one activation only, and none of the input', () => {
    const units = unitsOf(networkOf(layer('a', { op: 'tanh' }), layer('b', { op: 'sigmoid' })));
    expect(units.map(({ kind }) => kind)).toEqual(['input', 'activation', 'activation']);
  });

  it.each<[Op, string, number]>([
    [{ op: 'meta-conv2d', out_channels: 8, sizes: [3, 5] }, 'conv', 8],
    [{ op: 'meta-conv2d', out_channels: 12, sizes: [3, 5], groups: 12 }, 'depthwise', 12],
    [{ op: 'conv2d', out_channels: 6, kernel: 3, groups: 6 }, 'conv', 6],
    [{ op: 'conv2d', out_channels: 24, kernel: 3, groups: 12 }, 'depthwise', 24],
    [{ op: 'attention', heads: 2 }, 'attention', 4],
    [{ op: 'upsample' }, 'resample', 12],
    [{ op: 'downsample', factor: [2, 1] }, 'resample', 12],
    [{ op: 'channel-shuffle', groups: 3 }, 'shuffle', 12],
    [{ op: 'dropout' }, 'dropout', 12],
    [{ op: 'zero', stride: 2 }, 'zero', 12],
    [{ op: 'layer-norm' }, 'norm', 12],
    [{ op: 'mixture' }, 'mixture', 12],
  ])('of %j on 12 channels is %s with %i channels', (op, kind, channels) => {
    expect(
      newest(depthwise('wide', 4), conv('c', 12), layer('a', { op: 'relu' }), layer('x', op)),
    ).toMatchObject({
      kind,
      channels,
    });
  });
});

it('every layer of any graph is in exactly one block, inputs before readers', () => {
  const ops: Op[] = [
    { op: 'conv2d', out_channels: 4, kernel: 1 },
    { op: 'conv2d', out_channels: 8, kernel: 1 },
    { op: 'conv2d', out_channels: 4, kernel: 3, groups: 4 },
    { op: 'layer-norm' },
    { op: 'attention' },
    { op: 'relu' },
    { op: 'sigmoid' },
    { op: 'global-avg-pool' },
    { op: 'add' },
    { op: 'multiply' },
    { op: 'concat' },
  ];
  const drawn = fc.record({ op: fc.constantFrom(...ops), back: fc.tuple(fc.nat(2), fc.nat(4)) });
  fc.assert(
    fc.property(fc.array(drawn, { minLength: 1, maxLength: 24 }), (draws) => {
      const nameOf = (place: number): string => (place < 0 ? 'input' : `l${place}`);
      const layers = draws.map(({ op, back }, place) => {
        const takesTwo = op.op === 'add' || op.op === 'multiply' || op.op === 'concat';
        const inputs = back.slice(0, takesTwo ? 2 : 1).map((steps) => nameOf(place - 1 - steps));
        return layer(nameOf(place), op, ...inputs);
      });
      const blocks = blocksOf(networkOf(...layers));
      expect(blocks.flatMap((block) => block.layers).sort()).toEqual(layers.map(({ name }) => name).sort());
      blocks.forEach(({ inputs }, index) => {
        expect(inputs.every((input) => input < index)).toBe(true);
      });
    }),
  );
});
