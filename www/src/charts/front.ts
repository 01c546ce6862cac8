/**
 * The front as a chart: what is drawn where.
 */
import type { Scale } from './scales';

export interface FrontPoint {
  readonly ask: number;
  readonly cost: number;
  /** Or the merit of a score. */
  readonly accuracy: number;
  /** One standard error of the accuracy; 0 for a score. */
  readonly error: number;
  readonly isFront: boolean;
  /** That it is on the front in truth; null where that is not known. */
  readonly probability: number | null;
  /** Second cost, as a share of the largest on the front; null where there is none. */
  readonly second: number | null;
  /** Test accuracy after the final training. */
  readonly test: number | null;
}

/** A candidate in training: where it stands now. */
export interface LivePoint {
  readonly ask: number;
  readonly cost: number;
  readonly accuracy: number;
}

/** A network without an accuracy: only its cost is known. */
export interface PricedMark {
  readonly cost: number;
  readonly isOut: boolean;
}

export interface PlacedPoint extends FrontPoint {
  readonly x: number;
  readonly y: number;
  /** Whether its accuracy lies below the chart. */
  readonly isBelow: boolean;
}

/** Points closer than this to the pointer are meant by it. */
const REACH_PX = 28;

export function place(points: readonly FrontPoint[], x: Scale, y: Scale): PlacedPoint[] {
  const [floor] = y.domain();
  const bottom = y.range()[0] ?? 0;
  return points.map((point) => {
    const isBelow = point.accuracy < (floor ?? 0);
    return { ...point, x: x(point.cost), y: isBelow ? bottom : y(point.accuracy), isBelow };
  });
}

/** Dots at all points as one path: lines of no length with round ends. */
export function dotsPath(points: readonly { readonly x: number; readonly y: number }[]): string {
  return points.map(({ x, y }) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join('');
}

/** Upright strokes, for what has only a place along the axis. */
export function ticksPath(xs: readonly number[], y: number, arm: number): string {
  return xs.map((x) => `M${x.toFixed(1)} ${y - arm}v${2 * arm}`).join('');
}

export function crossesPath(xs: readonly number[], y: number, arm: number): string {
  return xs
    .map(
      (x) => `M${(x - arm).toFixed(1)} ${y - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`,
    )
    .join('');
}

/** Small triangles pointing down, for what lies below the chart. */
export function belowPath(points: readonly PlacedPoint[]): string {
  return points.map(({ x, y }) => `M${(x - 3.5).toFixed(1)} ${y - 6}h7l-3.5 5z`).join('');
}

/**
 * The front as steps up to `right`: within a cost one gets the accuracy of the best member.
 */
export function stepsPath(front: readonly PlacedPoint[], bottom: number, right: number): string {
  const rising: PlacedPoint[] = [];
  for (const point of [...front].sort((a, b) => a.x - b.x || a.y - b.y)) {
    if (point.y < (rising.at(-1)?.y ?? Number.POSITIVE_INFINITY)) {
      rising.push(point);
    }
  }
  const first = rising[0];
  if (first === undefined) {
    return '';
  }
  const steps = rising.slice(1).map(({ x, y }) => `H${x.toFixed(1)}V${y.toFixed(1)}`);
  return `M${first.x.toFixed(1)} ${bottom}V${first.y.toFixed(1)}${steps.join('')}H${right.toFixed(1)}`;
}

export function nearest(points: readonly PlacedPoint[], x: number, y: number): PlacedPoint | null {
  let found: PlacedPoint | null = null;
  let least = REACH_PX ** 2;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < least) {
      least = distance;
      found = point;
    }
  }
  return found;
}

/** The point that an arrow key leads to: left and right along all by cost, up and down along the front. */
export function neighbour(
  points: readonly FrontPoint[],
  selected: number | null,
  key: string,
): FrontPoint | undefined {
  const isAlongFront = key === 'ArrowUp' || key === 'ArrowDown';
  const byCost = points
    .filter((point) => !isAlongFront || point.isFront || point.ask === selected)
    .sort((a, b) => a.cost - b.cost || a.accuracy - b.accuracy || a.ask - b.ask);
  const place = byCost.findIndex(({ ask }) => ask === selected);
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return byCost[Math.min(byCost.length - 1, place + 1)];
    case 'ArrowLeft':
    case 'ArrowDown':
      return byCost[Math.max(0, place - 1)];
    case 'Home':
      return byCost[0];
    case 'End':
      return byCost.at(-1);
    default:
      return undefined;
  }
}
