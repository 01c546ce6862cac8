// npm run soak: makes, trains and frees 10,000 networks, natively and in the browser's binary; memory must stay flat.
import { command, run } from './house.mjs';
import { setUp } from './setup.mjs';

await command(() => {
  setUp();
  run('cargo test --package nas-nn --test allocations -- --include-ignored');
  run('cargo xtask wasm');
  run('node tests/node/soak.mjs 10000');
});
