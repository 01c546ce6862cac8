/**
 * One thing to a reader: an operator, with the normalisation and the activation behind it.
 */
import type { Layer } from '../../protocol/generated/Layer';
import type { Op } from '../../protocol/generated/Op';
import type { Pair } from '../../protocol/generated/Pair';

export type UnitKind =
  | 'input'
  | 'conv'
  | 'depthwise'
  | 'dense'
  | 'norm'
  | 'activation'
  | 'attention'
  | 'pool'
  | 'add'
  | 'multiply'
  | 'mixture'
  | 'concat'
  | 'shuffle'
  | 'resample'
  | 'dropout'
  | 'zero'
  | 'identity';

export interface Unit {
  readonly kind: UnitKind;
  /** Names of the layers it stands for, in order; empty for the input. */
  readonly layers: readonly string[];
  /** Indices of the units it reads. */
  readonly inputs: readonly number[];
  /** Channels of its output. */
  readonly channels: number;
  readonly kernel: Extent | null;
  readonly stride: Extent;
  /** The operator that it begins with, and its settings; null for the input. */
  readonly operator: Op | null;
  readonly isNormalized: boolean;
  readonly activation: Op['op'] | null;
}

export interface Extent {
  readonly vertical: number;
  readonly horizontal: number;
}

const ONE: Extent = { vertical: 1, horizontal: 1 };

/** The network's input, which all others come from. */
export function inputUnit(channels: number): Unit {
  return {
    kind: 'input',
    layers: [],
    inputs: [],
    channels,
    kernel: null,
    stride: ONE,
    operator: null,
    isNormalized: false,
    activation: null,
  };
}

/** A layer on its own. */
export function unitOf(layer: Layer, inputs: readonly number[], channelsRead: readonly number[]): Unit {
  const traits = traitsOf(layer, channelsRead);
  return {
    layers: [layer.name],
    inputs,
    channels: channelsRead[0] ?? 0,
    kernel: null,
    stride: ONE,
    operator: layer,
    isNormalized: traits.kind === 'norm',
    activation: traits.kind === 'activation' ? layer.op : null,
    ...traits,
  };
}

export function extentOf(pair: Pair): Extent {
  return typeof pair === 'number'
    ? { vertical: pair, horizontal: pair }
    : { vertical: pair[0], horizontal: pair[1] };
}

type Traits = Pick<Unit, 'kind'> & Partial<Pick<Unit, 'channels' | 'kernel' | 'stride'>>;

function traitsOf(operator: Op, channelsRead: readonly number[]): Traits {
  const channels = channelsRead[0] ?? 0;
  switch (operator.op) {
    case 'conv2d':
    case 'meta-conv2d': {
      const groups = operator.groups ?? 1;
      return {
        kind: groups > 1 && groups === channels ? 'depthwise' : 'conv',
        channels: operator.out_channels,
        kernel: extentOf(operator.op === 'conv2d' ? operator.kernel : (operator.sizes.at(-1) ?? 1)),
        stride: extentOf(operator.stride ?? 1),
      };
    }
    case 'dense':
      return { kind: 'dense', channels: operator.out_features };
    case 'batch-norm':
    case 'layer-norm':
      return { kind: 'norm' };
    case 'relu':
    case 'relu6':
    case 'leaky-relu':
    case 'silu':
    case 'gelu':
    case 'hard-swish':
    case 'hard-sigmoid':
    case 'sigmoid':
    case 'tanh':
      return { kind: 'activation' };
    case 'attention':
      return { kind: 'attention', channels: channels / 3 };
    case 'max-pool':
    case 'avg-pool':
      return {
        kind: 'pool',
        kernel: extentOf(operator.kernel),
        stride: extentOf(operator.stride ?? operator.kernel),
      };
    case 'global-avg-pool':
      return { kind: 'pool' };
    case 'concat':
      return { kind: 'concat', channels: channelsRead.reduce((sum, each) => sum + each, 0) };
    case 'channel-shuffle':
      return { kind: 'shuffle' };
    case 'upsample':
    case 'downsample':
      return { kind: 'resample' };
    case 'zero':
      return { kind: 'zero', stride: extentOf(operator.stride ?? 1) };
    case 'add':
    case 'multiply':
    case 'mixture':
    case 'dropout':
    case 'identity':
      return { kind: operator.op };
  }
}
