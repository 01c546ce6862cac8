import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures';
import { QUICK } from './playground';

const OWN_NETWORK = new URL('../../crate/arch/networks/digits-tiny.json', import.meta.url);

test('a search starts from the front of another one', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  await page.getByTestId('start-from-front').click();
  await expect(page.getByTestId('starts')).toContainText(/Starts from \d+ given candidates?\./);
  const start = /start=([\d.,]+)/.exec(page.url())?.[1];
  expect(start).toBeDefined();
  const members = start?.split(',') ?? [];
  await playground.searchToTheEnd();
  const log = await playground.downloadLog();
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: string; genes?: number[] });
  const asked = lines.filter(({ line }) => line === 'asked').map(({ genes }) => genes?.join('.'));
  expect(asked.slice(0, members.length)).toEqual(members);
  await page.getByTestId('clear-starts').click();
  await expect.poll(() => page.url()).not.toContain('start=');
});

test('a search starts from what is most like a network of a file', async ({ page, playground }) => {
  await playground.open({ ...QUICK, device: 'raspberry-pi' });
  await page.getByTestId('network-file').setInputFiles({
    name: 'own.json',
    mimeType: 'application/json',
    buffer: await readFile(OWN_NETWORK),
  });
  await expect(playground.selected).toHaveText('own.json');
  await page.getByTestId('start-from-network').click();
  await expect(page.getByTestId('starts')).toContainText(
    'Starts from 1 given candidate. The candidate most like own.json differs from it (distance 0.65).',
  );
});

test('what a changed space does not have is left out and told', async ({ page, playground }) => {
  await playground.open({ ...QUICK, start: '0.0.0.0.0.0.0.0.0.0.0.0.0' });
  await expect(page.getByTestId('starts')).toContainText('Starts from 1 given candidate.');
  await page.getByTestId('space').selectOption('fire');
  await expect(page.getByTestId('starts')).toContainText(
    '1 left out: no longer a candidate of this space, or over a limit.',
  );
  expect(page.url()).not.toContain('start=');
});

test('a link with a start that cannot be says so and goes on without a search', async ({
  page,
  playground,
}) => {
  await playground.goto({ ...QUICK, start: '9.9' });
  await expect(page.getByText('start: 9.9: 2 values for 13 genes')).toBeVisible();
  await page.getByTestId('clear-starts').click();
  await expect(page.getByTestId('space-size')).toBeVisible();
});

test('a front is specialised to another device', async ({ page, playground }) => {
  await playground.open({ ...QUICK, device: 'raspberry-pi', flash: 4_000_000 });
  await playground.searchToTheEnd();
  await page.getByTestId('specialise').selectOption('microbit');
  await expect(page.getByTestId('starts')).toContainText(/Starts from \d+ given candidates?\.|left out/);
  await expect(page.getByTestId('device')).toHaveValue('microbit');
  expect(page.url()).not.toContain('flash=');
  expect(page.url()).toMatch(/start=\d/);
  await playground.searchToTheEnd();
});
