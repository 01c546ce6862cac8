import { expect, test } from './fixtures';
import { LONG } from './playground';

test('a copied link opens the same configuration and starts nothing', async ({
  page,
  context,
  playground,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await playground.open();
  await page.getByTestId('goal-device').selectOption('arduino-uno');
  await page.getByTestId('goal-candidates').fill('77');
  await page.getByTestId('goal-seed').fill('12345');
  await page.getByTestId('strategy').selectOption('random');
  await page.getByTestId('limit-latency').fill('60.5');
  await page.getByTestId('limit-latency').blur();
  await page.getByTestId('share').click();
  await expect(page.getByText('Link copied')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByTestId('share-url')).toHaveValue(link);

  const second = await context.newPage();
  await second.goto(link);
  await expect(second.getByTestId('goal-device')).toHaveValue('arduino-uno');
  await expect(second.getByTestId('goal-candidates')).toHaveValue('77');
  await expect(second.getByTestId('goal-seed')).toHaveValue('12345');
  await expect(second.getByTestId('strategy')).toHaveValue('random');
  await expect(second.getByTestId('limit-latency')).toHaveValue('60.5');
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'idle');
  await expect(second.getByTestId('notices')).toBeHidden();
});

test('where copying is not allowed the link can be taken by hand', async ({ page, playground }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  await playground.open();
  await page.getByTestId('share').click();
  await expect(page.getByText('Copy this link:')).toBeVisible();
  await expect(page.getByTestId('share-url')).toBeFocused();
});

test('what a link says that is unknown, out of bounds or wrong is told', async ({ page, playground }) => {
  await playground.open({ colour: 'red', candidates: 99_999_999, device: 'toaster' });
  await expect(playground.notices).toContainText('“colour” is not a setting known here');
  await expect(playground.notices).toContainText('“candidates”');
  await expect(playground.notices).toContainText('“device”');
  await page.getByTestId('dismiss-notices').click();
  await expect(playground.notices).toBeHidden();
});

test('a link from a newer version opens and is told', async ({ page, playground }) => {
  await page.goto('./#v=9&seed=42');
  await expect(page.getByTestId('goal-seed')).toHaveValue('42');
  await expect(playground.notices).toContainText('version 9');
});

test('nothing in a link becomes part of the page', async ({ page, playground }) => {
  await playground.open({ device: encodeURIComponent('<img src=x onerror=alert(1)>') });
  await expect(playground.notices).toContainText('<img');
  await expect(page.locator('img')).toHaveCount(0);
});

test('a link put into the address bar is opened, but never over a search', async ({ page, playground }) => {
  await playground.open();
  await page.evaluate(() => (location.hash = '#v=1&seed=99'));
  await expect(page.getByTestId('goal-seed')).toHaveValue('99');
  await playground.open(LONG);
  await playground.search();
  await playground.waitForTold(1);
  await page.evaluate(() => (location.hash = '#v=1&seed=98'));
  await expect(playground.notices).toContainText('was not opened');
  await expect(page.getByTestId('goal-seed')).toHaveValue('3');
  await playground.resetButton.click();
  await expect(page.getByTestId('goal-seed')).toHaveValue('98');
  await expect(playground.notices).toBeHidden();
});

test('a link that waits for a search gives way when its notice is dismissed', async ({
  page,
  playground,
}) => {
  await playground.open(LONG);
  await playground.search();
  await playground.waitForTold(1);
  await page.evaluate(() => (location.hash = '#v=1&seed=98'));
  await page.getByTestId('dismiss-notices').click();
  await expect(page).toHaveURL(/seed=3/);
  await playground.resetButton.click();
  await expect(page.getByTestId('goal-seed')).toHaveValue('3');
});

test('the link to copy fits a phone and goes with a tap elsewhere', async ({ page, playground }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await playground.open();
  await page.getByTestId('share').click();
  const box = await page.getByTestId('share-url').boundingBox();
  expect(box?.x).toBeGreaterThan(0);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(360);
  await playground.goal.click({ position: { x: 2, y: 2 } });
  await expect(page.getByTestId('share-url')).toBeHidden();
});

test('the language of a link is used and goes on in links', async ({ page, playground }) => {
  await playground.open({ lang: 'es' });
  await expect(playground.goal).toContainText('Busca la red');
  await page.getByTestId('share').click();
  await expect(page.getByTestId('share-url')).toHaveValue(/lang=es/);
});
