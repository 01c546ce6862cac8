import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { measure } from '../measure.mjs';
import * as binary from '../pkg/nas_wasm.js';

binary.initSync({ module: readFileSync(new URL('../pkg/nas_wasm_bg.wasm', import.meta.url)) });

parentPort?.on('message', (request) => {
  try {
    parentPort?.postMessage({ result: measure(binary, request) });
  } catch (error) {
    parentPort?.postMessage({ error: error.message ?? String(error) });
  }
});
