/**
 * Networks and their parts in words and figures.
 */
import type { Catalog } from '../i18n/en';
import type { PricedView } from '../protocol/generated/PricedView';
import type { Failure } from '../protocol/generated/Failure';
import type { Violation } from '../protocol/generated/Violation';
import type { NumberFormat } from '../format/numbers';
import { type Block, isPlain } from './network/blocks';
import type { Kernel, Unit } from './network/units';

/** A block, or one unit of it, as the label of a box: `separable 3×3 · 24`. */
export function blockLabel(block: Block, unit: Unit | null, t: Catalog): string {
  if (unit !== null) {
    return `${kernelText(unit.kernel)} · ${unit.channels}`;
  }
  const parts = [blockName(block, t)];
  const kernel = kernelOf(block);
  if (kernel !== null) {
    parts.push(` ${kernelText(kernel)}`);
  }
  if (isPlain(block) && block.unit.stride > 1 && block.kind !== 'pool') {
    parts.push(` /${block.unit.stride}`);
  }
  return hasOwnChannels(block) ? `${parts.join('')} · ${block.channels}` : parts.join('');
}

/** An operator that a search space names, such as `conv3x3`, as the boxes of a network name it. */
export function operatorName(id: string, t: Catalog): string {
  const { operator = id, kernel } = /^(?<operator>.+?)(?<kernel>\d+x\d+)?$/.exec(id)?.groups ?? {};
  const names: Readonly<Record<string, string>> = {
    'batch-norm': t.blocks.norm,
    'max-pool': t.blocks.maxPool,
    'avg-pool': t.blocks.avgPool,
    conv: t.blocks.conv,
    separable: t.blocks.separable,
    fire: t.blocks.fire,
    identity: t.blocks.identity,
  };
  const name = names[operator];
  return name === undefined ? id : kernel === undefined ? name : `${name} ${kernel.replace('x', '×')}`;
}

/** A network as a row of words: `conv 3×3 · fire · max pool`. Input and classifier go without saying. */
export function networkWords(blocks: readonly Block[], t: Catalog): string {
  const words = blocks
    .filter(({ kind }) => kind !== 'input' && kind !== 'head')
    .map((block) => {
      const kernel = block.kind === 'conv' ? kernelOf(block) : null;
      return kernel === null ? blockName(block, t) : `${blockName(block, t)} ${kernelText(kernel)}`;
    });
  return words.length === 0 ? t.blocks.head : words.join(' · ');
}

function blockName(block: Block, t: Catalog): string {
  if (isPlain(block) && block.kind === 'pool') {
    return block.unit.op === 'max-pool'
      ? t.blocks.maxPool
      : block.unit.op === 'avg-pool'
        ? t.blocks.avgPool
        : t.blocks.globalPool;
  }
  return block.kind === 'pool' ? t.blocks.globalPool : t.blocks[block.kind];
}

function kernelOf(block: Block): Kernel | null {
  if (block.kind === 'separable') {
    return block.depthwise.kernel;
  }
  return isPlain(block) && block.unit.op !== 'global-avg-pool' ? block.unit.kernel : null;
}

function hasOwnChannels(block: Block): boolean {
  return ['input', 'conv', 'separable', 'depthwise', 'dense', 'head', 'concat'].includes(block.kind);
}

function kernelText(kernel: Kernel | null): string {
  return kernel === null ? '' : `${kernel.vertical}×${kernel.horizontal}`;
}

export interface BlockCost {
  readonly macs: number;
  readonly params: number;
  /** Height × width of its output, where it differs from the block above; else empty. */
  readonly size: string;
}

/** What each block costs: the sums over its layers. */
export function blockCosts(blocks: readonly Block[], view: PricedView): BlockCost[] {
  const layers = new Map(view.costs.layers.map((layer) => [layer.name, layer]));
  const [, height, width] = view.network.input;
  let above = '';
  return blocks.map((block) => {
    const own = block.layers.flatMap((name) => layers.get(name) ?? []);
    const shape = own.at(-1)?.shape;
    const here = shape === undefined ? `${height}×${width}` : `${shape[1]}×${shape[2]}`;
    const size = here === above || block.kind === 'head' ? '' : here;
    above = here;
    return {
      macs: own.reduce((sum, layer) => sum + layer.macs, 0),
      params: own.reduce((sum, layer) => sum + layer.params, 0),
      size,
    };
  });
}

export function failureText(failure: Failure, t: Catalog, format: NumberFormat): string {
  switch (failure.why) {
    case 'diverged':
      return t.failures.diverged(failure.layer);
    case 'too-large':
      return t.failures.tooLarge(format.bytes(failure.needed_bytes), format.bytes(failure.limit_bytes));
    case 'crashed':
      return t.failures.crashed;
  }
}

export function violationText(
  { constraint, value, limit }: Violation,
  t: Catalog,
  format: NumberFormat,
): string {
  return t.table.violation(
    t.table.constraints[constraint],
    format.cost(constraint, value),
    format.cost(constraint, limit),
  );
}
