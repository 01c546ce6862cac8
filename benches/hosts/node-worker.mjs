import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import * as binary from '../pkg/trainer/trainer.js';
import { perform } from '../tasks.mjs';

binary.initSync({ module: readFileSync(new URL('../pkg/trainer/trainer_bg.wasm', import.meta.url)) });

parentPort?.on('message', (request) => {
  try {
    parentPort?.postMessage({ result: perform(binary, request) });
  } catch (error) {
    parentPort?.postMessage({ error: error.message ?? String(error) });
  }
});
