// npm run bits: trains the four workloads natively at every width of the vector registers, in Node and in browsers. Fails
// unless all hosts end with the same weights, bit for bit.
import { parseArgs } from 'node:util';
import { command } from '../scripts/house.mjs';
import { build } from './build.mjs';
import { openChromium, openFirefox } from './hosts/browser.mjs';
import { withHosts } from './hosts/host.mjs';
import { nativeWeights } from './hosts/native.mjs';
import { openNode } from './hosts/node.mjs';
import { groups } from './results.mjs';
import { table } from './table.mjs';

/** As in `nas bits`, crate/cli/src/bits.rs. */
const WORKLOADS = ['W1', 'W2', 'W3', 'W4'];
const OPTIMIZERS = ['sgd', 'adamw'];
const TRAINING = { batch: 32, seed: 7 };

await command(async () => {
  const { values } = parseArgs({ options: { steps: { type: 'string', default: '10' } } });
  const steps = Number(values.steps);
  if (!(Number.isInteger(steps) && steps > 0)) throw new Error('--steps: a whole number from 1.');
  build();
  const trained = await nativeWeights(steps);
  await withHosts([openNode, openChromium, openFirefox], 1, async (hosts) => {
    for (const id of WORKLOADS) {
      for (const optimizer of OPTIMIZERS) {
        for (const { name, lanes } of hosts) {
          const weights = await lanes[0].weights({ ...TRAINING, workload: id, optimizer, steps });
          trained.push({ id, optimizer, host: name, weights });
        }
      }
    }
  });
  const same = groups(trained, ({ id, optimizer, weights }) => `${id} ${optimizer} ${weights}`);
  const rows = [...same.values()].map((group) => {
    const [{ id, optimizer, weights }] = group;
    return [id, optimizer, weights, group.map(({ host }) => host).join(', ')];
  });
  console.log(table(['workload', 'optimizer', 'SHA-256 of the weights', 'hosts'], rows));
  const trainings = WORKLOADS.length * OPTIMIZERS.length;
  if (rows.length > trainings) throw new Error('The weights differ between the hosts.');
  console.log(`\n${trainings} trainings of ${steps} steps: the same weights on all hosts.`);
});
