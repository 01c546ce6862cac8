import { describe, expect, it } from 'vitest';
import { NumberFormat } from '../format/numbers';
import { en } from '../i18n/en';
import { es } from '../i18n/es';
import type { Layer } from '../protocol/generated/Layer';
import type { Op } from '../protocol/generated/Op';
import { conv, INVERTED_RESIDUAL, layer, networkOf, squeezeExcite, TRANSFORMER } from '../testing/layers';
import { blockLabel, operatorName } from './block-label';
import { networkWords } from './describe';
import { blocksOf } from './network/blocks';

function labels(...layers: Layer[]): string[] {
  const block = blocksOf(networkOf(...layers)).at(-1);
  if (block === undefined) throw new Error('no block');
  return [
    blockLabel(block, null, en, new NumberFormat('en')).join(' · '),
    blockLabel(block, null, es, new NumberFormat('es')).join(' · '),
  ];
}

describe('operators of a search space', () => {
  it.each([
    ['conv3x3', en, 'conv 3×3'],
    ['separable3x3', es, 'separable 3×3'],
    ['inverted-residual5x5', es, 'residual invertido 5×5'],
    ['batch-norm', es, 'norma de lote'],
    ['avg-pool', es, 'pool medio'],
    ['fire', en, 'fire'],
    ['skip2x', en, 'skip2x'],
  ])('%s', (id, t, expected) => {
    expect(operatorName(id, t)).toBe(expected);
  });
});

describe('the label of an operator', () => {
  it.each<[Op, string, string]>([
    [{ op: 'conv2d', out_channels: 8, kernel: 3, stride: 2 }, 'conv 3×3 /2 · 8', 'conv 3×3 /2 · 8'],
    [
      { op: 'conv2d', out_channels: 8, kernel: [1, 5], stride: [1, 2] },
      'conv 1×5 /1×2 · 8',
      'conv 1×5 /1×2 · 8',
    ],
    [
      { op: 'conv2d', out_channels: 6, kernel: 3, groups: 2, dilation: 2 },
      'conv 3×3 · 6 · 2 groups · dilation 2',
      'conv 3×3 · 6 · 2 grupos · dilatación 2',
    ],
    [{ op: 'conv2d', out_channels: 12, kernel: 3, groups: 12 }, 'depthwise 3×3 · 12', 'por canal 3×3 · 12'],
    [{ op: 'meta-conv2d', out_channels: 8, sizes: [3, 5] }, 'meta-conv 3, 5 · 8', 'meta-conv 3, 5 · 8'],
    [
      { op: 'meta-conv2d', out_channels: 12, sizes: [3, 5], groups: 12 },
      'meta-conv 3, 5 · 12 · depthwise',
      'meta-conv 3, 5 · 12 · por canal',
    ],
    [{ op: 'attention' }, 'attention · 1 head', 'atención · 1 cabeza'],
    [
      { op: 'attention', heads: 2, patch: 2 },
      'attention · 2 heads · patch 2×2',
      'atención · 2 cabezas · parche 2×2',
    ],
    [{ op: 'channel-shuffle', groups: 3 }, 'channel shuffle · 3 groups', 'barajado de canales · 3 grupos'],
    [{ op: 'upsample' }, 'upsample ×2', 'sobremuestreo ×2'],
    [{ op: 'downsample', factor: [2, 1] }, 'downsample /2×1', 'submuestreo /2×1'],
    [{ op: 'dropout', probability: 0.2 }, 'dropout · 20%', 'dropout · 20\u00a0%'],
    [{ op: 'zero', stride: 2 }, 'zero /2', 'cero /2'],
    [{ op: 'layer-norm' }, 'layer norm', 'norma de capa'],
    [{ op: 'max-pool', kernel: 2 }, 'max pool 2×2', 'pool máx 2×2'],
    [{ op: 'hard-swish' }, 'hard-swish', 'swish dura'],
  ])('%j', (op, english, spanish) => {
    const before = [
      conv('c', 12),
      layer('a', { op: 'relu' }),
      layer('b', { op: 'identity' }),
      layer('d', { op: 'tanh' }),
    ];
    expect(labels(...before, layer('x', op))).toEqual([english, spanish]);
  });

  it('names an activation that is not ReLU', () => {
    expect(labels(conv('c', 8, 3), layer('a', { op: 'relu' }))[0]).toBe('conv 3×3 · 8');
    expect(labels(conv('c', 8, 3), layer('a', { op: 'sigmoid' }))).toEqual([
      'conv 3×3 · 8 · sigmoid',
      'conv 3×3 · 8 · sigmoide',
    ]);
  });
});

describe('the label of a block', () => {
  it.each<[string, readonly Layer[], string, string]>([
    [
      'inverted residual',
      INVERTED_RESIDUAL,
      'inverted residual · 3×3 · 16 → 4 · ReLU6',
      'residual invertido · 3×3 · 16 → 4 · ReLU6',
    ],
    [
      'squeeze-excite',
      squeezeExcite('input', 4),
      'squeeze-excite · 4 → 2 · hard sigmoid',
      'compresión y excitación · 4 → 2 · sigmoide dura',
    ],
    [
      'transformer',
      TRANSFORMER,
      'transformer · 2 heads · MLP 16 · GELU',
      'transformer · 2 cabezas · MLP 16 · GELU',
    ],
  ])('%s', (_, layers, english, spanish) => {
    expect(labels(...layers)).toEqual([english, spanish]);
  });

  it('is its name alone in a row of words', () => {
    const blocks = blocksOf(networkOf(conv('stem', 4, 3), ...squeezeExcite('stem', 4)));
    expect(networkWords(blocks, es)).toBe('conv 3×3 · compresión y excitación');
  });
});
