// One measurement of the benchmark's binary, in Node or in a worker of a browser.
import { quantile } from './statistics.mjs';

// As in `nas bench`, crate/cli/src/bench.rs.
/** Parts of a measurement, each with the peak at its beginning, so that both are of the same moments. */
export const PARTS = 7;
/** Some 2 ms of the register loop. */
const PEAK_ITERATIONS = 400_000;
export const PEAK_SECONDS = 0.002;

const LEAST_STEPS = 2;
const PROFILE_STEPS = 200;
/** Until the browser has compiled what matters for the second time, with optimisation. */
const WARM_UP_MS = 300;
const WARM_UP_STEPS = 5;

/**
 * @typedef {{ workload: string, batch: number, optimizer: string, seed: number, seconds: number, profile: boolean, peaks: number }} Request a part begins with as many `peaks`
 * @typedef {object} Measurement
 * @property {number} ms of a step, median
 * @property {number} [mean_ms] with what others did to the machine
 * @property {number} [macs] of the forward pass of one image
 * @property {number} params trainable ones
 * @property {number[]} [peak_gflops] of the register loop, between the steps
 * @property {Record<string, number>} [profile_ms] mean milliseconds of each kind of work in a step
 */

/** @type {(binary: typeof import('./pkg/trainer/trainer.js'), request: Request) => Measurement} */
export function measure(
  binary,
  { workload: id, batch, optimizer, seed, seconds, profile, peaks: peaksAPart },
) {
  const workload = new binary.Workload(id, batch, optimizer, seed);
  const begin = performance.now();
  for (let step = 0; step < WARM_UP_STEPS || performance.now() - begin < WARM_UP_MS; step += 1) {
    workload.step();
    peakGflops(binary, PEAK_ITERATIONS / 10);
  }
  const times = [];
  const peaks = [];
  for (let part = 1; part <= PARTS; part += 1) {
    for (let i = 0; i < peaksAPart; i += 1) peaks.push(peakGflops(binary, PEAK_ITERATIONS));
    const start = performance.now();
    while (times.length < LEAST_STEPS * part || performance.now() - start < (seconds * 1000) / PARTS) {
      const step = performance.now();
      workload.step();
      times.push(performance.now() - step);
    }
  }
  const result = {
    ms: quantile(times, 0.5),
    mean_ms: times.reduce((sum, time) => sum + time, 0) / times.length,
    macs: workload.macs(),
    params: workload.params(),
    peak_gflops: peaks,
    ...(profile && { profile_ms: profileOf(workload, Math.min(times.length, PROFILE_STEPS)) }),
  };
  workload.free();
  return result;
}

function peakGflops(binary, iterations) {
  const start = performance.now();
  const flops = binary.peak(iterations);
  return flops / (performance.now() - start) / 1e6;
}

function profileOf(workload, steps) {
  const ms = {};
  const last = workload.updates() + steps;
  while (workload.updates() < last) {
    const name = workload.upcoming();
    const start = performance.now();
    workload.advance();
    ms[name] = (ms[name] ?? 0) + performance.now() - start;
  }
  return Object.fromEntries(Object.entries(ms).map(([name, sum]) => [name, sum / steps]));
}
