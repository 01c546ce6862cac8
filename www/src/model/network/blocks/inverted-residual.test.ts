import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../protocol/generated/Layer';
import { conv, depthwise, INVERTED_RESIDUAL, layer, networkOf, squeezeExcite } from '../../../testing/layers';
import { blocksOf, hasShortcut } from '../blocks';

const kinds = (...layers: Layer[]): string[] => blocksOf(networkOf(...layers)).map(({ kind }) => kind);
const SUM = layer('sum', { op: 'add' }, 'inverted-residual', 'input');

describe('an inverted residual', () => {
  it('is expand, depthwise, linear projection', () => {
    const [, block, ...more] = blocksOf(networkOf(...INVERTED_RESIDUAL));
    expect(more).toEqual([]);
    expect(block).toMatchObject({
      kind: 'inverted-residual',
      inputs: [0],
      channels: 4,
      expand: { channels: 16, activation: 'relu6' },
      hasSqueezeExcite: false,
      hasShortcut: false,
    });
    expect(block?.layers).toEqual(INVERTED_RESIDUAL.map(({ name }) => name));
  });

  it.each([
    ['behind', SUM],
    ['before', layer('sum', { op: 'add' }, 'input', 'inverted-residual')],
  ])('holds the addition of its input %s', (_, sum) => {
    const blocks = blocksOf(networkOf(...INVERTED_RESIDUAL, sum));
    expect(blocks.map(({ kind }) => kind)).toEqual(['input', 'inverted-residual']);
    expect(blocks[1]).toMatchObject({ inputs: [0], hasShortcut: true });
    expect(blocks.map(hasShortcut)).toEqual([false, true]);
  });

  it('holds a squeeze-excite before the projection (MobileNetV3)', () => {
    const [front, behind] = [INVERTED_RESIDUAL.slice(0, 6), INVERTED_RESIDUAL.slice(6)];
    const blocks = blocksOf(networkOf(...front, ...squeezeExcite('depthwise.act', 16), ...behind, SUM));
    expect(blocks.map(({ kind }) => kind)).toEqual(['input', 'inverted-residual']);
    expect(blocks[1]).toMatchObject({ hasSqueezeExcite: true, hasShortcut: true });
    expect(blocks[1]?.layers).toHaveLength(15);
  });

  it('stays apart from an addition of something else', () => {
    const stem = conv('stem', 4, 3, 'input');
    const block = INVERTED_RESIDUAL.map((each) =>
      each.name === 'expand' ? conv('expand', 16, 1, 'stem') : each,
    );
    expect(kinds(stem, ...block, SUM)).toEqual(['input', 'conv', 'inverted-residual', 'add']);
  });

  it.each<[string, string, Layer[]]>([
    [
      'the projection has an activation (MobileNetV1)',
      'conv separable',
      [...INVERTED_RESIDUAL, layer('act', { op: 'relu' })],
    ],
    [
      'nothing is expanded',
      'conv separable',
      [conv('expand', 4, 1, 'input'), depthwise('depthwise', 4), conv('project', 4)],
    ],
    [
      'the middle is read elsewhere',
      'conv separable add',
      [
        ...INVERTED_RESIDUAL,
        conv('more', 4, 1, 'expand.act'),
        layer('sum', { op: 'add' }, 'more', 'inverted-residual'),
      ],
    ],
    [
      'the 1×1 convolution belongs to a separable one (Xception)',
      'separable separable',
      [
        depthwise('before', 4, 'input'),
        ...INVERTED_RESIDUAL.map((each) => (each.name === 'expand' ? conv('expand', 16) : each)),
      ],
    ],
  ])('is none where %s', (_, expected, layers) => {
    const found = kinds(...layers);
    expect(found).not.toContain('inverted-residual');
    for (const kind of expected.split(' ')) expect(found).toContain(kind);
  });
});
