import { describe, expect, it } from 'vitest';
import type { Layer } from '../../protocol/generated/Layer';
import { fakeGenes, fakeNetwork, fakeRandom } from '../../testing/fake-space';
import { TRANSFORMER } from '../../testing/layers';
import { blocksOf } from './blocks';
import { layoutOf, type LayoutOptions } from './layout';

const OPTIONS: LayoutOptions = {
  width: 140,
  height: 240,
  labelOf: () => ['a', 'label'],
  textWidth: (text) => 6 * text.length,
};
const lay = (layers: Layer[]) => layoutOf(blocksOf({ input: [4, 8, 8], layers }), OPTIONS);
const conv = (name: string, inputs: string[], kernel: number, out_channels: number): Layer => ({
  name,
  inputs,
  op: 'conv2d',
  out_channels,
  kernel,
});

describe('the drawing of a network', () => {
  it('puts rows below each other and boxes beside each other', () => {
    const random = fakeRandom(9);
    for (let draw = 0; draw < 300; draw += 1) {
      const { rows, height } = layoutOf(blocksOf(fakeNetwork(fakeGenes(random))), OPTIONS);
      rows.forEach((row, index) => {
        const below = rows[index + 1];
        expect(row.y + row.height).toBeLessThan(below?.y ?? height + 1);
        for (const box of row.boxes) {
          expect(box.x - box.width / 2).toBeGreaterThanOrEqual(-0.001);
          expect(box.x + box.width / 2).toBeLessThanOrEqual(OPTIONS.width + 0.001);
          expect(box.y + box.height).toBeLessThanOrEqual(row.y + row.height);
        }
      });
    }
  });

  it('carries channels to scale', () => {
    const { ribbons } = lay([conv('a', ['input'], 3, 8), conv('b', ['a'], 3, 16), conv('c', ['b'], 3, 4)]);
    expect(ribbons.map(({ fromWidth }) => fromWidth)).toEqual([17.5, 35, 70]);
  });

  it('splits a fire module and adds its parts up side by side', () => {
    const { rows, ribbons } = lay([
      conv('s', ['input'], 1, 2),
      conv('a', ['s'], 1, 4),
      conv('b', ['s'], 3, 4),
      { name: 'cat', inputs: ['a', 'b'], op: 'concat' },
      conv('after', ['cat'], 3, 8),
    ]);
    expect(rows[1]?.boxes).toHaveLength(3);
    const joining = ribbons.slice(-2);
    expect(joining.map(({ toX, toWidth }) => [toX - toWidth / 2, toX + toWidth / 2])).toEqual([
      [35, 70],
      [70, 105],
    ]);
  });

  it('swings what skips rows out at the side', () => {
    const { arcs, rows } = lay([
      conv('a', ['input'], 3, 4),
      conv('b', ['a'], 3, 4),
      conv('c', ['b'], 3, 4),
      { name: 'sum', inputs: ['c', 'a'], op: 'add' },
    ]);
    expect(arcs).toHaveLength(1);
    expect(arcs[0]?.toY).toBe((rows[4]?.y ?? 0) + 17 / 2);
    expect(arcs[0]?.sideX).toBe(103);
  });

  it('passes a block that has a shortcut inside, from the ribbon above to the ribbon below', () => {
    const { arcs, rows } = lay([...TRANSFORMER, conv('c', ['transformer'], 3, 4)]);
    expect(rows.map(({ block }) => block.kind)).toEqual(['input', 'transformer', 'conv']);
    const [above, row, below] = rows;
    expect(arcs).toHaveLength(1);
    expect(arcs[0]?.fromY).toBeGreaterThan((above?.y ?? 0) + (above?.height ?? 0));
    expect(arcs[0]?.fromY).toBeLessThan(row?.y ?? 0);
    expect(arcs[0]?.toY).toBeGreaterThan((row?.y ?? 0) + (row?.height ?? 0));
    expect(arcs[0]?.toY).toBeLessThan(below?.y ?? 0);
  });

  it('makes room for labels of several lines, and keeps arcs off the columns beside it', () => {
    const layers = [conv('a', ['input'], 3, 4), conv('b', ['a'], 3, 4), conv('c', ['b'], 3, 4)];
    const { arcs, rows } = layoutOf(
      blocksOf({
        input: [4, 8, 8],
        layers: [...layers, { name: 'sum', inputs: ['c', 'a', 'input'], op: 'add' }],
      }),
      { ...OPTIONS, labelOf: () => ['a label', 'of several lines', 'of text'] },
    );
    expect(rows[1]?.boxes[0]?.lines).toEqual(['a label', 'of several lines', 'of text']);
    rows.slice(1).forEach((row, index) => {
      expect(row.y).toBeGreaterThan((rows[index]?.y ?? 0) + (rows[index]?.height ?? 0));
    });
    for (const { sideX, bulge } of arcs) expect(sideX + bulge).toBeLessThanOrEqual(OPTIONS.width + 8);
  });
});
