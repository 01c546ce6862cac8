// The command `nas`: a process for each measurement.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/house.mjs';

const command = join(root, 'target/release/nas');
const execute = promisify(execFile);

/** @type {import('./host.mjs').Open} */
export async function openNative(lanes) {
  return { name: 'native', lanes: Array(lanes).fill({ measure }), close: () => Promise.resolve() };
}

async function measure({ workload, seconds, profile }) {
  const words = ['bench', '--json', '--workload', workload, '--seconds', String(seconds)];
  const { stdout } = await execute(command, profile ? [...words, '--profile'] : words);
  const { workloads, peak_gflops } = JSON.parse(stdout);
  const [{ ms_per_step, macs, params, profile_ms }] = workloads;
  return { ms: ms_per_step, macs, params, peak_gflops: [peak_gflops.native], profile_ms };
}

/**
 * The workloads' weights after so many steps, at each width of the vector registers.
 * @type {(steps: number) => Promise<{ id: string, optimizer: string, host: string, weights: string }[]>}
 */
export async function nativeWeights(steps) {
  const { stdout } = await execute(command, ['bits', '--json', '--steps', String(steps)]);
  return JSON.parse(stdout).map(({ id, optimizer, level, weights_sha256: weights }) => {
    return { id, optimizer, host: `native ${level}`, weights };
  });
}
