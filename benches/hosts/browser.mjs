// Workers of a page in a headless browser.
import { existsSync } from 'node:fs';
import { findChromium, findFirefox } from '../../scripts/browsers.mjs';
import { inWorker } from './host.mjs';
import { serve } from './serve.mjs';

const ENGINE = { worker: '/hosts/web-worker.js' };

/** @type {import('./host.mjs').Open} */
export function openChromium(lanes) {
  return openInChromium('chromium', lanes, ENGINE);
}

/** @type {import('./host.mjs').Open} */
export async function openFirefox(lanes) {
  const executablePath = findFirefox();
  if (executablePath === undefined) return undefined;
  // Playwright drives only a Firefox of its own making.
  const { launch } = await import('puppeteer-core');
  return inBrowser('firefox', lanes, await launch({ browser: 'firefox', executablePath }), ENGINE);
}

/**
 * Workers that answer a request with `{ result }` or `{ error }`.
 * @typedef {{ worker: string, module?: boolean }} Script
 * @type {(name: string, lanes: number, script: Script) => Promise<import('./host.mjs').Host | undefined>}
 */
export async function openInChromium(name, lanes, script) {
  // Not before it is installed, which a benchmark does first.
  const { chromium } = await import('@playwright/test');
  const executablePath = findChromium() ?? chromium.executablePath();
  if (!existsSync(executablePath)) return undefined;
  return inBrowser(name, lanes, await chromium.launch({ executablePath }), script);
}

/**
 * @param {string} name
 * @param {number} lanes
 * @param {import('@playwright/test').Browser | import('puppeteer-core').Browser} browser
 * @param {Script} script
 */
async function inBrowser(name, lanes, browser, { worker, module = true }) {
  const server = await serve();
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
    lanes: Array.from({ length: lanes }, (_, lane) =>
      inWorker(async (request) => {
        const { result, error } = await page.evaluate(ask, { lane, request });
        if (error) throw new Error(`${name}: ${error}`);
        return result;
      }),
    ),
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
