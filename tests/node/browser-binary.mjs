// The browser's wasm binary in Node: the same file, driven without workers.
import { readFileSync } from 'node:fs';
import * as binary from '../../www/pkg/nas_wasm.js';

const MACS_A_STEP = 50_000_000;
const WARM_UP_CYCLES = 20;

binary.initSync({ module: readFileSync(new URL('../../www/pkg/nas_wasm_bg.wasm', import.meta.url)) });

export { binary };

/** @type {(id: string) => Uint8Array} */
export function dataFile(id) {
  return readFileSync(new URL(`../../static/data/${id}.nasdata`, import.meta.url));
}

/** @type {(data: import('../../www/pkg/nas_wasm.js').DataSpec) => import('../../www/pkg/nas_wasm.js').Evaluator} */
export function evaluatorFor(data) {
  const file = new binary.DataFile(data.id, dataFile(data.id));
  const evaluator = new binary.Evaluator(file, data);
  file.free();
  return evaluator;
}

/** Works until there is an outcome. */
export function finish(evaluator) {
  for (;;) {
    const { outcome } = evaluator.step(MACS_A_STEP);
    if (outcome) return outcome;
  }
}

/** The log of a run, its jobs done one after the other. */
export function browserLog(link) {
  const { config, notices } = binary.readLink(link);
  if (notices.length > 0) throw new Error(notices.map(({ message }) => message).join('\n'));
  const run = new binary.Coordinator(config);
  let evaluator;
  for (let job = run.nextJob(); job; job = run.nextJob()) {
    evaluator ??= evaluatorFor(job.data);
    run.tell(job.id, evaluator.begin(job) ?? finish(evaluator));
  }
  const log = run.takeLog();
  evaluator?.free();
  run.free();
  return log;
}

/**
 * Bytes of the binary's memory before and after so many cycles, each of which makes a run and an evaluator, trains a
 * little, and frees both.
 * @type {(link: string, cycles: number) => { before: number, after: number }}
 */
export function memoryOfCycles(link, cycles) {
  const { config } = binary.readLink(link);
  const cycle = () => {
    const run = new binary.Coordinator(config);
    const job = run.nextJob();
    const evaluator = evaluatorFor(job.data);
    evaluator.begin(job);
    evaluator.step(1_000_000);
    evaluator.free();
    run.free();
  };
  const { memory } = binary.initSync({});
  for (let i = 0; i < WARM_UP_CYCLES; i += 1) cycle();
  const before = memory.buffer.byteLength;
  for (let i = 0; i < cycles; i += 1) cycle();
  return { before, after: memory.buffer.byteLength };
}
