import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrontPoint, nearest, neighbour, place, stepsPath } from './front';
import {
  accuracyFloor,
  accuracyScale,
  costCeiling,
  costScale,
  floorBelowAll,
  type Frame,
  ticksOf,
} from './scales';

const FRAME: Frame = { width: 500, height: 300, left: 40, right: 10, top: 20, bottom: 50 };
const point = (ask: number, cost: number, accuracy: number, isFront: boolean): FrontPoint => ({
  ask,
  cost,
  accuracy,
  error: 0.01,
  isFront,
  probability: null,
  second: null,
  test: null,
});
const POINTS = [
  point(0, 10, 0.8, true),
  point(1, 20, 0.7, false),
  point(2, 30, 0.9, true),
  point(3, 30, 0.6, false),
];
const placed = place(POINTS, costScale(40, FRAME), accuracyScale(0.65, FRAME));

describe('scales', () => {
  it('show where most of the candidates and of the front are', () => {
    expect(accuracyFloor([], [])).toBe(0.95);
    expect(accuracyFloor([0.99, 0.98, 0.97, 0.2], [0.99, 0.98])).toBe(0.95);
    expect(accuracyFloor([0.99, 0.98, 0.97, 0.2], [0.99, 0.2])).toBe(0.2);
    expect(accuracyFloor([0.1, 0.1], [])).toBe(0);
  });

  it('have a floor below all that is joined to a curve', () => {
    expect(floorBelowAll([])).toBe(0.95);
    expect(floorBelowAll([0.55, 0.9, 0.99])).toBe(0.5);
    expect(floorBelowAll([0.1, 0.9])).toBe(0);
  });

  it('have ticks at round numbers of their unit', () => {
    expect(ticksOf(costScale(100, FRAME), 2, 1)).toEqual([0, 50, 100]);
    expect(ticksOf(costScale(20_500, FRAME), 2, 1024)).toEqual([0, 10_240, 20_480]);
  });

  it('reach beyond a wall that is near, and not to one far off', () => {
    expect(costCeiling([50], 60)).toBeGreaterThan(60);
    expect(costCeiling([50], 6000)).toBeLessThan(60);
    expect(costCeiling([], 60)).toBeGreaterThan(60);
    expect(costCeiling([], null)).toBe(1);
    expect(costCeiling([80], 60)).toBeGreaterThan(80);
  });
});

describe('the front', () => {
  it('marks what lies below the chart at its edge', () => {
    expect(placed.map(({ isBelow }) => isBelow)).toEqual([false, false, false, true]);
    expect(placed[3]?.y).toBe(250);
  });

  it('is drawn as steps that only rise', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            cost: fc.double({ min: 0, max: 40, noNaN: true }),
            accuracy: fc.double({ min: 0.65, max: 1, noNaN: true }),
          }),
        ),
        (drawn) => {
          const points = drawn.map(({ cost, accuracy }, ask) => point(ask, cost, accuracy, true));
          const path = stepsPath(place(points, costScale(40, FRAME), accuracyScale(0.65, FRAME)), 250, 490);
          const heights = [...path.matchAll(/V([\d.]+)/g)].map(([, height]) => Number(height));
          expect(heights).toEqual([...heights].sort((a, b) => b - a));
          expect(path === '').toBe(points.length === 0);
        },
      ),
    );
  });

  it('finds the point that the pointer means, and none far away', () => {
    const [first] = placed;
    expect(nearest(placed, (first?.x ?? 0) + 5, first?.y ?? 0)).toBe(first);
    expect(nearest(placed, 480, 30)).toBeNull();
  });

  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', 2, 2],
    ['ArrowUp', 0, 2],
    ['ArrowDown', 2, 0],
    ['ArrowUp', 1, 2],
    ['ArrowDown', 1, 0],
    ['Home', 2, 0],
    ['End', 0, 2],
    ['ArrowRight', null, 0],
  ])('%s leads from %s to %s', (key, from, to) => {
    expect(neighbour(POINTS, from, key)?.ask).toBe(to);
  });

  it('leaves other keys alone', () => {
    expect(neighbour(POINTS, 0, 'Tab')).toBeUndefined();
    expect(neighbour([], null, 'ArrowRight')).toBeUndefined();
  });
});
