/**
 * Units gathered into the blocks that people have names for, found by their structure alone: layer names and
 * genes play no part, so that a network from anywhere is drawn as what it is.
 */
import type { Network } from '../../protocol/generated/Network';
import { type Unit, type UnitKind, unitsOf } from './units';

interface BlockBase {
  /** Indices of the blocks it reads, in the order of the operator's inputs. */
  readonly inputs: readonly number[];
  /** Names of all layers in it. */
  readonly layers: readonly string[];
  /** Channels of its output. */
  readonly channels: number;
}

/** Squeeze 1×1, expansions side by side, concatenation (Iandola et al. 2016, "SqueezeNet"). */
export interface FireBlock extends BlockBase {
  readonly kind: 'fire';
  readonly squeeze: Unit;
  readonly expands: readonly Unit[];
}

/** Depthwise convolution, then pointwise (Howard et al. 2017, "MobileNets"). */
export interface SeparableBlock extends BlockBase {
  readonly kind: 'separable';
  readonly depthwise: Unit;
  readonly pointwise: Unit;
}

/** The mean of each channel, then the classifier. */
export interface HeadBlock extends BlockBase {
  readonly kind: 'head';
  readonly dense: Unit;
}

/** A unit on its own. */
export interface PlainBlock extends BlockBase {
  readonly kind: UnitKind;
  readonly unit: Unit;
}

export type Block = FireBlock | SeparableBlock | HeadBlock | PlainBlock;
export type BlockKind = Block['kind'];

export function isPlain(block: Block): block is PlainBlock {
  return 'unit' in block;
}

/** The blocks of a network, inputs before their readers; block 0 is the input. */
export function blocksOf(network: Network): Block[] {
  const units = unitsOf(network);
  const groups = groupsOf(units);
  const blockOfUnit = new Map<number, number>();
  const blocks: Block[] = [];
  units.forEach((unit, index) => {
    const group = groups.get(index);
    if (group === 'inner') {
      return;
    }
    const place = blocks.length;
    const members = group?.members ?? [index];
    for (const member of members) {
      blockOfUnit.set(member, place);
    }
    const first = units[members[0] ?? index] ?? unit;
    const base: BlockBase = {
      inputs: first.inputs.map((input) => blockOfUnit.get(input) ?? 0),
      layers: members.flatMap((member) => units[member]?.layers ?? []),
      channels: unit.channels,
    };
    blocks.push(group === undefined ? { ...base, kind: unit.kind, unit } : group.make(base));
  });
  return blocks;
}

/** A group is known at its last unit; the others are `inner` and belong to it. */
interface Group {
  readonly members: readonly number[];
  readonly make: (base: BlockBase) => Block;
}

function groupsOf(units: readonly Unit[]): Map<number, Group | 'inner'> {
  const groups = new Map<number, Group | 'inner'>();
  const readers = units.map(() => 0);
  for (const input of units.flatMap((unit) => unit.inputs)) {
    readers[input] = (readers[input] ?? 0) + 1;
  }
  units.forEach((_, index) => {
    const group =
      fireAt(units, readers, index) ?? separableAt(units, readers, index) ?? headAt(units, readers, index);
    if (group?.members.every((member) => !groups.has(member)) === true) {
      group.members.forEach((member) => groups.set(member, 'inner'));
      groups.set(index, group);
    }
  });
  return groups;
}

function fireAt(units: readonly Unit[], readers: readonly number[], index: number): Group | undefined {
  const concat = units[index];
  if (concat?.kind !== 'concat') {
    return undefined;
  }
  const expands = concat.inputs.map((input) => units[input]);
  const squeezeIndex = expands[0]?.inputs[0];
  const squeeze = squeezeIndex === undefined ? undefined : units[squeezeIndex];
  const isFire =
    squeezeIndex !== undefined &&
    squeeze?.kind === 'conv' &&
    isPointwise(squeeze) &&
    readers[squeezeIndex] === expands.length &&
    new Set(concat.inputs).size === concat.inputs.length &&
    expands.every((unit) => unit?.kind === 'conv' && unit.inputs[0] === squeezeIndex) &&
    concat.inputs.every((input) => readers[input] === 1);
  if (!isFire) {
    return undefined;
  }
  return {
    members: [squeezeIndex, ...concat.inputs, index],
    make: (base) => ({
      ...base,
      kind: 'fire',
      squeeze,
      expands: expands.filter((unit) => unit !== undefined),
    }),
  };
}

function separableAt(units: readonly Unit[], readers: readonly number[], index: number): Group | undefined {
  const pointwise = units[index];
  const before = pointwise?.inputs[0] ?? 0;
  const depthwise = units[before];
  if (
    pointwise?.kind !== 'conv' ||
    !isPointwise(pointwise) ||
    depthwise?.kind !== 'depthwise' ||
    readers[before] !== 1
  ) {
    return undefined;
  }
  return { members: [before, index], make: (base) => ({ ...base, kind: 'separable', depthwise, pointwise }) };
}

function headAt(units: readonly Unit[], readers: readonly number[], index: number): Group | undefined {
  const dense = units[index];
  const before = dense?.inputs[0] ?? 0;
  if (dense?.kind !== 'dense' || units[before]?.op !== 'global-avg-pool' || readers[before] !== 1) {
    return undefined;
  }
  return { members: [before, index], make: (base) => ({ ...base, kind: 'head', dense }) };
}

function isPointwise(unit: Unit): boolean {
  return unit.kernel?.vertical === 1 && unit.kernel.horizontal === 1;
}
