// The engine as a harness for training in the browser drives it; the same for any peer.
import initialize, { Workload } from './pkg/trainer/trainer.js';

const binary = new URL('pkg/trainer/trainer_bg.wasm', import.meta.url);

/**
 * @param {string} workload W1 to W4
 * @param {{ batch: number, optimizer: 'sgd' | 'adam' | 'adamw', seed: number }} options
 * @returns {Promise<{ step(): number, params: number, dispose(): void }>} `step` trains on one batch and gives the loss
 */
export async function create(workload, { batch, optimizer, seed }) {
  await initialize({ module_or_path: binary });
  const handle = new Workload(workload, batch, optimizer === 'adam' ? 'adamw' : optimizer, seed);
  return { step: () => handle.step(), params: handle.params(), dispose: () => handle.free() };
}
