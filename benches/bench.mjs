// npm run bench: how fast the engine trains, natively, in Node and in browsers; with --peers beside PyTorch and
// TensorFlow.js. All hosts take turns, so that a machine that others use as well slows them alike.
import { stderr } from 'node:process';
import { parseArgs } from 'node:util';
import { command } from '../scripts/house.mjs';
import { build } from './build.mjs';
import { openChromium, openFirefox } from './hosts/browser.mjs';
import { withHosts } from './hosts/host.mjs';
import { openNative } from './hosts/native.mjs';
import { openNode } from './hosts/node.mjs';
import { PARTS, PEAK_SECONDS } from './measure.mjs';
import { openTfjs } from './peers/tfjs.mjs';
import { openTorch, openTorchChannelsLast } from './peers/torch.mjs';
import { ratios, scaling, summarize } from './results.mjs';
import { profileTables, ratioTable, scalingTable, workloadTable } from './table.mjs';

const WORKLOADS = ['W1', 'W2', 'W3', 'W4'];
const IN_WORKERS = [openNode, openChromium, openFirefox];
const ENGINE = [openNative, ...IN_WORKERS];
const PEERS = [openTorch, openTorchChannelsLast, openTfjs];
const RECIPE = { batch: 32, optimizer: 'sgd', seed: 7 };
/** Runs of the register loop in each part of a measurement: enough for a median. */
const PEAKS = 5;

await command(async () => {
  const options = readOptions();
  build();
  const opening = options.workers > 1 ? IN_WORKERS : options.peers ? [...ENGINE, ...PEERS] : ENGINE;
  const measureHosts = options.workers > 1 ? measureScaling : measureAll;
  console.log(await withHosts(opening, options.workers, (hosts) => measureHosts(hosts, options)));
});

/** @typedef {ReturnType<typeof readOptions>} Options */

function readOptions() {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string', multiple: true, default: WORKLOADS },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      workers: { type: 'string', default: '1' },
      peers: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [rounds, seconds, workers] = [values.rounds, values.seconds, values.workers].map(Number);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds: a whole number from 1.');
  if (!(seconds > 0)) throw new Error('--seconds: a number above 0.');
  if (!(Number.isInteger(workers) && workers > 0)) throw new Error('--workers: a whole number from 1.');
  if (workers > 1 && values.peers) throw new Error('--peers are measured with one worker.');
  const unknown = values.workload.find((id) => !WORKLOADS.includes(id));
  if (unknown !== undefined) throw new Error(`--workload: '${unknown}' is none of ${WORKLOADS.join(', ')}.`);
  return { ...values, rounds, seconds, workers };
}

/** @type {(hosts: import('./hosts/host.mjs').Host[], options: Options) => Promise<string>} */
async function measureAll(hosts, options) {
  const samples = [];
  await inTurns(hosts, options, async (round, workload, host, request) => {
    samples.push({ round, workload, host: host.name, ...(await host.lanes[0].measure(request)) });
  });
  const summary = summarize(samples, RECIPE.batch);
  const compared = options.peers ? ratios(samples) : undefined;
  if (options.json) return JSON.stringify({ ...summary, ...(compared && { ratios: compared }) });
  const tables = [workloadTable(summary), ...(compared ? [ratioTable(compared)] : [])];
  return [...tables, ...profileTables(summary)].join('\n\n');
}

/** One lane alone, then all at the same time. @type {(hosts: import('./hosts/host.mjs').Host[], options: Options) => Promise<string>} */
async function measureScaling(hosts, options) {
  const samples = [];
  // Means are compared: the register loop has to run as long as the training.
  const peaks = Math.ceil(options.seconds / PARTS / PEAK_SECONDS);
  await inTurns(hosts, options, async (round, workload, host, request) => {
    request = { ...request, peaks };
    const alone = await host.lanes[0].measure(request);
    const together = await Promise.all(host.lanes.map((lane) => lane.measure(request)));
    samples.push({ workload, host: host.name, alone, together });
  });
  const scaled = scaling(samples);
  return options.json ? JSON.stringify({ workers: options.workers, scaling: scaled }) : scalingTable(scaled);
}

async function inTurns(hosts, { rounds, workload: workloads, seconds, profile }, measure) {
  for (let round = 1; round <= rounds; round += 1) {
    for (const workload of workloads) {
      for (const host of hosts) {
        if (stderr.isTTY) stderr.write(`\r\x1b[Kround ${round} of ${rounds}: ${workload} ${host.name}`);
        await measure(round, workload, host, { ...RECIPE, workload, seconds, profile, peaks: PEAKS });
      }
    }
  }
  if (stderr.isTTY) stderr.write('\r\x1b[K');
}
