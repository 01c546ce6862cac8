import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures';
import { QUICK } from './playground';

/** Limits that most draws break. */
const TIGHT = { ...QUICK, ram: 400 };

test('arrow keys select candidates in the chart', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  await playground.front.focus();
  await page.keyboard.press('Home');
  const cheapest = await playground.selected.innerText();
  await page.keyboard.press('End');
  await expect(playground.selected).not.toHaveText(cheapest);
  await page.keyboard.press('Home');
  await expect(playground.selected).toHaveText(cheapest);
  await expect(playground.front).toHaveAttribute('aria-valuetext', /^Candidate \d+: accuracy/);
  await page.getByTestId('follow').click();
  await expect(page.getByTestId('following')).toBeVisible();
});

test('a click selects the candidate under the pointer', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  const ring = page.locator('[data-testid=front-chart] circle.front').first();
  await ring.click({ force: true });
  await expect(page.getByTestId('follow')).toBeVisible();
});

test('the table has the rejected draws and why', async ({ page, playground }) => {
  await playground.open(TIGHT);
  await playground.searchToTheEnd();
  await playground.showTable();
  await page.getByTestId('filter-rejected').click();
  const row = playground.rows('rejected').first();
  await expect(row).toContainText(/RAM [\d,]+\sB over 400\sB/);
  await row.click();
  await expect(playground.selected).toHaveText('a rejected draw');
  await expect(page.getByTestId('why')).toContainText('Rejected before training');
});

test('the table is sorted, filtered and walked by keyboard', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  await playground.showTable();
  await page.getByTestId('filter-trained').click();
  await expect(playground.rows()).toHaveCount(8);
  await page.getByRole('button', { name: /^accuracy/ }).click();
  await expect(page.getByRole('columnheader', { name: 'accuracy' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  const scores = await playground.rows().locator('td:nth-child(3)').allInnerTexts();
  const values = scores.map((score) => Number.parseFloat(score));
  expect(values).toEqual([...values].sort((a, b) => b - a));
  await playground.table.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await expect(playground.rows().nth(6)).toHaveClass(/selected/);
});

test('the cost axis can be chosen', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  await page.getByTestId('axis').selectOption('ram');
  await expect(playground.frontSummary).toContainText('peak memory (int8)');
});

test('everything needed for a search is done by keyboard', async ({ page, playground }) => {
  await playground.open({ ...QUICK, candidates: 2 });
  const reach = async (testid: string): Promise<void> => {
    for (let press = 0; press < 50; press += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))) === testid) return;
    }
    throw new Error(`Tab never came to ${testid}`);
  };
  await reach('search');
  await reach('goal-seed');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('goal-seed')).toHaveValue('4');
  await page.keyboard.press('Shift+Tab');
  await page.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
  });
  await page.getByTestId('search').focus();
  await page.keyboard.press('Enter');
  await playground.waitForPhase('finished');
  await reach('front-chart');
  await page.keyboard.press('ArrowLeft');
  await expect(playground.selected).toHaveText(/#\d/);
});

test('a network of a file is drawn and priced, saved and opened again as the same', async ({
  page,
  playground,
}) => {
  const network = {
    input: [1, 8, 8],
    layers: [
      { op: 'conv2d', out_channels: 8, kernel: 3 },
      { op: 'dense', out_features: 10 },
    ],
  };
  await playground.open({ ...QUICK, ram: 500 });
  await playground.openNetwork('mine.json', JSON.stringify(network));
  await expect(playground.selected).toHaveText('mine.json');
  await expect(page.getByTestId('why')).toContainText(/It does not fit: RAM [\d,]+\sB over 500\sB/);
  const drawing = await page.getByTestId('network-picture').textContent();

  const download = page.waitForEvent('download');
  await page.getByTestId('save-network').click();
  const saved = await readFile(await (await download).path(), 'utf8');
  await page.getByTestId('close-network').click();
  await expect(page.getByTestId('another')).toBeVisible();
  await playground.openNetwork('again.json', saved);
  await expect(playground.selected).toHaveText('again.json');
  expect(await page.getByTestId('network-picture').textContent()).toBe(drawing);
});
