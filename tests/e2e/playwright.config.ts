import { env } from 'node:process';
import { defineConfig } from '@playwright/test';
import { findChromium } from '../../scripts/browsers.mjs';
import { root } from '../../scripts/house.mjs';

const port = Number(env.PORT ?? 4173);
const executablePath = findChromium();

export default defineConfig({
  testMatch: '*.spec.ts',
  outputDir: '../../test-results',
  reporter: [['list']],
  // A search keeps every core busy: one page at a time.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: env.CI !== undefined,
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    launchOptions: executablePath === undefined ? {} : { executablePath },
    trace: 'retain-on-failure',
  },
  // The built site, as a static host would serve it.
  webServer: {
    command: `vite preview www --host 127.0.0.1 --port ${port} --strictPort`,
    cwd: root,
    port,
    reuseExistingServer: false,
  },
});
