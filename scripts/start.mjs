// npm start: sets up, builds the wasm packages and serves the page, printing its address.
import { join } from 'node:path';
import { command, root, run } from './house.mjs';
import { setUp } from './setup.mjs';

await command(async () => {
  setUp();
  run('cargo xtask wasm');
  const { createServer } = await import('vite');
  const server = await createServer({ root: join(root, 'www') });
  await server.listen();
  server.printUrls();
});
