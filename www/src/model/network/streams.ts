/**
 * What flows between the boxes of a network's drawing: ribbons carry the channels, their widths to scale; what
 * skips rows is an arc at the side.
 */
import { hasShortcut } from './blocks';
import type { Box, Row } from './rows';

/** Channels on their way from one box to another. */
export interface Ribbon {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly fromWidth: number;
  readonly toWidth: number;
}

/** Channels that pass rows by: out of the ribbon below one block, round the side, into another. */
export interface Arc {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  /** Right edge of all that it passes. */
  readonly sideX: number;
  /** How far it swings out beyond. */
  readonly bulge: number;
}

const ARC_FIRST = 12;
const ARC_STEP = 7;
const ARC_STEPS = 4;
/** How far an arc may reach beyond the drawing. */
const ARC_ROOM = 8;

/** From the squeeze to each expansion. */
export function forkRibbons(row: Row, ribbonWidth: (channels: number) => number): Ribbon[] {
  const { block, boxes } = row;
  const squeeze = boxes[0];
  if (block.kind !== 'fire' || squeeze === undefined) {
    return [];
  }
  const width = ribbonWidth(block.squeeze.channels);
  return boxes.slice(1).map((box) => ({
    fromX: squeeze.x,
    fromY: squeeze.y + squeeze.height,
    toX: box.x,
    toY: box.y,
    fromWidth: width,
    toWidth: width,
  }));
}

/** From the row above, if this row reads it: one ribbon, or one for each expansion, side by side. */
export function linkRibbons(
  rows: readonly Row[],
  index: number,
  ribbonWidth: (channels: number) => number,
): Ribbon[] {
  const row = rows[index];
  const above = rows[index - 1];
  const target = row?.boxes[0];
  if (
    row === undefined ||
    above === undefined ||
    target === undefined ||
    !row.block.inputs.includes(index - 1)
  ) {
    return [];
  }
  const outputs = above.block.kind === 'fire' ? above.boxes.slice(1) : above.boxes;
  const widths = outputs.map((box) => ribbonWidth(box.unit?.channels ?? above.block.channels));
  let left = target.x - widths.reduce((sum, width) => sum + width, 0) / 2;
  return outputs.map((box, place) => {
    const width = widths[place] ?? 0;
    const ribbon: Ribbon = {
      fromX: box.x,
      fromY: box.y + box.height,
      toX: left + width / 2,
      toY: target.y,
      fromWidth: width,
      toWidth: width,
    };
    left += width;
    return ribbon;
  });
}

/**
 * One arc for each input that is not the row above, those over more rows further out; and one past each block
 * that has a shortcut inside.
 */
export function arcsOf(rows: readonly Row[], gap: number, width: number): Arc[] {
  return rows.flatMap((row, index) => {
    const target = row.boxes[0];
    if (target === undefined) {
      return [];
    }
    const swing = (first: number): Pick<Arc, 'sideX' | 'bulge'> => {
      const sideX = Math.max(...rows.slice(first, index + 1).flatMap(({ boxes }) => boxes.map(rightOf)));
      const bulge = ARC_FIRST + ARC_STEP * Math.min(ARC_STEPS, index - first);
      return { sideX, bulge: Math.min(bulge, width + ARC_ROOM - sideX) };
    };
    const skips = row.block.inputs.filter((input) => input !== index - 1);
    const arcs = skips.flatMap((input): Arc[] => {
      const source = rows[input];
      const fromY = source && source.y + source.height + gap / 2;
      const toY = row.y + target.height / 2;
      return fromY === undefined
        ? []
        : [{ fromX: target.x, fromY, toX: rightOf(target), toY, ...swing(input + 1) }];
    });
    if (hasShortcut(row.block)) {
      const fromY = row.y - gap / 2;
      const toY = row.y + row.height + gap / 2;
      arcs.push({ fromX: target.x, fromY, toX: target.x, toY, ...swing(index) });
    }
    return arcs;
  });
}

function rightOf({ x, width }: Box): number {
  return x + width / 2;
}
