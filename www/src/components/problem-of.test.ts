import { describe, expect, it } from 'vitest';
import { problemOf } from './problem-of';

describe('what can be done about an error', () => {
  it.each([
    ['infeasible', 'no network fits', 'space'],
    ['bad-configuration', 'no such device', 'space'],
    ['bad-configuration', 'table: this run prices with a table', 'table'],
    ['bad-configuration', "the latency cannot be told by the method 'measured'", 'table'],
    ['bad-network', 'own.json: layer sum', 'file'],
    ['bad-data', 'the checksum differs', 'data'],
    ['wrong-data', 'another dataset', 'data'],
    ['data-unavailable', 'HTTP 404', 'network'],
    ['engine-unavailable', 'TypeError: Failed to fetch', 'network'],
    ['no-workers', 'a run needs at least one worker', 'workers'],
    ['internal', 'Worker is not defined', 'workers'],
    ['no-webassembly', 'this browser does not run it', 'wasm'],
    ['internal', 'WebAssembly.compile(): invalid opcode', 'wasm'],
    ['internal', 'CompileError: wasm validation error', 'wasm'],
    ['coordinator-lost', 'the worker broke', 'engine'],
    ['internal', 'anything else', 'engine'],
  ])('%s: %s', (code, message, problem) => {
    expect(problemOf({ code, message })).toBe(problem);
  });
});
