import { expect, test } from './fixtures';
import { LONG, QUICK, TRAINER_MODULE } from './playground';

const MISMATCHED = JSON.stringify({
  input: [1, 8, 8],
  layers: [
    { name: 'pool', op: 'max-pool', kernel: 2 },
    { name: 'sum', op: 'add', inputs: ['input', 'pool'] },
  ],
});

// What goes wrong here goes wrong on purpose; the console may say so.
test.afterEach(({ complaints }) => {
  complaints.length = 0;
});

test('a damaged data file is told, and the page stays', async ({ page, playground }) => {
  await page.route('**/digits8.nasdata', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    const middle = Math.floor(body.length / 2);
    body[middle] = (body[middle] ?? 0) ^ 0xff;
    await route.fulfill({ response, body });
  });
  await playground.open(QUICK);
  await expect(playground.error).toContainText('data file is damaged');
  await page.getByTestId('close-error').click();
  await expect(playground.searchButton).toBeVisible();
  await playground.search();
  await expect(playground.error).toContainText('data file is damaged');
});

test('a missing data file is told', async ({ page, playground }) => {
  await page.route('**/digits8.nasdata', (route) => route.fulfill({ status: 404 }));
  await playground.open(QUICK);
  await expect(playground.error).toBeVisible();
});

test('without the engine the page says so', async ({ page, playground }) => {
  await page.route('**/*.wasm', (route) => route.abort());
  await playground.goto();
  await expect(playground.error).toBeVisible();
  await expect(page.getByRole('heading', { name: 'NAS Playground' })).toBeVisible();
});

test('without what trains the page is there, and a search says so and can be tried again', async ({
  page,
  playground,
}) => {
  await page.route(TRAINER_MODULE, (route) => route.abort());
  await playground.open(QUICK);
  await expect(playground.error).toBeHidden();
  await playground.search();
  await expect(playground.error).toContainText('the engine could not be loaded');
  await page.unroute(TRAINER_MODULE);
  await page.getByTestId('close-error').click();
  await playground.searchToTheEnd();
});

test('without WebAssembly the page says what is missing', async ({ page, playground }) => {
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'WebAssembly', { value: undefined });
  });
  await playground.goto();
  await expect(playground.error).toContainText('WebAssembly');
});

test('without workers a search is not begun in silence', async ({ page, playground }) => {
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'Worker', { value: undefined });
  });
  await playground.open(QUICK);
  await playground.search();
  await expect(playground.error).toContainText('web worker');
});

test('a space in which nothing fits is told', async ({ playground }) => {
  await playground.open({ ...QUICK, ram: 1, flash: 1 });
  await expect(playground.page.getByTestId('space-size')).toContainText('none of');
  await playground.search();
  await expect(playground.error).toContainText('No network can be searched like this');
  await expect(playground.error).toContainText('Loosen a limit');
});

test('a network file with mismatched shapes is told, and nothing is lost', async ({ page, playground }) => {
  await playground.open(QUICK);
  const shown = await page.getByTestId('network-picture').textContent();
  await playground.openNetwork('mine.json', MISMATCHED);
  await expect(playground.error).toContainText('holds no network that can be built');
  await expect(playground.error).toContainText("mine.json: layer 'sum': add cannot join 1×8×8 and 1×4×4");
  expect(await page.getByTestId('network-picture').textContent()).toBe(shown);
  await playground.openNetwork('mine.json', '{"input": [1, 8, 8],\n"layers": nothing}');
  await expect(playground.error).toContainText('line 2');
  await page.getByTestId('close-error').click();
  await expect(playground.error).toBeHidden();
});

test('a worker that is lost is replaced, and the log is the same', async ({ page, playground }) => {
  const link = { ...LONG, candidates: 16, epochs: 4 };
  await playground.open(link);
  await playground.searchToTheEnd();
  const undisturbed = await playground.downloadLog();

  await playground.resetButton.click();
  await playground.search();
  await playground.waitForTold(1);
  const trainer = page.workers().find((worker) => worker.url().includes('trainer'));
  expect(trainer, 'a trainer is at work').toBeDefined();
  await trainer?.evaluate(() => {
    setTimeout(() => {
      throw new Error('a worker is lost, on purpose');
    });
  });
  await playground.waitForPhase('finished');
  expect(await playground.downloadLog()).toBe(undisturbed);
});
