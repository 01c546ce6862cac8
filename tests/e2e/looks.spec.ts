import { expect, test } from './fixtures';
import { QUICK } from './playground';

test('the language is switched at once and remembered', async ({ page, playground }) => {
  await playground.open();
  await page.getByTestId('language').click();
  await expect(playground.searchButton).toContainText('Buscar');
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await page.goto('about:blank');
  await playground.open();
  await expect(playground.searchButton).toContainText('Buscar');
});

test('the theme follows the system until it is chosen, and is remembered', async ({ page, playground }) => {
  const paper = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'dark' });
  await playground.open();
  const dark = await paper();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await paper();
  expect(light).not.toBe(dark);
  await page.getByTestId('theme').click();
  expect(await paper()).toBe(light);
  await page.getByTestId('theme').click();
  expect(await paper()).toBe(dark);
  await page.reload();
  await expect(playground.searchButton).toBeVisible();
  expect(await paper()).toBe(dark);
});

test('on a laptop nothing that matters needs scrolling', async ({ page, playground }) => {
  await page.setViewportSize({ width: 1366, height: 768 });
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  const overflows = await page.evaluate(() => [
    document.documentElement.scrollWidth - innerWidth,
    document.documentElement.scrollHeight - innerHeight,
    ...[...document.querySelectorAll('main > .column')].map(
      (column) => column.scrollHeight - column.clientHeight,
    ),
  ]);
  expect(Math.max(...overflows)).toBeLessThanOrEqual(0);
});

test('a phone gets one column: goal and Search, front, network, parts', async ({ page, playground }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await playground.open();
  const top = async (selector: string): Promise<number> =>
    (await page.locator(selector).boundingBox())?.y ?? Number.NaN;
  const places = [
    await top('[data-testid=search]'),
    await top('.part.result'),
    await top('.part.network'),
    await top('.part.problem'),
    await top('.part.space'),
    await top('.part.strategy'),
    await top('.part.evaluation'),
  ];
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});
