import { nativeLog } from '../native.mjs';
import { expect, test } from './fixtures';
import { fragmentOf, QUICK } from './playground';

/** Accuracy against two costs. */
const THREE = { ...QUICK, strategy: 'nsga2', objective2: 'params' };

test('a search against two costs shows the second one, and its log is the native one', async ({
  page,
  playground,
}) => {
  await playground.open(THREE);
  await expect(page.getByTestId('objective2')).toHaveValue('params');
  await playground.searchToTheEnd();
  await expect(page.getByText('front; the larger, the more parameters')).toBeVisible();
  const native = nativeLog(fragmentOf(THREE).slice(1), 2);
  expect(native).toContain('"second_cost":');
  expect(await playground.downloadLog()).toBe(native);
});

test('a formulation is chosen with its weight and target, and searches as the native one', async ({
  page,
  playground,
}) => {
  await playground.open(QUICK);
  await page.getByTestId('formulations').click();
  await page.getByTestId('formulation').selectOption('weighted-product');
  await expect(page.getByTestId('objective2')).toBeHidden();
  await page.getByTestId('target').fill('5');
  await page.getByTestId('target').press('Enter');
  await expect.poll(() => page.url()).toContain('formulation=weighted-product&target=5');
  await playground.searchToTheEnd();
  const link = { ...QUICK, formulation: 'weighted-product', target: 5 };
  expect(await playground.downloadLog()).toBe(nativeLog(fragmentOf(link).slice(1), 2));
  await page.getByTestId('formulation').selectOption('pareto');
  await expect.poll(() => page.url()).not.toContain('target=');
});
