// The arithmetic of the benchmark; its clocks are not tested.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratios, scaling, summarize } from '../../benches/results.mjs';
import { quantile } from '../../benches/statistics.mjs';
import { ratioTable, scalingTable, workloadTable } from '../../benches/table.mjs';

const sample = (
  /** @type {number} */ round,
  /** @type {string} */ host,
  /** @type {number} */ ms,
  more = {},
) => ({
  round,
  workload: 'W1',
  host,
  ms,
  params: 10,
  ...more,
});
const engine = { macs: 1_000_000, peak_gflops: [40, 10, 50] };

test('a quantile is one of the values', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([4, 3, 1, 2], 0.5), 2);
  assert.equal(quantile([5], 0.9), 5);
});

test('a summary: medians of rounds, operations by 6 MACs an image, peers without a peak', () => {
  const samples = [
    ...[10, 8, 40].map((ms, round) => sample(round, 'node', ms, engine)),
    ...[20, 30, 25].map((ms, round) => sample(round, 'tfjs', ms)),
  ];
  const { workloads, peak_gflops } = summarize(samples, 32);
  assert.deepEqual(peak_gflops, { node: 40 });
  assert.deepEqual(workloads, [
    {
      id: 'W1',
      host: 'node',
      ms_per_step: 10,
      ms_spread: [8, 40],
      images_per_s: 3200,
      gflops: 19.2,
      share_of_peak: 0.48,
    },
    { id: 'W1', host: 'tfjs', ms_per_step: 25, ms_spread: [20, 30], images_per_s: 1280, gflops: 7.68 },
  ]);
  const text = workloadTable({ workloads, peak_gflops });
  assert.match(text, /\| W1 +\| node +\| 10\.00 +\| 8\.000 to 40\.00 +\| 3200 +\| 19\.2 +\| 48\.0 % +\|/);
  assert.match(text, /\| W1 +\| tfjs .*\| 7\.7 +\| +\|/);
  assert.match(text, /GFLOP\/s: node 40\.0$/);
});

test('ratios are of the same round, and of the better layout', () => {
  const samples = [
    ...[10, 20, 10].map((ms, round) => sample(round, 'native', ms, engine)),
    ...[90, 90, 90].map((ms, round) => sample(round, 'torch', ms)),
    ...[30, 80, 20].map((ms, round) => sample(round, 'torch-channels-last', ms)),
    ...[10, 10, 10].map((ms, round) => sample(round, 'chromium', ms, engine)),
  ];
  const compared = ratios(samples);
  assert.deepEqual(compared, [
    { id: 'W1', host: 'native', peer: 'torch-channels-last', ratio: 3, spread: [2, 4] },
  ]);
  assert.match(ratioTable(compared), /\| 3\.00 +\| 2\.00 to 4\.00 \|$/);
});

test('another network is not compared', () => {
  const samples = [sample(1, 'native', 10, engine), { ...sample(1, 'torch', 10), params: 11 }];
  assert.throws(() => ratios(samples), /W1: the hosts train 10, 11 parameters/);
});

test('scaling is a share of what the register loop gains', () => {
  const one = { ms: 1, mean_ms: 10, params: 10, peak_gflops: [20, 60] };
  const half = { ms: 1, mean_ms: 12.5, params: 10, peak_gflops: [24, 24] };
  const scaled = scaling([{ workload: 'W2', host: 'node', alone: one, together: [half, half] }]);
  assert.deepEqual(scaled, [{ id: 'W2', host: 'node', speedup: 1.6, peak_speedup: 1.6, share: 1 }]);
  assert.match(scalingTable(scaled), /\| 1\.60 +\| 1\.60 +\| 100\.0 % \|$/);
});
