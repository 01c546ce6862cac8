/** A systolic array as a drawing: units in the middle, memories beside them, areas to scale among memories. */
import type { ArrayView } from '../protocol/generated/ArrayView';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ArrayPicture {
  readonly side: number;
  readonly units: Box;
  /** Lines between units, or between groups of them. */
  readonly grid: string;
  /** Of the activations on the left, the weights above, the results below. */
  readonly memories: readonly [Box, Box, Box];
}

const SIDE = 60;
/** Place of the units; memories lie around it. */
const INNER = { at: 14, side: 32 };
const THICKEST = 12;
const THINNEST = 2;
const GAP = 1.5;
/** More lines than this would be a blur. */
const LINES_MAX = 16;

export function arrayPicture({
  rows,
  columns,
  sram_kib,
}: Pick<ArrayView, 'rows' | 'columns' | 'sram_kib'>): ArrayPicture {
  const longest = Math.max(rows, columns);
  const width = Math.max(THINNEST, (INNER.side * columns) / longest);
  const height = Math.max(THINNEST, (INNER.side * rows) / longest);
  const x = INNER.at + (INNER.side - width) / 2;
  const y = INNER.at + (INNER.side - height) / 2;
  const largest = Math.max(...sram_kib);
  const thick = (kib: number): number => Math.max(THINNEST, (THICKEST * kib) / largest);
  const [input, filter, output] = sram_kib.map(thick) as [number, number, number];
  const lines = (count: number, at: number, length: number): number[] => {
    const shown = Math.min(count, LINES_MAX);
    return Array.from({ length: shown - 1 }, (_, index) => at + (length * (index + 1)) / shown);
  };
  const grid = [
    ...lines(columns, x, width).map((at) => `M${at} ${y}v${height}`),
    ...lines(rows, y, height).map((at) => `M${x} ${at}h${width}`),
  ];
  return {
    side: SIDE,
    units: { x, y, width, height },
    grid: grid.join(''),
    memories: [
      { x: x - GAP - input, y, width: input, height },
      { x, y: y - GAP - filter, width, height: filter },
      { x, y: y + height + GAP, width, height: output },
    ],
  };
}
