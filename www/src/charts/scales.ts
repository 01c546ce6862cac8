/**
 * Scales of the charts: domains that hold still while points come in.
 */
import { scaleLinear, type ScaleLinear } from 'd3-scale';

export type Scale = ScaleLinear<number, number>;

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Lower ends that an accuracy axis may have. */
const ACCURACY_FLOORS = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0] as const;
/** Shares that must lie above the lower end, so that the best are told apart; the others are marked at the edge. */
const FRONT_IN_VIEW = 0.7;
const ALL_IN_VIEW = 0.6;
/** How much of a cost axis may lie beyond the dearest candidate before the wall is left out of view. */
const WALL_IN_VIEW = 2.5;
const MARGIN = 1.08;

/** The highest lower end with most candidates, and most of the front, above it. */
export function accuracyFloor(all: readonly number[], front: readonly number[]): number {
  const isInView = (floor: number): boolean =>
    shareAbove(front, floor) >= FRONT_IN_VIEW && shareAbove(all, floor) >= ALL_IN_VIEW;
  return ACCURACY_FLOORS.find(isInView) ?? 0;
}

/** The highest lower end with all of them above it. */
export function floorBelowAll(accuracies: readonly number[]): number {
  return ACCURACY_FLOORS.find((floor) => accuracies.every((accuracy) => accuracy >= floor)) ?? 0;
}

function shareAbove(accuracies: readonly number[], floor: number): number {
  const above = accuracies.filter((accuracy) => accuracy >= floor).length;
  return accuracies.length === 0 ? 1 : above / accuracies.length;
}

/** The right end of a cost axis: beyond the dearest candidate and, if it is not far off, beyond the wall. */
export function costCeiling(costs: readonly number[], wall: number | null): number {
  const dearest = costs.reduce((most, cost) => Math.max(most, cost), 0);
  const reach = dearest * MARGIN;
  if (wall === null) {
    return reach > 0 ? reach : 1;
  }
  const beyond = wall * (MARGIN + 0.1);
  return dearest === 0 || wall <= dearest * WALL_IN_VIEW ? Math.max(reach, beyond) : reach;
}

/** About `count` places for ticks at round numbers of a unit: of 1024 bytes where the axis counts in KB. */
export function ticksOf(scale: Scale, count: number, unit: number): number[] {
  const [from = 0, to = 1] = scale.domain();
  return scaleLinear([from / unit, to / unit], [0, 1])
    .ticks(count)
    .map((tick) => tick * unit);
}

export function accuracyScale(floor: number, frame: Frame): Scale {
  return scaleLinear([floor, 1], [frame.height - frame.bottom, frame.top]);
}

/** The ends of an axis of merits: around the least and the most, with some room. */
export function meritEnds(merits: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...merits), Math.max(...merits)];
  const room = (high - low) * (MARGIN - 1) || 0.01;
  return merits.length === 0 ? [0, 1] : [low - room, high + room];
}

export function meritScale(merits: readonly number[], frame: Frame): Scale {
  return scaleLinear(meritEnds(merits), [frame.height - frame.bottom, frame.top]);
}

export function costScale(ceiling: number, frame: Frame): Scale {
  return scaleLinear([0, ceiling], [frame.left, frame.width - frame.right]);
}
