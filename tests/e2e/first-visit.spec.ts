import { expect, test } from './fixtures';
import { QUICK, TRAINER_MODULE } from './playground';

test('a first visit shows what there is to search, and starts nothing', async ({ page, playground }) => {
  await playground.open();
  await expect(playground.searchButton).toHaveText(/Search/);
  await expect(playground.goal).toContainText('Find the most accurate network');
  await expect(page.getByTestId('front-empty')).toContainText('Nothing has been searched yet');
  await expect(page.getByTestId('contact-sheet')).toHaveAttribute('data-ready', 'true');
  await expect(page.getByTestId('space-size')).toContainText(/[\d,]{6,}/);
  await expect(page.getByTestId('utilisation')).toContainText('RAM');
  await expect(playground.resetButton).toBeDisabled();
  await expect(playground.phase).toHaveAttribute('data-phase', 'idle');
  await expect(playground.told).toHaveText(/^0 of/);
});

test('the page can be used before what trains is there, and a search waits for it', async ({
  page,
  playground,
}) => {
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const asked = page.waitForRequest(TRAINER_MODULE);
  await page.route(TRAINER_MODULE, async (route) => {
    await arrived;
    await route.continue();
  });
  await playground.open(QUICK);
  await asked;
  await expect(page.getByTestId('contact-sheet')).toHaveAttribute('data-ready', 'true');
  await playground.search();
  await playground.waitForPhase('running');
  expect(await playground.toldCount()).toBe(0);
  arrive();
  await playground.waitForPhase('finished');
});

test('another network is drawn on request', async ({ page, playground }) => {
  await playground.open();
  const picture = page.getByTestId('network-picture');
  const first = await picture.getAttribute('aria-label');
  await page.getByTestId('another').click();
  await expect(picture).not.toHaveAttribute('aria-label', first ?? '');
});

test('nothing is asked of other hosts, and the page forbids itself to', async ({
  page,
  playground,
  baseURL,
}) => {
  const others: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL ?? '') && !/^(blob|data):/.test(request.url()))
      others.push(request.url());
  });
  await playground.open();
  expect(others).toEqual([]);
  const policy = page.locator('meta[http-equiv=Content-Security-Policy]');
  await expect(policy).toHaveAttribute('content', /^default-src 'none';.*style-src 'self'/);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test('the page says what it is and what it needs', async ({ page }) => {
    await page.goto('./');
    await expect(page.getByRole('heading', { name: 'NAS Playground' })).toBeVisible();
    await expect(page.locator('noscript p')).toBeVisible();
  });
});

for (const [locale, expected] of [
  ['es-CO', 'Busca la red más exacta'],
  ['fr-FR', 'Find the most accurate network'],
] as const) {
  test.describe(locale, () => {
    test.use({ locale });
    test('the browser’s language is used, if the page speaks it', async ({ playground }) => {
      await playground.open();
      await expect(playground.goal).toContainText(expected);
    });
  });
}
