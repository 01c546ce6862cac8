/**
 * Units gathered into the blocks that people have names for.
 */
import type { Network } from '../../protocol/generated/Network';
import { type FireBlock, fireAt } from './blocks/fire';
import { type HeadBlock, headAt } from './blocks/head';
import { type InvertedResidualBlock, invertedResidualAt } from './blocks/inverted-residual';
import type { BlockBase } from './blocks/match';
import { type SeparableBlock, separableAt } from './blocks/separable';
import { type SqueezeExciteBlock, squeezeExciteAt } from './blocks/squeeze-excite';
import { type TransformerBlock, transformerAt } from './blocks/transformer';
import type { Unit, UnitKind } from './unit';
import { unitsOf } from './units';

/** A unit on its own. */
export interface PlainBlock extends BlockBase {
  readonly kind: UnitKind;
  readonly unit: Unit;
}

export type NamedBlock =
  FireBlock | SeparableBlock | InvertedResidualBlock | SqueezeExciteBlock | TransformerBlock | HeadBlock;
export type Block = NamedBlock | PlainBlock;

/** At one unit the first that matches is taken. */
const RECOGNIZERS = [
  transformerAt,
  invertedResidualAt,
  squeezeExciteAt,
  fireAt,
  separableAt,
  headAt,
] as const;
type FoundBlock = NonNullable<ReturnType<(typeof RECOGNIZERS)[number]>>;

export function isPlain(block: Block): block is PlainBlock {
  return 'unit' in block;
}

/** Whether what comes in is also added to what goes out. */
export function hasShortcut(block: Block): boolean {
  return block.kind === 'transformer' || (block.kind === 'inverted-residual' && block.hasShortcut);
}

/** The blocks of a network, inputs before their readers; block 0 is the input. */
export function blocksOf(network: Network): Block[] {
  const units = unitsOf(network);
  const found = foundIn(units);
  const blockOfUnit = new Map<number, number>();
  const blocks: Block[] = [];
  units.forEach((unit, index) => {
    const match = found.get(index);
    if (match === 'inner') {
      return;
    }
    const members = match?.members.toSorted((left, right) => left - right) ?? [index];
    const read = members.flatMap((member) => units[member]?.inputs ?? []);
    const outside = read.filter((input) => !members.includes(input));
    const base: BlockBase = {
      inputs: (match === undefined ? outside : [...new Set(outside)]).map(
        (input) => blockOfUnit.get(input) ?? 0,
      ),
      layers: members.flatMap((member) => units[member]?.layers ?? []),
      channels: unit.channels,
    };
    for (const member of members) {
      blockOfUnit.set(member, blocks.length);
    }
    blocks.push(match === undefined ? { ...base, kind: unit.kind, unit } : { ...base, ...match.parts });
  });
  return blocks;
}

/** Each match at its last unit; its other units are `inner`. A block that ends later holds what is in it. */
function foundIn(units: readonly Unit[]): Map<number, FoundBlock | 'inner'> {
  const readers = readersOf(units);
  const found = new Map<number, FoundBlock | 'inner'>();
  for (let index = units.length - 1; index > 0; index -= 1) {
    const match = RECOGNIZERS.map((recognize) => recognize(units, index)).find(
      (each) =>
        each?.members.every(
          (member) =>
            !found.has(member) &&
            (member === index || readers[member]?.every((reader) => each.members.includes(reader))),
        ) === true,
    );
    if (match !== undefined) {
      match.members.forEach((member) => found.set(member, 'inner'));
      found.set(index, match);
    }
  }
  return found;
}

/** Indices of the units that read each unit. */
function readersOf(units: readonly Unit[]): number[][] {
  const readers: number[][] = units.map(() => []);
  units.forEach(({ inputs }, reader) => {
    for (const input of inputs) {
      readers[input]?.push(reader);
    }
  });
  return readers;
}
