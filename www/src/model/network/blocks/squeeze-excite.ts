import type { Unit } from '../unit';
import { type BlockBase, chainAt, isDense, isMean, isPointwise, type Match } from './match';

/** The means of all channels, through a narrow layer and back, scale the channels (Hu et al. 2018). */
export interface SqueezeExciteBlock extends BlockBase {
  readonly kind: 'squeeze-excite';
  readonly squeeze: Unit;
  readonly excite: Unit;
}

export interface SqueezeExciteMatch extends Match<SqueezeExciteBlock> {
  /** Index of the unit whose channels are scaled. */
  readonly source: number;
}

export function squeezeExciteAt(units: readonly Unit[], index: number): SqueezeExciteMatch | undefined {
  const multiply = units[index];
  const [features, gate] = multiply?.inputs ?? [];
  if (multiply?.kind !== 'multiply' || features === undefined || gate === undefined) {
    return undefined;
  }
  const chain = chainAt(units, gate, [isMean, isSqueeze, isExcite]);
  if (chain?.source !== features) {
    return undefined;
  }
  const [, squeeze, excite] = chain.units;
  return {
    members: [...chain.members, index],
    parts: { kind: 'squeeze-excite', squeeze, excite },
    source: features,
  };
}

/** On means, a convolution with kernel 1 and a dense layer are the same. */
const mixesChannels = (unit: Unit): boolean => isPointwise(unit) || isDense(unit);

function isSqueeze(unit: Unit): boolean {
  return mixesChannels(unit) && unit.activation !== null;
}

function isExcite(unit: Unit): boolean {
  return mixesChannels(unit) && (unit.activation === 'sigmoid' || unit.activation === 'hard-sigmoid');
}
