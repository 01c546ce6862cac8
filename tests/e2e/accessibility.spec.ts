import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { QUICK } from './playground';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violationsOf(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}

for (const lang of ['en', 'es']) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${lang}, ${colorScheme}`, () => {
      test.use({ colorScheme });
      test('no violations: idle, running, finished, table', async ({ page, playground }) => {
        await playground.open({ ...QUICK, candidates: 12, epochs: 9, lang });
        expect(await violationsOf(page), 'idle').toEqual([]);
        await playground.search();
        await playground.waitForTold(1);
        await playground.searchButton.click();
        await playground.waitForPhase('paused');
        expect(await violationsOf(page), 'running').toEqual([]);
        await playground.searchButton.click();
        await playground.waitForPhase('finished');
        expect(await violationsOf(page), 'finished').toEqual([]);
        await playground.showTable();
        expect(await violationsOf(page), 'table').toEqual([]);
      });
    });
  }
}

test('errors and notices have no violations', async ({ page, playground, complaints }) => {
  await page.route('**/*.nasdata', (route) => route.fulfill({ body: 'not a dataset' }));
  await playground.open({ colour: 'red' });
  await expect(playground.error).toBeVisible();
  expect(await violationsOf(page)).toEqual([]);
  complaints.length = 0;
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test('the parts of devices, files and hardware have no violations', async ({ page, playground }) => {
      await playground.goto({ device: 'this-browser', estimator: 'measured', table: '0'.repeat(64) });
      await expect(page.getByTestId('table-missing')).toBeVisible();
      expect(await violationsOf(page), 'table').toEqual([]);
      await playground.open({
        devices: 'arduino-uno',
        limits: 'latency@rp2040:12.5',
        estimator: 'analytical',
      });
      await page.getByTestId('estimator-error').click();
      expect(await violationsOf(page), 'devices').toEqual([]);
      await playground.goto({ space: 'custom', device: 'arduino-uno' });
      await page.getByTestId('space-text').fill('{\n"format": 2\n}');
      await expect(page.getByTestId('space-problem')).toContainText('line');
      expect(await violationsOf(page), 'file').toEqual([]);
      await playground.open({ space: 'accelerator' });
      await expect(page.getByTestId('array')).toBeVisible();
      expect(await violationsOf(page), 'hardware').toEqual([]);
    });
  });
}
