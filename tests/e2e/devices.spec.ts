import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { QUICK } from './playground';

/** All operators are measured in some seconds; on a busy machine in more. */
const MEASURING_MS = 80_000;
const KINDS = [
  'conv',
  'pointwise',
  'depthwise',
  'dense',
  'attention',
  'max-pool',
  'avg-pool',
  'element-wise',
  'copy',
];
const COLUMNS =
  'operator,kernel_height,kernel_width,stride_height,stride_width,in_channels,out_channels,out_height,out_width,macs,ms';
const TABLE = [COLUMNS, ...KINDS.map((kind) => `${kind},1,1,1,1,4,4,4,4,64,0.5`), ''].join('\n');
const NO_TABLE = '0'.repeat(64);

async function openTable(page: Page, text: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByTestId('open-table').click();
  await (await chooser).setFiles({ name: 'times.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
}

test('this browser is measured once, searched with and remembered', async ({ page, playground }) => {
  test.setTimeout(3 * MEASURING_MS);
  await playground.goto({
    ...QUICK,
    candidates: 2,
    epochs: 1,
    'train.final_epochs': 1,
    device: 'this-browser',
  });
  await page.getByTestId('measure').click();
  await expect(page.getByTestId('table-panel').getByRole('progressbar')).toBeVisible();
  await page.getByTestId('cancel-measuring').click();
  await expect(page.getByTestId('measure')).toBeFocused();

  await page.getByTestId('measure').click();
  await expect(page.getByTestId('table-known')).toBeVisible({ timeout: MEASURING_MS });
  await expect(page).toHaveURL(/device=this-browser&.*estimator=measured&table=[0-9a-f]{64}/);
  await expect(page.getByTestId('network-picture')).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByTestId('save-table').click();
  const csv = await readFile(await (await download).path(), 'utf8');
  const [columns, ...rows] = csv.trimEnd().split('\n');
  expect(columns).toBe(COLUMNS);
  expect(Math.min(...rows.map((row) => Number(row.split(',').at(-1))))).toBeGreaterThan(0);

  await playground.searchToTheEnd();
  const [first = ''] = (await playground.downloadLog()).split('\n');
  const { config } = JSON.parse(first) as { config: { table: string; estimator: string } };
  expect(config.estimator).toBe('measured');
  expect(page.url()).toContain(config.table);

  await page.reload();
  await expect(page.getByTestId('table-known')).toBeVisible();
  await expect(page.getByTestId('network-picture')).toBeVisible();
  await page.getByTestId('device').selectOption('arduino-uno');
  await expect(page).not.toHaveURL(/table=/);
  await page.getByTestId('device').selectOption('this-browser');
  await expect(page).toHaveURL(new RegExp(config.table));
});

test('a table that is not here is told, with ways out', async ({ page, playground }) => {
  await playground.goto({ ...QUICK, estimator: 'look-up-table', table: NO_TABLE });
  await expect(page.getByTestId('table-missing')).toContainText('00000000…, which is not on this machine');
  await playground.search();
  await expect(playground.error).toContainText('Open'.toLowerCase());
  await page.getByTestId('close-error').click();

  await openTable(page, `${COLUMNS}\nconv,1,1`);
  await expect(page.getByTestId('table-error')).toContainText('times.csv: no table, line 2');
  await openTable(page, `# of my board\n${TABLE}`);
  await expect(page.getByTestId('table-known')).toContainText('9 operators');
  await expect(page.getByTestId('network-picture')).toBeVisible();
  await expect(page).not.toHaveURL(new RegExp(NO_TABLE));

  await page.getByTestId('estimator').selectOption('analytical');
  await expect(page.getByTestId('table-panel')).toBeHidden();
  await expect(page).not.toHaveURL(/table=/);
});

test('an estimator says how far it is off', async ({ page, playground }) => {
  await playground.open({ device: 'microbit' });
  await expect(page.getByTestId('estimator-error')).toHaveText('lower bound, error unknown');
  await page.getByTestId('estimator').selectOption('analytical');
  await expect(page.getByTestId('estimator-error')).toHaveText('error ± 35%');
  await page.getByTestId('estimator-error').click();
  await expect(page.getByText('fitted on published measurements')).toBeVisible();
  await page.getByTestId('watts').fill('0.02');
  await page.getByTestId('watts').blur();
  await expect(page).toHaveURL(/estimator=analytical&watts=0.02/);
});

test('several devices are served, and single ones limited', async ({ page, playground }) => {
  await playground.open({ device: 'pixel-3' });
  await page.getByTestId('more-devices').click();
  await page.getByTestId('add-device').selectOption('arduino-uno');
  await expect(page.getByTestId('device-arduino-uno')).toBeVisible();
  await page.getByTestId('over').selectOption('mean');
  await page.getByTestId('new-limit-device').selectOption('rp2040');
  await page.getByTestId('new-limit-value').fill('12.5');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('device-limit')).toContainText('12.5');
  await expect(page).toHaveURL(/devices=arduino-uno&limits=latency@rp2040:12.5&over=mean/);
  await expect(page.getByTestId('front-chart')).toContainText('mean of Google Pixel 3, Arduino Uno');

  await page.getByTestId('device-limit').getByRole('button').click();
  await page.getByTestId('device-arduino-uno').getByRole('button').click();
  await expect(page).not.toHaveURL(/devices=|limits=|over=/);
});

test('a device of one’s own is described, searched for and carried by the link', async ({
  page,
  playground,
}) => {
  await playground.open(QUICK);
  await page.getByTestId('device').selectOption('own');
  const text = page.getByTestId('device-text');
  const uno = JSON.parse(await text.inputValue()) as {
    id: string;
    memory: { ram_bytes: number; reserved_ram_bytes: number };
  };
  expect(uno).toMatchObject({ id: 'own', memory: { kind: 'split', ram_bytes: 2048 } });

  await text.fill((await text.inputValue()).replace('"ram_bytes"', '"rma_bytes"'));
  await expect(page.getByTestId('device-problem')).toContainText(/unknown field `rma_bytes`.* at line \d+/);

  const own = { ...uno, memory: { ...uno.memory, ram_bytes: 1500 }, title: { en: 'Tiny', es: 'Mini' } };
  await text.fill(JSON.stringify(own));
  await expect(page.getByTestId('device-problem')).toHaveCount(0);
  await expect(page.getByTestId('device').locator('option:checked')).toHaveText('Tiny');
  await expect(page).toHaveURL(/device=own&.*own_device=[\w-]+/);

  await playground.searchToTheEnd();
  const lines = (await playground.downloadLog())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Asked);
  const { ram_bytes: limit } = lines[0]?.limits ?? {};
  expect(limit).toBe(1500 - uno.memory.reserved_ram_bytes);
  const used = lines.flatMap(({ costs }) => (costs === undefined ? [] : [costs.ram_bytes]));
  expect(used).toHaveLength(8);
  expect(Math.max(...used)).toBeLessThanOrEqual(Number(limit));

  await page.reload();
  await expect(page.getByTestId('device').locator('option:checked')).toHaveText('Tiny');
});

interface Asked {
  readonly limits?: { readonly ram_bytes?: number };
  readonly costs?: { readonly ram_bytes: number };
}
