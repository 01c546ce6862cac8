/**
 * The boxes of a network's drawing: each block is a row of one box, or of several where one sees it fork.
 */
import type { Block } from './blocks';
import type { Unit } from './unit';
import { wrapLabel } from './wrap';

export interface Box {
  readonly unit: Unit | null;
  /** Its label. */
  readonly lines: readonly string[];
  /** Centre. */
  readonly x: number;
  /** Top. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Row {
  readonly block: Block;
  readonly boxes: readonly Box[];
  /** Top of the whole block. */
  readonly y: number;
  readonly height: number;
}

export interface LabelOptions {
  /** Width of the drawing. */
  readonly width: number;
  /** The parts of a box's label. */
  readonly labelOf: (block: Block, unit: Unit | null) => readonly string[];
  readonly textWidth: (text: string) => number;
}

export const LINE_HEIGHT = 12;
const PADDING_X = 6;
/** Above and below the lines together. */
const PADDING_Y = 5;
const FORK_GAP = 11;
const BOX_SPACING = 6;
/** Room at each side for what passes a box by, where it would reach the edges. */
const SIDE = 6;

/** The row of a block, with its top at 0. */
export function rowOf(block: Block, options: LabelOptions): Row {
  const room = options.width - 2 * SIDE;
  const centre = options.width / 2;
  if (block.kind !== 'fire') {
    const box = boxOf(block, null, room, options);
    return { block, boxes: [{ ...box, x: centre }], y: 0, height: box.height };
  }
  const squeeze = { ...boxOf(block, block.squeeze, room, options), x: centre };
  const count = block.expands.length;
  const share = (room - BOX_SPACING * (count - 1)) / count;
  const boxes = block.expands.map((unit) => boxOf(block, unit, Math.max(1, share), options));
  const whole = boxes.reduce((sum, { width }) => sum + width, 0) + BOX_SPACING * (count - 1);
  let left = centre - whole / 2;
  const expands = boxes.map((box): Box => {
    const x = left + box.width / 2;
    left += box.width + BOX_SPACING;
    return { ...box, x, y: squeeze.height + FORK_GAP };
  });
  const height = squeeze.height + FORK_GAP + Math.max(...expands.map((box) => box.height));
  return { block, boxes: [squeeze, ...expands], y: 0, height };
}

/** The same row, further down. */
export function shifted(row: Row, y: number): Row {
  return { ...row, y: row.y + y, boxes: row.boxes.map((box) => ({ ...box, y: box.y + y })) };
}

function boxOf(block: Block, unit: Unit | null, room: number, options: LabelOptions): Box {
  const widthOf = (line: string): number => options.textWidth(line) + 2 * PADDING_X;
  const lines = wrapLabel(options.labelOf(block, unit), (line) => widthOf(line) <= room);
  return {
    unit,
    lines,
    x: 0,
    y: 0,
    width: Math.min(room, Math.max(...lines.map(widthOf))),
    height: lines.length * LINE_HEIGHT + PADDING_Y,
  };
}
