import type { Unit } from '../unit';
import { type BlockBase, isPointwise, type Match } from './match';

/** Squeeze 1×1, expansions side by side, concatenation (Iandola et al. 2016, "SqueezeNet"). */
export interface FireBlock extends BlockBase {
  readonly kind: 'fire';
  readonly squeeze: Unit;
  readonly expands: readonly Unit[];
}

export function fireAt(units: readonly Unit[], index: number): Match<FireBlock> | undefined {
  const concat = units[index];
  if (concat?.kind !== 'concat') {
    return undefined;
  }
  const expands = concat.inputs.flatMap((input) => units[input] ?? []);
  const squeezeIndex = expands[0]?.inputs[0] ?? 0;
  const squeeze = units[squeezeIndex];
  const isFire =
    squeeze !== undefined &&
    isPointwise(squeeze) &&
    new Set(concat.inputs).size === concat.inputs.length &&
    expands.every((unit) => unit.kind === 'conv' && unit.inputs[0] === squeezeIndex);
  return isFire
    ? { members: [squeezeIndex, ...concat.inputs, index], parts: { kind: 'fire', squeeze, expands } }
    : undefined;
}
