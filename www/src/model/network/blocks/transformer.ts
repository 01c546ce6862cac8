import type { Unit } from '../unit';
import { type BlockBase, chainAt, isPointwise, type Match, residualAt } from './match';

/**
 * Attention, then a perceptron for each pixel, each behind a layer normalisation and beside a shortcut
 * (Vaswani et al. 2017, normalised first as in Dosovitskiy et al. 2021, "ViT").
 */
export interface TransformerBlock extends BlockBase {
  readonly kind: 'transformer';
  readonly attention: Unit;
  /** The wide layer of the perceptron. */
  readonly expand: Unit;
}

export function transformerAt(units: readonly Unit[], index: number): Match<TransformerBlock> | undefined {
  const perceptron = residualAt(units, index, perceptronAt);
  const attention = perceptron && residualAt(units, perceptron.source, attentionAt);
  return (
    attention && {
      members: [...attention.members, ...perceptron.members],
      parts: { kind: 'transformer', attention: attention.units[2], expand: perceptron.units[1] },
    }
  );
}

const attentionAt = (units: readonly Unit[], last: number) =>
  chainAt(units, last, [isLayerNorm, isPointwise, isAttention, isPointwise]);

const perceptronAt = (units: readonly Unit[], last: number) =>
  chainAt(units, last, [isLayerNorm, isActivatedPointwise, isPointwise]);

function isLayerNorm({ operator, activation }: Unit): boolean {
  return operator?.op === 'layer-norm' && activation === null;
}

function isAttention({ kind }: Unit): boolean {
  return kind === 'attention';
}

function isActivatedPointwise(unit: Unit): boolean {
  return isPointwise(unit) && unit.activation !== null;
}
