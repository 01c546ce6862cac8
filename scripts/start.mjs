// npm start [-- ARGUMENT OF VITE…]: sets up, builds the wasm package and serves the page, printing its address.
import { argv } from 'node:process';
import { command, run } from './house.mjs';
import { setUp } from './setup.mjs';

await command(() => {
  setUp();
  run('cargo xtask wasm');
  run(['vite www', ...argv.slice(2)].join(' '));
});
