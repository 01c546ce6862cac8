/**
 * Networks and their parts in words and figures.
 */
import type { Catalog } from '../i18n/en';
import type { PricedView } from '../protocol/generated/PricedView';
import type { Failure } from '../protocol/generated/Failure';
import type { Violation } from '../protocol/generated/Violation';
import type { NumberFormat } from '../format/numbers';
import { blockName } from './block-label';
import { type Block, isPlain } from './network/blocks';
import { kernelText } from './unit-label';

/** A network as a row of words: `conv 3×3 · fire · max pool`. Input and classifier go without saying. */
export function networkWords(blocks: readonly Block[], t: Catalog): string {
  const words = blocks
    .filter(({ kind }) => kind !== 'input' && kind !== 'head')
    .map((block) => {
      const name = blockName(block, t);
      return isPlain(block) && block.kind === 'conv' ? `${name} ${kernelText(block.unit)}` : name;
    });
  return words.length === 0 ? t.blocks.head : words.join(' · ');
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
    case 'undefined':
      return t.failures.undefined;
    case 'ineffective':
      return t.failures.ineffective(format.short(failure.effectiveness), format.short(failure.limit));
    case 'crashed':
      return t.failures.crashed;
  }
}

export function violationText(
  { constraint, value, limit, device }: Violation,
  t: Catalog,
  format: NumberFormat,
): string {
  const what = t.table.constraints[constraint];
  return t.table.violation(
    device === undefined ? what : t.table.onDevice(what, device),
    format.cost(constraint, value),
    format.cost(constraint, limit),
  );
}
