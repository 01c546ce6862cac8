import * as binary from '../pkg/trainer/trainer.js';
import { perform } from '../tasks.mjs';

const ready = binary.default({ module_or_path: new URL('../pkg/trainer/trainer_bg.wasm', import.meta.url) });

self.onmessage = async ({ data: request }) => {
  try {
    await ready;
    self.postMessage({ result: perform(binary, request) });
  } catch (error) {
    self.postMessage({ error: error.message ?? String(error) });
  }
};
