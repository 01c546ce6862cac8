// npm run screenshots: pictures of the built page in both languages and themes, on a desktop and a phone,
// idle, running and finished, into .cache/screenshots; and the one of the README into docs.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from './browsers.mjs';
import { command, root } from './house.mjs';

const folder = join(root, '.cache', 'screenshots');
const readmePicture = join(root, 'docs', 'screenshot.png');
const readmePictureBytesMax = 250 * 1024;

const screens = { desktop: { width: 1366, height: 768 }, phone: { width: 360, height: 740 } };
const languages = ['en', 'es'];
const themes = /** @type {const} */ (['light', 'dark']);
const states = /** @type {const} */ (['idle', 'running', 'finished', 'table']);

/** A search with something to see: limits that reject, a front with several members. */
const link = 'v=1&device=arduino-uno&candidates=48&seed=7';

await command(async () => {
  mkdirSync(folder, { recursive: true });
  const server = await preview({ root: join(root, 'www'), preview: { host: '127.0.0.1', port: 0 } });
  const executablePath = findChromium();
  const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath });
  try {
    const address = server.resolvedUrls?.local[0];
    if (address === undefined) throw new Error('the preview has no address');
    for (const [screen, viewport] of Object.entries(screens)) {
      for (const lang of languages) {
        for (const theme of themes) {
          const context = await browser.newContext({ viewport, colorScheme: theme });
          const page = await context.newPage();
          await page.goto(`${address}#${link}&lang=${lang}`);
          for (const state of states) {
            await reach(page, state);
            const path = join(folder, `${screen}-${lang}-${theme}-${state}.png`);
            await page.screenshot({ path, fullPage: screen === 'phone' });
            console.log(path);
            if (state === 'finished' && screen === 'desktop' && lang === 'en' && theme === 'light') {
              await page.screenshot({ path: readmePicture });
            }
          }
          await context.close();
        }
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
  const { size } = statSync(readmePicture);
  if (size > readmePictureBytesMax)
    throw new Error(`${readmePicture} has ${size} bytes, too many for a README`);
});

/**
 * Brings the page into a state; each follows from the one before.
 * @param {import('@playwright/test').Page} page
 * @param {(typeof states)[number]} state
 */
async function reach(page, state) {
  const told = () =>
    page
      .getByTestId('told')
      .innerText()
      .then((text) => Number.parseInt(text, 10));
  switch (state) {
    case 'idle':
      await page.getByTestId('network-picture').waitFor();
      await page.locator('[data-testid=contact-sheet][data-ready=true]').waitFor();
      return;
    case 'running':
      await page.getByTestId('search').click();
      while ((await told()) < 16) await page.waitForTimeout(100);
      return;
    case 'finished':
      await page.locator('[data-phase=finished]').waitFor({ timeout: 300_000 });
      return;
    case 'table':
      await page.getByTestId('view-table').click();
  }
}
