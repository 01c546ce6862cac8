import { describe, expect, it } from 'vitest';
import { arrayPicture } from './array-picture';

describe('the drawing of an array', () => {
  const wide = arrayPicture({ rows: 4, columns: 16, sram_kib: [8, 32, 128] });

  it('has the shape of the array, and a line between units', () => {
    expect(wide.units.width / wide.units.height).toBe(4);
    expect(wide.grid.match(/v/g)).toHaveLength(15);
    expect(wide.grid.match(/h/g)).toHaveLength(3);
  });

  it('has memories as thick as they are large, of which none vanishes', () => {
    const [input, filter, output] = wide.memories;
    expect([input.width, filter.height, output.height]).toEqual([2, 3, 12]);
  });

  it('stays inside its frame, however large the array', () => {
    for (const [rows, columns] of [
      [1, 4096],
      [4096, 1],
      [256, 256],
    ] as const) {
      const { units, memories, side, grid } = arrayPicture({ rows, columns, sram_kib: [1, 1, 1] });
      for (const { x, y, width, height } of [units, ...memories]) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(side);
      }
      expect(grid.length).toBeLessThan(2000);
    }
  });
});
