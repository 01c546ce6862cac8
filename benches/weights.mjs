/**
 * @typedef {{ workload: string, batch: number, optimizer: string, seed: number, steps: number }} Training
 * @type {(binary: typeof import('./pkg/trainer/trainer.js'), training: Training) => string} SHA-256 of the weights it ends with
 */
export function weights(binary, { workload: id, batch, optimizer, seed, steps }) {
  const workload = new binary.Workload(id, batch, optimizer, seed);
  for (let step = 0; step < steps; step += 1) workload.step();
  const digest = workload.weightsSha256();
  workload.free();
  return digest;
}
