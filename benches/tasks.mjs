// What a worker can be asked for, in Node and in browsers.
import { measure } from './measure.mjs';
import { weights } from './weights.mjs';

const tasks = { measure, weights };

/** @type {(binary: typeof import('./pkg/trainer/trainer.js'), request: { task: keyof typeof tasks }) => unknown} */
export function perform(binary, { task, ...request }) {
  return tasks[task](binary, request);
}
