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
/** And so many ticks of the clock, so that one is a small part of it. */
const RUN_TICKS = 20;
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
  for (let repeats = 1; ; repeats *= 2) {
    // Runs that are too short warm up.
    if (runMs(bench, now, repeats) < leastMs) continue;
    const times = Array.from({ length: RUNS }, () => runMs(bench, now, repeats)).sort((a, b) => a - b);
    const median = times[(RUNS - 1) / 2] as number;
    // The first run may have been long only because the machine did something else.
    if (median >= leastMs / 2) return median / repeats;
  }
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
