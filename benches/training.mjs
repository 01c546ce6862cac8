// npm run bench: how fast reference networks are trained, natively and by the browser's binary in Node, in turns.
//
// One epoch of each, at batches of 32, validation included. GFLOP/s counts 2 operations for each planned
// multiply-accumulate: three forward passes for a training image, one for a validation image.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { nas, temporaryFolder } from '../tests/native.mjs';
import { evaluatorFor, finish } from '../tests/node/browser-binary.mjs';

const ROUNDS = 5;
const WORKLOADS = [
  { network: 'digits-tiny', data: 'digits8' },
  { network: 'mnist-fire', data: 'mnist' },
  { network: 'lenet-5', data: 'mnist' },
];

const seconds = (/** @type {() => void} */ work) => {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
};

for (const { network, data } of WORKLOADS) {
  const train = (/** @type {number} */ epochs, /** @type {string[]} */ ...more) =>
    nas('train', `ref:${network}`, '--data', data, '--epochs', String(epochs), ...more);
  const folder = temporaryFolder();
  train(1, '--checkpoints', folder);
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
  const evaluator = evaluatorFor(job.data);
  const times = { native: [], node: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // The difference of two runs is free of start-up, reading and testing.
    times.native.push((seconds(() => train(5)) - seconds(() => train(1))) / 4);
    times.node.push(
      seconds(() => {
        evaluator.begin({ ...job, kind: 'search' });
        finish(evaluator);
      }),
    );
  }
  evaluator.free();
  for (const [host, each] of Object.entries(times)) {
    const epoch = median(each);
    const gflops = (2 * job.planned_macs) / epoch / 1e9;
    console.log(
      `${network.padEnd(12)} ${host.padEnd(7)} ${(epoch * 1000).toFixed(1)} ms an epoch, ${gflops.toFixed(1)} GFLOP/s`,
    );
  }
}

/** @type {(values: readonly number[]) => number} */
function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
