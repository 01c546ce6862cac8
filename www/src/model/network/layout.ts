/**
 * Where each block of a network is drawn: rows from input to output. Between them ribbons carry the channels,
 * their widths to scale, so that one sees a squeeze squeeze and a concatenation add up. What skips rows is an
 * arc at the side.
 */
import type { Block } from './blocks';
import { type LabelOptions, type Row, rowOf, shifted } from './rows';
import { type Arc, arcsOf, forkRibbons, linkRibbons, type Ribbon } from './streams';

export interface NetworkLayout {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
  readonly ribbons: readonly Ribbon[];
  readonly arcs: readonly Arc[];
}

export interface LayoutOptions extends LabelOptions {
  /** Height that there is room for; the gaps between rows stretch or shrink towards it. */
  readonly height: number;
}

const SMALLEST_GAP = 7;
const LARGEST_GAP = 24;
/** Widest ribbon, as a share of the drawing, and in any. */
const RIBBON_SHARE = 0.5;
const WIDEST_RIBBON = 110;
const NARROWEST_RIBBON = 1.5;

export function layoutOf(blocks: readonly Block[], options: LayoutOptions): NetworkLayout {
  const widest = Math.max(1, ...blocks.flatMap(channelsIn));
  const ribbonWidth = (channels: number): number =>
    Math.max(NARROWEST_RIBBON, (channels / widest) * Math.min(WIDEST_RIBBON, RIBBON_SHARE * options.width));
  const unplaced = blocks.map((block) => rowOf(block, options));
  const gap = gapFor(unplaced, options.height);
  let y = 0;
  const rows = unplaced.map((row) => {
    const placed = shifted(row, y);
    y += row.height + gap;
    return placed;
  });
  const ribbons = rows.flatMap((row, index) => [
    ...forkRibbons(row, ribbonWidth),
    ...linkRibbons(rows, index, ribbonWidth),
  ]);
  return {
    width: options.width,
    height: Math.max(0, y - gap),
    rows,
    ribbons,
    arcs: arcsOf(rows, gap, options.width),
  };
}

function channelsIn(block: Block): number[] {
  return block.kind === 'fire' ? [block.channels, block.squeeze.channels] : [block.channels];
}

function gapFor(rows: readonly Row[], height: number): number {
  const filled = rows.reduce((sum, row) => sum + row.height, 0);
  const gap = (height - filled) / Math.max(1, rows.length - 1);
  return Math.min(LARGEST_GAP, Math.max(SMALLEST_GAP, gap));
}
