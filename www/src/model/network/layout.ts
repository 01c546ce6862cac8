/**
 * Where each block of a network is drawn: rows from input to output. Between them ribbons carry the channels,
 * their widths to scale, so that one sees a squeeze squeeze and a concatenation add up. What skips rows is an
 * arc at the side.
 */
import type { Block } from './blocks';
import type { Unit } from './unit';

export interface Box {
  readonly unit: Unit | null;
  /** Centre. */
  readonly x: number;
  /** Top. */
  readonly y: number;
  readonly width: number;
}

export interface Row {
  readonly block: Block;
  readonly boxes: readonly Box[];
  /** Top of the whole block. */
  readonly y: number;
  readonly height: number;
}

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

export interface NetworkLayout {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
  readonly ribbons: readonly Ribbon[];
  readonly arcs: readonly Arc[];
}

export interface LayoutOptions {
  /** Width of the drawing. */
  readonly width: number;
  /** Height that there is room for; the gaps between rows stretch or shrink towards it. */
  readonly height: number;
  /** Width that a box's label needs. */
  readonly labelWidth: (block: Block, unit: Unit | null) => number;
}

export const BOX_HEIGHT = 17;
const SMALLEST_GAP = 7;
const LARGEST_GAP = 24;
const FORK_GAP = 11;
const BOX_SPACING = 6;
/** Widest ribbon, as a share of the drawing, and in any. */
const RIBBON_SHARE = 0.5;
const WIDEST_RIBBON = 110;
const NARROWEST_RIBBON = 1.5;
const ARC_FIRST = 12;
const ARC_STEP = 7;

export function layoutOf(blocks: readonly Block[], options: LayoutOptions): NetworkLayout {
  const centre = options.width / 2;
  const widest = Math.max(1, ...blocks.flatMap(channelsIn));
  const ribbonWidth = (channels: number): number =>
    Math.max(NARROWEST_RIBBON, (channels / widest) * Math.min(WIDEST_RIBBON, RIBBON_SHARE * options.width));
  const gap = gapFor(blocks, options.height);
  let y = 0;
  const rows = blocks.map((block) => {
    const row = rowOf(block, y, centre, options);
    y += row.height + gap;
    return row;
  });
  const ribbons = rows.flatMap((row, index) => [
    ...forkRibbons(row, ribbonWidth),
    ...linkRibbons(rows, index, ribbonWidth),
  ]);
  return { width: options.width, height: Math.max(0, y - gap), rows, ribbons, arcs: arcsOf(rows, gap) };
}

function channelsIn(block: Block): number[] {
  return block.kind === 'fire' ? [block.channels, block.squeeze.channels] : [block.channels];
}

function heightOf(block: Block): number {
  return block.kind === 'fire' ? 2 * BOX_HEIGHT + FORK_GAP : BOX_HEIGHT;
}

function gapFor(blocks: readonly Block[], height: number): number {
  const filled = blocks.reduce((sum, block) => sum + heightOf(block), 0);
  const gap = (height - filled) / Math.max(1, blocks.length - 1);
  return Math.min(LARGEST_GAP, Math.max(SMALLEST_GAP, gap));
}

function rowOf(block: Block, y: number, centre: number, options: LayoutOptions): Row {
  const widthOf = (unit: Unit | null): number => Math.min(options.width, options.labelWidth(block, unit));
  if (block.kind !== 'fire') {
    const box: Box = { unit: null, x: centre, y, width: widthOf(null) };
    return { block, boxes: [box], y, height: heightOf(block) };
  }
  const below = y + BOX_HEIGHT + FORK_GAP;
  const widths = block.expands.map(widthOf);
  const whole = widths.reduce((sum, width) => sum + width, 0) + BOX_SPACING * (widths.length - 1);
  const shrink = Math.min(1, options.width / whole);
  let left = centre - (whole * shrink) / 2;
  const expands = block.expands.map((unit, index): Box => {
    const width = (widths[index] ?? 0) * shrink;
    const box = { unit, x: left + width / 2, y: below, width };
    left += width + BOX_SPACING * shrink;
    return box;
  });
  const squeeze: Box = { unit: block.squeeze, x: centre, y, width: widthOf(block.squeeze) };
  return { block, boxes: [squeeze, ...expands], y, height: heightOf(block) };
}

/** From the squeeze to each expansion. */
function forkRibbons(row: Row, ribbonWidth: (channels: number) => number): Ribbon[] {
  const { block, boxes } = row;
  const squeeze = boxes[0];
  if (block.kind !== 'fire' || squeeze === undefined) {
    return [];
  }
  const width = ribbonWidth(block.squeeze.channels);
  return boxes.slice(1).map((box) => ({
    fromX: squeeze.x,
    fromY: squeeze.y + BOX_HEIGHT,
    toX: box.x,
    toY: box.y,
    fromWidth: width,
    toWidth: width,
  }));
}

/** From the row above, if this row reads it: one ribbon, or one for each expansion, side by side. */
function linkRibbons(
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
      fromY: box.y + BOX_HEIGHT,
      toX: left + width / 2,
      toY: target.y,
      fromWidth: width,
      toWidth: width,
    };
    left += width;
    return ribbon;
  });
}

/** One arc for each input that is not the row above; those over more rows swing out further. */
function arcsOf(rows: readonly Row[], gap: number): Arc[] {
  return rows.flatMap((row, index) =>
    row.block.inputs
      .filter((input) => input !== index - 1)
      .flatMap((input) => {
        const source = rows[input];
        if (source === undefined) {
          return [];
        }
        const between = rows.slice(input, index + 1).flatMap(({ boxes }) => boxes);
        const rightOf = (box: Box): number => box.x + box.width / 2;
        return {
          fromX: row.boxes[0]?.x ?? 0,
          fromY: source.y + source.height + gap / 2,
          toX: row.boxes[0] === undefined ? 0 : rightOf(row.boxes[0]),
          toY: row.y + BOX_HEIGHT / 2,
          sideX: Math.max(...between.map(rightOf)),
          bulge: ARC_FIRST + ARC_STEP * Math.min(4, index - input - 2),
        };
      }),
  );
}
