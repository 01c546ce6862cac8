import * as binary from '../pkg/nas_wasm.js';
import { perform } from '../tasks.mjs';

const ready = binary.default({ module_or_path: new URL('../pkg/nas_wasm_bg.wasm', import.meta.url) });

self.onmessage = async ({ data: request }) => {
  try {
    await ready;
    self.postMessage({ result: perform(binary, request) });
  } catch (error) {
    self.postMessage({ error: error.message ?? String(error) });
  }
};
