/**
 * Units in words and figures.
 */
import type { Catalog } from '../i18n/en';
import type { NumberFormat } from '../format/numbers';
import type { Op } from '../protocol/generated/Op';
import { type Extent, extentOf, type Unit } from './network/unit';

/** The parts of a label, behind the unit's name: `conv 3×3 /2`, `24`, `SiLU`. */
export function unitLabel(name: string, unit: Unit, t: Catalog, format: NumberFormat): string[] {
  const size = sizeText(unit);
  return [
    size === '' ? name : `${name} ${size}`,
    ...(hasOwnChannels(unit) ? [String(unit.channels)] : []),
    ...settingsOf(unit, t, format),
    ...(unit.kind === 'activation' ? [] : activationNames([unit], t)),
  ];
}

/** `3×3`, or `3×3 /2` where it steps; a kernel that mixes sizes has them all. */
export function kernelText({ kernel, stride, operator }: Unit): string {
  const sizes = operator?.op === 'meta-conv2d' ? operator.sizes.join(', ') : kernel && extentText(kernel);
  return [sizes ?? '', strideText(stride)].filter((text) => text !== '').join(' ');
}

/** What stands right behind the name. A pool's stride is seen by the sizes beside the drawing. */
function sizeText(unit: Unit): string {
  const { kind, kernel, operator } = unit;
  if (kind === 'pool') {
    return kernel === null ? '' : extentText(kernel);
  }
  if (operator?.op === 'upsample' || operator?.op === 'downsample') {
    const factor = factorText(extentOf(operator.factor ?? 2));
    return operator.op === 'upsample' ? `×${factor}` : `/${factor}`;
  }
  return kernelText(unit);
}

/** Settings that are neither size nor channels. */
export function settingsOf({ kind, operator }: Unit, t: Catalog, format: NumberFormat): string[] {
  if (operator === null) {
    return [];
  }
  switch (operator.op) {
    case 'conv2d':
    case 'meta-conv2d': {
      const groups = operator.groups ?? 1;
      const dilation = extentOf(operator.dilation ?? 1);
      return [
        ...(kind === 'depthwise' && operator.op === 'meta-conv2d' ? [t.blocks.depthwise] : []),
        ...(kind === 'conv' && groups > 1 ? [t.parts.groups(groups)] : []),
        ...(isOne(dilation) ? [] : [t.parts.dilation(factorText(dilation))]),
      ];
    }
    case 'attention': {
      const patch = extentOf(operator.patch ?? 1);
      return [
        t.parts.heads(operator.heads ?? 1),
        ...(isOne(patch) ? [] : [t.parts.patch(extentText(patch))]),
      ];
    }
    case 'channel-shuffle':
      return [t.parts.groups(operator.groups)];
    case 'dropout':
      return [format.percent(operator.probability ?? 0.5, 0)];
    case 'batch-norm':
    case 'layer-norm':
    case 'relu':
    case 'relu6':
    case 'leaky-relu':
    case 'silu':
    case 'gelu':
    case 'hard-swish':
    case 'hard-sigmoid':
    case 'sigmoid':
    case 'tanh':
    case 'max-pool':
    case 'avg-pool':
    case 'global-avg-pool':
    case 'dense':
    case 'add':
    case 'multiply':
    case 'mixture':
    case 'concat':
    case 'upsample':
    case 'downsample':
    case 'zero':
    case 'identity':
      return [];
  }
}

/** Activations but for ReLU, which goes without saying; each once. */
export function activationNames(units: readonly Unit[], t: Catalog): string[] {
  const isNamed = (op: Op['op'] | null): op is Op['op'] => op !== null && op !== 'relu';
  return [...new Set(units.map(({ activation }) => activation).filter(isNamed))].map((op) => t.operators[op]);
}

function hasOwnChannels({ kind }: Unit): boolean {
  return ['input', 'conv', 'depthwise', 'dense', 'concat'].includes(kind);
}

function strideText(stride: Extent): string {
  return isOne(stride) ? '' : `/${factorText(stride)}`;
}

function factorText(extent: Extent): string {
  return extent.vertical === extent.horizontal ? String(extent.vertical) : extentText(extent);
}

function extentText({ vertical, horizontal }: Extent): string {
  return `${vertical}×${horizontal}`;
}

function isOne({ vertical, horizontal }: Extent): boolean {
  return vertical === 1 && horizontal === 1;
}
