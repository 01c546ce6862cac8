// What a visitor downloads, measured as a host would send it, and its bounds.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './house.mjs';

const bounds = [
  { what: 'JavaScript and CSS', files: /\.(js|css)$/, limitKib: 150 },
  { what: 'WebAssembly before the first interaction', files: /^page_bg.*\.wasm$/, limitKib: 400 },
  { what: 'WebAssembly that searches', files: /^coordinator_bg.*\.wasm$/, limitKib: 500 },
  { what: 'WebAssembly that trains', files: /^trainer_bg.*\.wasm$/, limitKib: 430 },
  { what: 'WebAssembly in all', files: /\.wasm$/ },
];

/** Prints the gzipped sizes of the built site; throws when one is missing or over its bound. */
export function checkSizes() {
  const dist = join(root, 'dist');
  const built = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const broken = [];
  for (const { what, files, limitKib } of bounds) {
    const bytes = built
      .filter(({ name }) => files.test(name))
      .map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length)
      .reduce((sum, length) => sum + length, 0);
    const bound = limitKib === undefined ? '' : `, at most ${limitKib} KiB`;
    console.log(`dist: ${what} ${(bytes / 1024).toFixed(1)} KiB gzip${bound}`);
    if (bytes === 0) broken.push(`dist/ has no ${what}`);
    if (limitKib !== undefined && bytes > limitKib * 1024) broken.push(`${what} is over its bound`);
  }
  if (broken.length > 0) throw new Error(broken.join('; '));
}
