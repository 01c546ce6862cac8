// The browser's wasm binary in Node: the same file, driven without workers.
import { readFileSync } from 'node:fs';
import * as binary from '../../www/pkg/nas_wasm.js';

const MACS_A_STEP = 50_000_000;

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
