/**
 * The blocks of a network by name, with the settings that tell one from another.
 */
import type { Catalog } from '../i18n/en';
import type { NumberFormat } from '../format/numbers';
import { type Block, isPlain } from './network/blocks';
import type { Unit } from './network/unit';
import { activationNames, kernelText, settingsOf, unitLabel } from './unit-label';

/** A block, or one unit of it, as the parts of a box's label: `separable 3×3`, `24`. */
export function blockLabel(block: Block, part: Unit | null, t: Catalog, format: NumberFormat): string[] {
  if (part !== null) {
    return [kernelText(part), String(part.channels), ...activationNames([part], t)];
  }
  const name = blockName(block, t);
  if (isPlain(block)) {
    return unitLabel(name, block.unit, t, format);
  }
  switch (block.kind) {
    case 'fire':
      return [name];
    case 'separable': {
      const { depthwise, pointwise } = block;
      const activations = activationNames([depthwise, pointwise], t);
      return [`${name} ${kernelText(depthwise)}`, String(block.channels), ...activations];
    }
    case 'inverted-residual': {
      const { expand, depthwise, hasSqueezeExcite } = block;
      const widths = `${expand.channels} → ${block.channels}`;
      const gate = hasSqueezeExcite ? [t.parts.squeezeExcite] : [];
      return [name, kernelText(depthwise), widths, ...gate, ...activationNames([expand, depthwise], t)];
    }
    case 'squeeze-excite': {
      const { squeeze, excite } = block;
      return [name, `${block.channels} → ${squeeze.channels}`, ...activationNames([squeeze, excite], t)];
    }
    case 'transformer': {
      const { attention, expand } = block;
      const perceptron = t.parts.perceptron(expand.channels);
      return [name, ...settingsOf(attention, t, format), perceptron, ...activationNames([expand], t)];
    }
    case 'head':
      return [name, String(block.channels), ...activationNames([block.dense], t)];
  }
}

export function blockName(block: Block, t: Catalog): string {
  if (!isPlain(block)) {
    return t.blocks[block.kind];
  }
  const { operator } = block.unit;
  if (operator === null) {
    return t.blocks.input;
  }
  return block.kind === 'depthwise' && operator.op === 'conv2d'
    ? t.blocks.depthwise
    : t.operators[operator.op];
}

/** An operator that a search space names, such as `conv3x3`, as the boxes of a network name it. */
export function operatorName(id: string, t: Catalog): string {
  const { operator = id, kernel } = /^(?<operator>.+?)(?<kernel>\d+x\d+)?$/.exec(id)?.groups ?? {};
  const names: Readonly<Record<string, string>> = {
    ...t.operators,
    ...t.blocks,
    conv: t.operators.conv2d,
  };
  const name = names[operator];
  return name === undefined ? id : kernel === undefined ? name : `${name} ${kernel.replace('x', '×')}`;
}
