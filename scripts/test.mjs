// npm test: sets up, runs every step to the end, whatever fails, and says what ran.
// npm run check: the same with the steps that only read the code.
import { argv } from 'node:process';
import { command } from './house.mjs';
import { setUp } from './setup.mjs';
import { checks, tests } from './steps.mjs';

await command(() => {
  setUp();
  const steps = argv.includes('--check') ? checks : [...checks, ...tests];
  const outcomes = steps.map(perform);
  console.log(`\n${outcomes.map(describe).join('\n')}\n`);
  const failed = outcomes.filter(({ passed }) => !passed).length;
  if (failed > 0) process.exitCode = 1;
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
});

/** @typedef {{ name: string, passed: boolean, seconds: number }} Outcome */

/** @type {(step: import('./steps.mjs').Step) => Outcome} */
function perform({ name, run }) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  let passed = true;
  try {
    run();
  } catch (error) {
    passed = false;
    console.error(error instanceof Error ? error.message : error);
  }
  const outcome = { name, passed, seconds: (performance.now() - start) / 1000 };
  console.log(describe(outcome));
  return outcome;
}

/** @type {(outcome: Outcome) => string} */
function describe({ name, passed, seconds }) {
  return `${passed ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${name}`;
}
