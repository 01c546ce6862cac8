import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapLabel } from './wrap';

const fitsIn =
  (most: number) =>
  (line: string): boolean =>
    line.length <= most;

describe('a label', () => {
  it.each([
    [40, ['inverted residual · 3×3 · 64 → 24']],
    [20, ['inverted residual', '3×3 · 64 → 24']],
    [9, ['inverted', 'residual', '3×3', '64 → 24']],
  ])('in %i letters', (most, lines) => {
    expect(wrapLabel(['inverted residual', '3×3', '64 → 24'], fitsIn(most))).toEqual(lines);
  });

  it('keeps every word in order, and exceeds a line only by one word', () => {
    const part = fc.array(fc.stringMatching(/^[a-z×]{1,9}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (parts, most) => {
        const lines = wrapLabel(
          parts.map((words) => words.join(' ')),
          fitsIn(most),
        );
        expect(lines.flatMap((line) => line.split(/ · | /))).toEqual(parts.flat());
        for (const line of lines) expect(line.length <= most || !line.includes(' ')).toBe(true);
      }),
    );
  });
});
