import type { Block } from '../model/network/blocks';
import type { Arc, Ribbon } from '../model/network/streams';
import type { OperatorFamily } from './operators';

export function familyOfBlock(block: Block): OperatorFamily {
  switch (block.kind) {
    case 'fire':
    case 'conv':
    case 'separable':
    case 'attention':
    case 'norm':
    case 'pool':
    case 'dense':
      return block.kind;
    case 'depthwise':
    case 'inverted-residual':
      return 'separable';
    case 'squeeze-excite':
    case 'transformer':
      return 'attention';
    case 'head':
      return 'dense';
    case 'input':
    case 'activation':
    case 'add':
    case 'multiply':
    case 'mixture':
    case 'concat':
    case 'shuffle':
    case 'resample':
    case 'dropout':
    case 'zero':
    case 'identity':
      return 'none';
  }
}

/** A band that keeps its width while it swings from one box to the next. */
export function ribbonPath({ fromX, fromY, toX, toY, fromWidth, toWidth }: Ribbon): string {
  const middle = (fromY + toY) / 2;
  const edge = (side: -1 | 1): [number, number] => [
    fromX + (side * fromWidth) / 2,
    toX + (side * toWidth) / 2,
  ];
  const [startLeft, endLeft] = edge(-1);
  const [startRight, endRight] = edge(1);
  return (
    `M${startLeft} ${fromY}C${startLeft} ${middle} ${endLeft} ${middle} ${endLeft} ${toY}` +
    `H${endRight}C${endRight} ${middle} ${startRight} ${middle} ${startRight} ${fromY}Z`
  );
}

/** Out to the side, down past what it skips, and back in. */
export function arcPath({ fromX, fromY, toX, toY, sideX, bulge }: Arc): string {
  const outside = sideX + bulge;
  const corner = Math.min(8, (toY - fromY) / 2);
  return (
    `M${fromX} ${fromY}H${outside - corner}Q${outside} ${fromY} ${outside} ${fromY + corner}` +
    `V${toY - corner}Q${outside} ${toY} ${outside - corner} ${toY}H${toX}`
  );
}
