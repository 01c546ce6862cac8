// npm run build: writes the site for any static host to dist/ and prints what a visitor downloads.
import { command, run } from './house.mjs';
import { setUp } from './setup.mjs';
import { checkSizes } from './sizes.mjs';

await command(() => {
  setUp();
  run('cargo xtask wasm');
  run('vite build www');
  checkSizes();
});
