/** Fills a table of operators' times: how often each is run, and what of its times counts. */
import type { FromMeasuring } from '../protocol/messages';

/** What this needs of `Measurement`. */
export interface OperatorBench {
  count(): number;
  begin(index: number): void;
  seek(): boolean;
  repeat(times: number): void;
  tell(ms: number): void;
  csv(): string;
}

export interface MeasuringHost {
  readonly bench: OperatorBench;
  readonly post: (message: FromMeasuring) => void;
  /** Milliseconds; may be coarse. */
  readonly now: () => number;
}

/** Runs of each operator; the median of their times counts, so that what else the machine does falls out. */
const RUNS = 11;
/** A run is repeated until it takes so long, at least: before, a browser has not compiled it to the end. */
const RUN_MS = 1;
/** And as often as the clock ticks, so that a tick is one part in ten. */
const RUN_TICKS = 10;
/** Ticks that are waited for to know the clock. */
const TICKS_SEEN = 5;

export function measure({ bench, post, now }: MeasuringHost): void {
  const leastMs = Math.max(RUN_MS, RUN_TICKS * tickMs(now));
  const all = bench.count();
  for (let index = 0; index < all; index += 1) {
    bench.begin(index);
    bench.tell(medianMs(bench, now, leastMs));
    post({ kind: 'progress', done: index + 1, all });
  }
  post({ kind: 'done', csv: bench.csv() });
}

function medianMs(bench: OperatorBench, now: () => number, leastMs: number): number {
  let repeats = 1;
  // These runs warm up.
  while (runMs(bench, now, repeats) < leastMs) repeats *= 2;
  const times = Array.from({ length: RUNS }, () => runMs(bench, now, repeats) / repeats);
  return times.sort((a, b) => a - b)[(RUNS - 1) / 2] as number;
}

/** Time of all steps of an operator, each repeated. */
function runMs(bench: OperatorBench, now: () => number, repeats: number): number {
  let time = 0;
  while (bench.seek()) {
    const start = now();
    bench.repeat(repeats);
    time += now() - start;
  }
  return time;
}

/** The smallest step of the clock that was seen. */
function tickMs(now: () => number): number {
  let least = Infinity;
  for (let tick = 0; tick < TICKS_SEEN; tick += 1) {
    const start = now();
    let next = start;
    while (next === start) next = now();
    least = Math.min(least, next - start);
  }
  return least;
}
