import type { Layer } from '../protocol/generated/Layer';
import type { Network } from '../protocol/generated/Network';
import type { Op } from '../protocol/generated/Op';

/** A network written by hand: a layer without `inputs` reads the one before it. */
export const networkOf = (...layers: Layer[]): Network => ({ input: [4, 8, 8], layers });

export const layer = (name: string, op: Op, ...inputs: string[]): Layer =>
  inputs.length === 0 ? { name, ...op } : { name, inputs, ...op };

export const conv = (name: string, out_channels: number, kernel = 1, ...inputs: string[]): Layer =>
  layer(name, { op: 'conv2d', out_channels, kernel }, ...inputs);

export const depthwise = (name: string, channels: number, ...inputs: string[]): Layer =>
  layer(name, { op: 'conv2d', out_channels: channels, kernel: 3, groups: channels }, ...inputs);

/** The reference blocks of the field, each over 4 channels; all read `input` and end at a layer of their name. */
export const INVERTED_RESIDUAL: readonly Layer[] = [
  conv('expand', 16, 1, 'input'),
  layer('expand.norm', { op: 'batch-norm' }),
  layer('expand.act', { op: 'relu6' }),
  depthwise('depthwise', 16),
  layer('depthwise.norm', { op: 'batch-norm' }),
  layer('depthwise.act', { op: 'relu6' }),
  conv('project', 4),
  layer('inverted-residual', { op: 'batch-norm' }),
];

export const squeezeExcite = (features: string, channels: number): Layer[] => [
  layer('mean', { op: 'global-avg-pool' }, features),
  conv('squeeze', 2),
  layer('squeeze.act', { op: 'relu' }),
  conv('excite', channels),
  layer('gate', { op: 'hard-sigmoid' }),
  layer('squeeze-excite', { op: 'multiply' }, features, 'gate'),
];

export const TRANSFORMER: readonly Layer[] = [
  layer('attention.norm', { op: 'layer-norm' }, 'input'),
  conv('qkv', 12),
  layer('attention', { op: 'attention', heads: 2 }),
  conv('attention.project', 4),
  layer('attention.sum', { op: 'add' }, 'attention.project', 'input'),
  layer('mlp.norm', { op: 'layer-norm' }),
  conv('mlp.expand', 16),
  layer('mlp.act', { op: 'gelu' }),
  conv('mlp.project', 4),
  layer('transformer', { op: 'add' }, 'attention.sum', 'mlp.project'),
];
