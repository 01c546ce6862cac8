import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeLog } from '../testing/fake-log';
import { costColumns, matches, rowsOf, sortColumns, sorted } from './candidates';
import { EMPTY_RUN, showLines } from './run-view';

const VIEW = showLines(EMPTY_RUN, fakeLog({ ...FAKE_DEFAULTS, device: 'arduino-uno', candidates: 40 }));
const ROWS = rowsOf(VIEW);
const UNPRICED = (): null => null;

describe('the table of candidates', () => {
  it('has each candidate and each rejection once', () => {
    expect(ROWS.filter(({ candidate }) => candidate !== null)).toHaveLength(40);
    expect(ROWS.filter(({ status }) => status === 'rejected')).toHaveLength(VIEW.rejections.length);
  });

  it('marks the front, duplicates and failures', () => {
    const front = ROWS.filter(({ status }) => status === 'front').map(({ candidate }) => candidate?.ask);
    expect(front).toEqual(VIEW.front.map(({ ask }) => ask).sort((a, b) => a - b));
    expect(ROWS.filter(({ status }) => status === 'failed').map(({ candidate }) => candidate?.ask)).toContain(
      13,
    );
    for (const row of ROWS.filter(({ status }) => status === 'same')) {
      expect(row.candidate?.sameAs).not.toBeNull();
    }
  });

  it('lists a rejected draw before the candidate it preceded', () => {
    const ordered = sorted(ROWS, { column: 'ask', descending: false }, UNPRICED);
    expect(ordered).toEqual(ROWS);
  });

  it('keeps every row when it sorts, and puts what is unknown last', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...sortColumns({ objective2: 'energy' })),
        fc.boolean(),
        (column, descending) => {
          const ordered = sorted(ROWS, { column, descending }, UNPRICED);
          expect(new Set(ordered)).toEqual(new Set(ROWS));
          if (column === 'accuracy') {
            const scores = ordered.map(({ accuracy }) => accuracy);
            const known = scores.filter((score) => score !== null);
            expect(scores.slice(0, known.length)).toEqual(known);
            expect(known).toEqual([...known].sort((a, b) => (descending ? b - a : a - b)));
          }
        },
      ),
    );
  });

  it('splits into the filters', () => {
    const count = (filter: Parameters<typeof matches>[1]): number =>
      ROWS.filter((row) => matches(row, filter)).length;
    expect(count('all')).toBe(count('trained') + count('rejected') + count('failed'));
    expect(count('front')).toBe(VIEW.front.length);
  });

  it('shows a second cost that is not among the usual ones last', () => {
    const usual = ['latency', 'macs', 'params', 'ram', 'flash'];
    expect(costColumns({})).toEqual(usual);
    expect(costColumns({ objective2: 'ram' })).toEqual(usual);
    expect(costColumns({ objective2: 'energy' })).toEqual([...usual, 'energy']);
  });
});
