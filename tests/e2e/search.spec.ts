import { expect, test } from './fixtures';
import { HUGE, LONG, QUICK } from './playground';

test('a search runs to its end and shows its front, its log and a test accuracy', async ({
  page,
  playground,
}) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  await expect(playground.told).toHaveText('8 of 8');
  await expect(playground.frontSummary).toContainText('8 candidates trained. Front:');
  await expect(playground.selected).toHaveText(/#\d+/);
  await expect(page.getByTestId('test-accuracy')).toHaveText(/\d %?|\d%/);
  await expect(page.getByTestId('why')).toContainText('Why this one?');

  const lines = (await playground.downloadLog())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: string });
  expect(lines[0]?.line).toBe('run');
  expect(lines.filter(({ line }) => line === 'told')).toHaveLength(8);
  expect(lines.at(-1)?.line).toBe('done');
});

test('a search by scores shows scores, and the accuracy of what is trained at the end', async ({
  page,
  playground,
}) => {
  await playground.open({ ...QUICK, eval: 'score', 'score.proxy': 'synflow' });
  await playground.searchToTheEnd();
  await expect(playground.frontSummary).toContainText('8 candidates scored. Front:');
  await expect(playground.frontSummary).not.toContainText('%');
  await expect(page.locator('svg').getByText('SynFlow')).toBeVisible();
  await expect(page.getByTestId('accuracy')).not.toContainText('%');
  await expect(page.getByTestId('test-accuracy')).toContainText('%');
  await expect(page.getByTestId('why')).toContainText('score');
  await page.getByTestId('view-table').click();
  await expect(playground.table.getByRole('columnheader', { name: 'score' })).toBeVisible();
  await expect(playground.error).toHaveCount(0);
});

test('a search is paused and goes on', async ({ playground }) => {
  await playground.open(LONG);
  await playground.search();
  await playground.waitForTold(1);
  await playground.searchButton.click();
  await playground.waitForPhase('paused');
  const told = await playground.toldCount();
  await playground.page.waitForTimeout(1000);
  expect(await playground.toldCount()).toBe(told);
  await playground.searchButton.click();
  await playground.waitForTold(told + 1);
});

test('a search of huge networks is paused, resumed and reset while its workers compute', async ({
  playground,
}) => {
  await playground.open(HUGE);
  await playground.search();
  await expect(playground.busyLanes.first()).toBeVisible();
  await playground.searchButton.click();
  await playground.waitForPhase('paused');
  await playground.searchButton.click();
  await playground.waitForPhase('running');
  expect(await playground.toldCount()).toBe(0);
  await playground.resetButton.click();
  await playground.waitForPhase('idle');
});

test('steps tell one candidate each, also from the beginning', async ({ playground }) => {
  await playground.open(LONG);
  for (const told of [1, 2]) {
    await playground.stepButton.click();
    await playground.waitForTold(told);
    await playground.waitForPhase('paused');
    expect(await playground.toldCount()).toBe(told);
  }
});

test('a reset clears the display, keeps the configuration, and the log until the next start', async ({
  page,
  playground,
}) => {
  await playground.open(LONG);
  await playground.search();
  await playground.waitForTold(1);
  await expect(page.getByTestId('goal-seed')).toBeDisabled();
  await playground.resetButton.click();
  await expect(playground.phase).toHaveAttribute('data-phase', 'idle');
  await expect(page.getByTestId('front-empty')).toBeVisible();
  await expect(page.getByTestId('goal-seed')).toBeEnabled();
  await expect(page.getByTestId('goal-seed')).toHaveValue('3');
  const log = (await playground.downloadLog()).trim().split('\n');
  expect(JSON.parse(log.at(-1) ?? '')).toEqual({ line: 'stopped', reason: 'user' });
});

test('the same search gives the same log, whatever the number of workers', async ({ page, playground }) => {
  const logs: string[] = [];
  for (const workers of [1, 2]) {
    await playground.goto({});
    await playground.open(QUICK);
    const field = page.getByTestId('workers');
    await field.fill(String(workers));
    await field.blur();
    await playground.searchToTheEnd();
    logs.push(await playground.downloadLog());
  }
  expect(logs[1]).toBe(logs[0]);
});

test('a changed configuration is told apart from the results that are shown', async ({
  page,
  playground,
}) => {
  await playground.open({ ...QUICK, candidates: 2 });
  await playground.searchToTheEnd();
  const changed = page.getByText('These results belong to the earlier configuration');
  await expect(changed).toBeHidden();
  await page.getByTestId('goal-seed').fill('4');
  await page.getByTestId('goal-seed').blur();
  await expect(changed).toBeVisible();
});

test('a search outlives a reload', async ({ page, playground }) => {
  await playground.open(QUICK);
  await playground.searchToTheEnd();
  const log = await playground.downloadLog();
  await playground.goto({});
  await page.reload();
  await page.getByTestId('show-last').click();
  await playground.waitForPhase('finished');
  await expect(page.getByTestId('goal-seed')).toHaveValue('3');
  expect(await playground.downloadLog()).toBe(log);
});
