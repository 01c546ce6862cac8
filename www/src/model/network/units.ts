/**
 * A network's layers gathered into units: a convolution with the normalisation and the activation behind it
 * is one thing to a reader.
 */
import type { Layer } from '../../protocol/generated/Layer';
import type { Network } from '../../protocol/generated/Network';
import type { Pair } from '../../protocol/generated/Pair';

export type UnitKind =
  'input' | 'conv' | 'depthwise' | 'dense' | 'norm' | 'relu' | 'pool' | 'add' | 'concat' | 'identity';

export interface Unit {
  readonly kind: UnitKind;
  /** Names of the layers it stands for, in order; empty for the input. */
  readonly layers: readonly string[];
  /** Indices of the units it reads. */
  readonly inputs: readonly number[];
  /** Channels of its output. */
  readonly channels: number;
  readonly kernel: Kernel | null;
  readonly stride: number;
  /** Its operator as the network format names it. */
  readonly op: Layer['op'] | 'input';
  readonly isNormalized: boolean;
  readonly isActivated: boolean;
}

export interface Kernel {
  readonly vertical: number;
  readonly horizontal: number;
}

const INPUT_NAME = 'input';

/** The units in the order of the layers; unit 0 is the input. */
export function unitsOf(network: Network): Unit[] {
  const readers = readerCounts(network);
  const units: Unit[] = [inputUnit(network)];
  const unitOfLayer = new Map<string, number>([[INPUT_NAME, 0]]);
  network.layers.forEach((layer, place) => {
    const inputs = inputsOf(network, place).map((name) => unitOfLayer.get(name) ?? 0);
    const target = inputs[0] ?? 0;
    const before = units[target];
    const newest = before?.layers.at(-1);
    if (before !== undefined && newest !== undefined && readers.get(newest) === 1 && canJoin(before, layer)) {
      units[target] = joined(before, layer);
      unitOfLayer.set(layer.name, target);
      return;
    }
    unitOfLayer.set(layer.name, units.length);
    units.push(unitOf(layer, inputs, units));
  });
  return units;
}

/** Names that a layer reads; without any it reads the layer before it. */
function inputsOf(network: Network, place: number): readonly string[] {
  const layer = network.layers[place];
  return layer?.inputs ?? [network.layers[place - 1]?.name ?? INPUT_NAME];
}

function readerCounts(network: Network): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  network.layers.forEach((_, place) => {
    for (const name of inputsOf(network, place)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  });
  return counts;
}

/** A normalisation joins what has weights; an activation joins anything that has none yet. */
function canJoin(unit: Unit, layer: Layer): boolean {
  const hasWeights = unit.kind === 'conv' || unit.kind === 'depthwise' || unit.kind === 'dense';
  if (layer.op === 'batch-norm') {
    return hasWeights && !unit.isNormalized && !unit.isActivated;
  }
  return layer.op === 'relu' && unit.kind !== 'input' && unit.kind !== 'relu' && !unit.isActivated;
}

function joined(unit: Unit, layer: Layer): Unit {
  return {
    ...unit,
    layers: [...unit.layers, layer.name],
    isNormalized: unit.isNormalized || layer.op === 'batch-norm',
    isActivated: unit.isActivated || layer.op === 'relu',
  };
}

function inputUnit(network: Network): Unit {
  return {
    kind: 'input',
    layers: [],
    inputs: [],
    channels: network.input[0],
    kernel: null,
    stride: 1,
    op: 'input',
    isNormalized: false,
    isActivated: false,
  };
}

function unitOf(layer: Layer, inputs: readonly number[], units: readonly Unit[]): Unit {
  const channelsRead = inputs.map((input) => units[input]?.channels ?? 0);
  const plain = {
    kind: kindOf(layer),
    layers: [layer.name],
    inputs,
    channels: channelsRead[0] ?? 0,
    kernel: null,
    stride: 1,
    op: layer.op,
    isNormalized: layer.op === 'batch-norm',
    isActivated: layer.op === 'relu',
  } satisfies Unit;
  switch (layer.op) {
    case 'conv2d':
      return {
        ...plain,
        channels: layer.out_channels,
        kernel: kernelOf(layer.kernel),
        stride: kernelOf(layer.stride ?? 1).vertical,
      };
    case 'max-pool':
    case 'avg-pool':
      return {
        ...plain,
        kernel: kernelOf(layer.kernel),
        stride: kernelOf(layer.stride ?? layer.kernel).vertical,
      };
    case 'dense':
      return { ...plain, channels: layer.out_features };
    case 'concat':
      return { ...plain, channels: channelsRead.reduce((sum, channels) => sum + channels, 0) };
    case 'batch-norm':
    case 'relu':
    case 'global-avg-pool':
    case 'add':
    case 'identity':
      return plain;
  }
}

function kindOf(layer: Layer): UnitKind {
  switch (layer.op) {
    case 'conv2d': {
      const groups = layer.groups ?? 1;
      return groups > 1 && groups === layer.out_channels ? 'depthwise' : 'conv';
    }
    case 'batch-norm':
      return 'norm';
    case 'max-pool':
    case 'avg-pool':
    case 'global-avg-pool':
      return 'pool';
    case 'relu':
    case 'dense':
    case 'add':
    case 'concat':
    case 'identity':
      return layer.op;
  }
}

function kernelOf(pair: Pair): Kernel {
  return typeof pair === 'number'
    ? { vertical: pair, horizontal: pair }
    : { vertical: pair[0], horizontal: pair[1] };
}
