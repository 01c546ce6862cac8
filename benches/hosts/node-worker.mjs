import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import * as binary from '../pkg/nas_wasm.js';
import { perform } from '../tasks.mjs';

binary.initSync({ module: readFileSync(new URL('../pkg/nas_wasm_bg.wasm', import.meta.url)) });

parentPort?.on('message', (request) => {
  try {
    parentPort?.postMessage({ result: perform(binary, request) });
  } catch (error) {
    parentPort?.postMessage({ error: error.message ?? String(error) });
  }
});
