import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './fixtures';
import { LONG, QUICK } from './playground';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const STATES = ['idle', 'running', 'finished', 'table'] as const;

for (const lang of ['en', 'es']) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${lang}, ${colorScheme}`, () => {
      test.use({ colorScheme });
      for (const state of STATES) {
        test(`${state} has no violations`, async ({ page, playground }) => {
          await playground.open({ ...(state === 'running' ? LONG : QUICK), lang });
          if (state === 'running') {
            await playground.search();
            await expect(page.getByTestId('lanes')).toContainText('#');
          } else if (state !== 'idle') {
            await playground.searchToTheEnd();
          }
          if (state === 'table') await playground.showTable();
          const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
          expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        });
      }
    });
  }
}

test('errors and notices have no violations', async ({ page, playground, complaints }) => {
  await page.route('**/*.nasdata', (route) => route.fulfill({ body: 'not a dataset' }));
  await playground.open({ colour: 'red' });
  await expect(playground.error).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  complaints.length = 0;
});
