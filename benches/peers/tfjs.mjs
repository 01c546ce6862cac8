// TensorFlow.js on its wasm backend, in a worker of the same Chromium. Its packages are installed when first asked for.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { run } from '../../scripts/house.mjs';
import { openInChromium } from '../hosts/browser.mjs';

/** @type {import('../hosts/host.mjs').Open} */
export function openTfjs(lanes) {
  install();
  return openInChromium('tfjs', lanes, { worker: '/peers/tfjs-worker.js', module: false });
}

function install() {
  const stamp = new URL('node_modules/.installed-from', import.meta.url);
  const lock = readFileSync(new URL('package-lock.json', import.meta.url));
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  run('npm ci --prefix benches/peers 1>&2');
  writeFileSync(stamp, digest);
}
