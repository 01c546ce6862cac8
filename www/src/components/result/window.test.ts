import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROW_HEIGHT, windowOf } from './window';

describe('the rows that are built', () => {
  it('cover what is seen and stay few, wherever one scrolls', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(300_000), fc.nat(1000), (count, top, height) => {
        const { first, end } = windowOf(count, top, height);
        const seenFirst = Math.min(
          Math.floor(top / ROW_HEIGHT),
          Math.max(0, count - Math.ceil(height / ROW_HEIGHT)),
        );
        expect(first).toBeLessThanOrEqual(seenFirst);
        expect(end).toBeGreaterThanOrEqual(Math.min(count, seenFirst + Math.ceil(height / ROW_HEIGHT)));
        expect(seenFirst - first).toBe(Math.min(6, seenFirst));
        expect(end - first).toBeLessThanOrEqual(Math.ceil(height / ROW_HEIGHT) + 12);
      }),
    );
  });
});
