import type { Unit } from '../unit';
import { type BlockBase, chainAt, isDepthwise, isPointwise, type Match } from './match';

/** Depthwise convolution, then pointwise (Howard et al. 2017, "MobileNets"). */
export interface SeparableBlock extends BlockBase {
  readonly kind: 'separable';
  readonly depthwise: Unit;
  readonly pointwise: Unit;
}

export function separableAt(units: readonly Unit[], index: number): Match<SeparableBlock> | undefined {
  const chain = chainAt(units, index, [isDepthwise, isPointwise]);
  if (chain === undefined) {
    return undefined;
  }
  const [depthwise, pointwise] = chain.units;
  return { members: chain.members, parts: { kind: 'separable', depthwise, pointwise } };
}
