import { describe, expect, it } from 'vitest';
import type { FromMeasuring } from '../protocol/messages';
import { measure, type OperatorBench } from './measuring';

/** Operators that take a known time, on a clock that ticks only so often. */
class Bench implements OperatorBench {
  now = 0;
  readonly told: number[] = [];
  readonly posted: FromMeasuring[] = [];
  #operator = 0;
  #step = 0;
  #runs = 0;

  constructor(
    /** Milliseconds of each step of each operator. */
    private readonly operators: readonly (readonly number[])[],
    private readonly tickMs: number,
    /** How much longer a run takes, from what else the machine does. */
    private readonly disturbance: (run: number) => number = () => 1,
  ) {}

  count(): number {
    return this.operators.length;
  }

  begin(index: number): void {
    this.#operator = index;
    this.#step = -1;
  }

  seek(): boolean {
    this.#step += 1;
    const isThere = this.#step < (this.operators[this.#operator]?.length ?? 0);
    if (!isThere) {
      this.#step = -1;
      this.#runs += 1;
    }
    return isThere;
  }

  repeat(times: number): void {
    const ms = this.operators[this.#operator]?.[this.#step] ?? 0;
    this.now += times * ms * this.disturbance(this.#runs);
  }

  tell(ms: number): void {
    this.told.push(ms);
  }

  csv(): string {
    return `${this.told.length} rows`;
  }

  measure(): void {
    measure({
      bench: this,
      post: (message) => this.posted.push(message),
      now: () => {
        // Asking takes time, too.
        this.now += 1e-4;
        return Math.floor(this.now / this.tickMs) * this.tickMs;
      },
    });
  }
}

describe('measuring', () => {
  it('tells the time of all steps of each operator, however coarse the clock', () => {
    for (const tickMs of [0.005, 0.1, 1]) {
      const bench = new Bench([[0.0004], [0.02, 0.03], [7]], tickMs);
      bench.measure();
      const wanted = [0.0004, 0.05, 7];
      bench.told.forEach((ms, index) => {
        expect(Math.abs(ms / (wanted[index] ?? 0) - 1), `${tickMs} ms: ${ms}`).toBeLessThan(0.15);
      });
      expect(bench.told).toHaveLength(3);
    }
  });

  it('is not misled by a few runs that were disturbed', () => {
    const bench = new Bench([[2]], 0.1, (run) => (run % 3 === 0 ? 10 : 1));
    bench.measure();
    expect(bench.told[0]).toBeCloseTo(2, 0);
  });

  it('is not misled by a first run that was disturbed', () => {
    const bench = new Bench([[0.001]], 0.1, (run) => (run === 0 ? 10_000 : 1));
    bench.measure();
    expect(bench.told[0]).toBeCloseTo(0.001, 4);
  });

  it('says how far it is, and gives the table at the end', () => {
    const bench = new Bench([[1], [1]], 0.1);
    bench.measure();
    expect(bench.posted).toEqual([
      { kind: 'progress', done: 1, all: 2 },
      { kind: 'progress', done: 2, all: 2 },
      { kind: 'done', csv: '2 rows' },
    ]);
  });
});
