// npm run soak: makes, trains and frees 10,000 networks, natively and in the browser's binary; memory must stay flat.
// Before, it prints how long a trainer works between two looks at messages.
import { command, run } from './house.mjs';
import { setUp } from './setup.mjs';

await command(() => {
  setUp();
  run('cargo test --package nas-nn --test allocations -- --include-ignored');
  run('cargo xtask wasm');
  run('node tests/node/halts.mjs');
  run('node tests/node/soak.mjs 10000');
});
