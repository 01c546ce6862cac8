import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  // Any static host, under any path.
  base: './',
  publicDir: '../static',
  plugins: [svelte()],
  // Inlined assets would be data: URLs, which the page's policy refuses.
  build: { outDir: '../dist', emptyOutDir: true, assetsInlineLimit: 0 },
  worker: { format: 'es' },
  server: { fs: { allow: ['..'] } },
  test: { include: ['src/**/*.test.ts'] },
  // Under vitest, Svelte would otherwise resolve to what renders on a server.
  ...(mode === 'test' && { resolve: { conditions: ['browser'] } }),
}));
