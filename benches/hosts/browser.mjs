// Workers of a page in a headless browser.
import { existsSync } from 'node:fs';
import { chromium, firefox } from '@playwright/test';
import { findChromium } from '../../scripts/chromium.mjs';
import { serve } from './serve.mjs';

/** @type {import('./host.mjs').Open} */
export function openChromium(lanes) {
  const executablePath = findChromium() ?? chromium.executablePath();
  return openBrowser('chromium', lanes, { type: chromium, executablePath, worker: '/hosts/web-worker.js' });
}

/** @type {import('./host.mjs').Open} */
export function openFirefox(lanes) {
  const executablePath = firefox.executablePath();
  return openBrowser('firefox', lanes, { type: firefox, executablePath, worker: '/hosts/web-worker.js' });
}

/**
 * Workers that answer a request with `{ result }` or `{ error }`.
 * @param {string} name
 * @param {number} lanes
 * @param {{ type: import('@playwright/test').BrowserType, executablePath: string, worker: string, module?: boolean }} how
 * @returns {Promise<import('./host.mjs').Host | undefined>}
 */
export async function openBrowser(name, lanes, { type, executablePath, worker, module = true }) {
  if (!existsSync(executablePath)) return undefined;
  const server = await serve();
  const browser = await type.launch({ executablePath });
  const page = await browser.newPage();
  await page.goto(`${server.address}/hosts/blank.html`);
  await page.evaluate(
    ({ lanes, worker, options }) => {
      const make = () => new globalThis.Worker(worker, options);
      globalThis.lanes = Array.from({ length: lanes }, make);
    },
    { lanes, worker, options: module ? { type: 'module' } : {} },
  );
  return {
    name,
    lanes: Array.from({ length: lanes }, (_, lane) => ({
      async measure(request) {
        const { result, error } = await page.evaluate(ask, { lane, request });
        if (error) throw new Error(`${name}: ${error}`);
        return result;
      },
    })),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** In the page. */
function ask({ lane, request }) {
  return new Promise((resolve) => {
    const worker = globalThis.lanes[lane];
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ error: message ?? 'the worker could not be loaded' });
    worker.postMessage(request);
  });
}
