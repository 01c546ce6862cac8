import type { Unit } from '../unit';
import { type BlockBase, chainAt, isDense, isMean, type Match } from './match';

/** The mean of each channel, then the classifier. */
export interface HeadBlock extends BlockBase {
  readonly kind: 'head';
  readonly dense: Unit;
}

export function headAt(units: readonly Unit[], index: number): Match<HeadBlock> | undefined {
  const chain = chainAt(units, index, [isMean, isDense]);
  return chain && { members: chain.members, parts: { kind: 'head', dense: chain.units[1] } };
}
