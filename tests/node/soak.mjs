// Run by `npm run soak`: the browser's binary makes, trains and frees so many networks; its memory must stay flat.
import assert from 'node:assert/strict';
import { argv } from 'node:process';
import { SHORT_RUN } from '../native.mjs';
import { memoryOfCycles } from './browser-binary.mjs';

const cycles = Number(argv[2]);
const { before, after } = memoryOfCycles(SHORT_RUN, cycles);
console.log(`the browser's binary: ${before} bytes before ${cycles} cycles, ${after} after`);
assert.equal(after, before);
