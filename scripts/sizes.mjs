// What a visitor downloads, measured as a host would send it, and its bounds.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './house.mjs';

const bounds = [
  { what: 'JavaScript and CSS', extensions: ['.js', '.css'], limitKib: 150 },
  { what: 'WebAssembly', extensions: ['.wasm'], limitKib: 400 },
];

/** Prints the gzipped sizes of the built site; throws when one is missing or over its bound. */
export function checkSizes() {
  const dist = join(root, 'dist');
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const broken = [];
  for (const { what, extensions, limitKib } of bounds) {
    const bytes = files
      .filter(({ name }) => extensions.includes(extname(name)))
      .map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length)
      .reduce((sum, length) => sum + length, 0);
    console.log(`dist: ${what} ${(bytes / 1024).toFixed(1)} KiB gzip, at most ${limitKib} KiB`);
    if (bytes === 0) broken.push(`dist/ has no ${what}`);
    if (bytes > limitKib * 1024) broken.push(`${what} is over its bound`);
  }
  if (broken.length > 0) throw new Error(broken.join('; '));
}
