// The browser's wasm modules in Node: the same files, driven without workers.
import { readFileSync } from 'node:fs';
import * as page from '../../www/pkg/page/page.js';
import * as coordinator from '../../www/pkg/coordinator/coordinator.js';
import * as trainer from '../../www/pkg/trainer/trainer.js';

const MACS_A_STEP = 50_000_000;
const WARM_UP_CYCLES = 20;

const instances = [
  page.initSync({ module: moduleFile('page') }),
  coordinator.initSync({ module: moduleFile('coordinator') }),
  trainer.initSync({ module: moduleFile('trainer') }),
];

/** @type {(name: string) => Uint8Array} */
function moduleFile(name) {
  return readFileSync(new URL(`../../www/pkg/${name}/${name}_bg.wasm`, import.meta.url));
}

/** @type {(id: string) => Uint8Array} */
export function dataFile(id) {
  return readFileSync(new URL(`../../static/data/${id}.nasdata`, import.meta.url));
}

/** @type {(data: { id: string }) => trainer.Evaluator} */
export function evaluatorFor(data) {
  return new trainer.Evaluator(dataFile(data.id), data);
}

/** Works until there is an outcome. */
export function finish(evaluator) {
  for (;;) {
    const { outcome } = evaluator.step(MACS_A_STEP);
    if (outcome) return outcome;
  }
}

/** Performs a job as a trainer does: from the checkpoint of an earlier rung or the weights it inherits, if they are there. */
function perform(evaluator, job, checkpoints) {
  const shared = job.kind === 'search' ? job.supernet : undefined;
  const checkpoint = checkpoints.get(shared?.key ?? job.inherits?.from.key ?? job.key);
  let outcome = checkpoint ? evaluator.resume(job, checkpoint) : evaluator.begin(job);
  if (outcome) return outcome;
  for (;;) {
    const step = evaluator.step(MACS_A_STEP);
    outcome = step.outcome;
    if (!outcome) continue;
    if (step.may_go_on && outcome.outcome === 'trained') checkpoints.set(job.key, evaluator.checkpoint());
    return outcome;
  }
}

/** The first job of a run. */
export function firstJob(link) {
  const run = new coordinator.Coordinator(page.readLink(link).config);
  const job = run.nextJob();
  run.free();
  return job;
}

/** The log of a run, its jobs done one after the other; forgetful, with nothing at hand from earlier ones. */
export function browserLog(link, { isForgetful = false } = {}) {
  const { config, notices } = page.readLink(link);
  if (notices.length > 0) throw new Error(notices.map(({ message }) => message).join('\n'));
  const run = new coordinator.Coordinator(config);
  const checkpoints = new Map();
  let evaluator;
  for (let job = run.nextJob(); job; job = run.nextJob()) {
    evaluator ??= evaluatorFor(job.data);
    if (isForgetful) checkpoints.clear();
    run.tell(job.id, perform(evaluator, job, checkpoints));
  }
  const log = run.takeLog();
  evaluator?.free();
  run.free();
  return log;
}

/**
 * Bytes of the modules' memories before and after so many cycles, each of which makes a run and an evaluator, trains a
 * little, and frees both.
 * @type {(link: string, cycles: number) => { before: number, after: number }}
 */
export function memoryOfCycles(link, cycles) {
  const { config } = page.readLink(link);
  const cycle = () => {
    const run = new coordinator.Coordinator(config);
    const job = run.nextJob();
    const evaluator = evaluatorFor(job.data);
    evaluator.begin(job);
    evaluator.step(1_000_000);
    evaluator.free();
    run.free();
  };
  const bytes = () => instances.reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0);
  for (let i = 0; i < WARM_UP_CYCLES; i += 1) cycle();
  const before = bytes();
  for (let i = 0; i < cycles; i += 1) cycle();
  return { before, after: bytes() };
}
