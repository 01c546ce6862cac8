import { describe, expect, it } from 'vitest';
import type { Engine, Measuring } from '../engine/engine';
import type { TableView } from '../protocol/generated/TableView';
import type { KeptTable, TableShelf } from '../store/table-shelf';
import { fakeEngine, fakeTable } from '../testing/fake-engine';
import { Tables } from './tables.svelte';

const MEASURED = { device: 'this-browser', estimator: 'measured' } as const;
const LOOKED_UP = { device: 'microbit', estimator: 'look-up-table' } as const;

class Shelf implements TableShelf {
  readonly kept: KeptTable[] = [];

  keep(table: KeptTable): Promise<void> {
    this.kept.push(table);
    return Promise.resolve();
  }

  all(): Promise<KeptTable[]> {
    return Promise.resolve(this.kept);
  }
}

/** Tables over an engine whose measurement ends when the test says so. */
class Bench {
  readonly shelf = new Shelf();
  readonly added: string[] = [];
  isCancelled = false;
  finish: (csv: string) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  progress: (share: number) => void = () => undefined;
  readonly tables: Tables;

  constructor() {
    const engine: Engine = {
      ...fakeEngine(1),
      addTable: ({ sha256 }: TableView) => this.added.push(sha256),
      measure: (progress): Measuring => {
        this.progress = progress;
        const csv = new Promise<string>((resolve, reject) => {
          this.finish = resolve;
          this.fail = reject;
        });
        return {
          csv,
          cancel: () => {
            this.isCancelled = true;
            this.fail(new Error('cancelled'));
          },
        };
      },
    };
    this.tables = new Tables(engine, this.shelf, () => 1000);
  }

  open(text: string, size = text.length) {
    return this.tables.open({ name: 't.csv', size, text: () => Promise.resolve(text) }, LOOKED_UP);
  }
}

const digest = (csv: string): string => fakeTable(csv).sha256;

describe('tables of measurements', () => {
  it('are measured once, known to the engine and kept by their digest', async () => {
    const bench = new Bench();
    const table = bench.tables.measure(MEASURED);
    expect(bench.tables.progress).toBe(0);
    bench.progress(0.5);
    expect(bench.tables.progress).toBe(0.5);
    bench.finish('times');
    expect(await table).toEqual({ ...MEASURED, sha256: digest('times'), csv: 'times', at: 1000 });
    expect([bench.tables.progress, bench.added, bench.shelf.kept.length]).toEqual([
      null,
      [digest('times')],
      1,
    ]);
    expect(bench.tables.find(digest('times'))?.csv).toBe('times');
    expect(bench.tables.newestOf(MEASURED)?.csv).toBe('times');
    expect(bench.tables.newestOf(LOOKED_UP)).toBeUndefined();
  });

  it('are not there, and nothing is said, when the measurement is cancelled', async () => {
    const bench = new Bench();
    const table = bench.tables.measure(MEASURED);
    bench.tables.cancel();
    expect(bench.tables.progress).toBeNull();
    expect(await table).toBeNull();
    expect([bench.isCancelled, bench.tables.error, bench.shelf.kept.length]).toEqual([true, null, 0]);
  });

  it('are not there, with the reason, when the measurement fails', async () => {
    const bench = new Bench();
    const table = bench.tables.measure(MEASURED);
    bench.fail(new Error('the worker broke'));
    expect(await table).toBeNull();
    expect(bench.tables.error?.message).toBe('the worker broke');
    expect(bench.tables.progress).toBeNull();
  });

  it.each([
    ['bad', 't.csv: no table, line 1: it is bad'],
    ['half', 't.csv: no row of dense'],
  ])('of a file that is no whole table are refused: %s', async (text, message) => {
    const bench = new Bench();
    expect(await bench.open(text)).toBeNull();
    expect(bench.tables.error?.message).toContain(message);
    expect(await bench.open('sound')).toMatchObject(LOOKED_UP);
    expect(bench.tables.error).toBeNull();
  });

  it('of an enormous file are not read', async () => {
    const bench = new Bench();
    expect(await bench.open('large', 2 ** 30)).toBeNull();
    expect(bench.tables.error?.message).toContain('at most');
  });

  it('of earlier visits come back, but not damaged ones', async () => {
    const bench = new Bench();
    const sound = { ...MEASURED, sha256: digest('old'), csv: 'old', at: 1 };
    bench.shelf.kept.push(sound, { ...sound, csv: 'changed' }, { ...sound, csv: 'bad' });
    expect(bench.tables.isLoaded).toBe(false);
    await bench.tables.load();
    expect(bench.tables.isLoaded).toBe(true);
    expect(bench.added).toEqual([digest('old')]);
    expect(bench.tables.find(digest('old'))).toBe(sound);
  });
});
