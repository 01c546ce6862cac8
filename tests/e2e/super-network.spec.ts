import { nativeLog } from '../native.mjs';
import { expect, test } from './fixtures';
import { fragmentOf, QUICK } from './playground';

/** Candidates that inherit the weights of a super-network. */
const INHERITING = { ...QUICK, eval: 'supernet', 'supernet.epochs': 4 };

test('candidates inherit weights, the page says how well they rank, and the log is the native one', async ({
  page,
  playground,
}) => {
  await playground.open(INHERITING);
  await playground.searchToTheEnd();
  await expect(page.getByText(/super-network: 4 epochs, [\d.]+\s.?MAC/)).toBeVisible();
  await expect(page.getByText(/τ with the final trainings: [−-]?[\d.]+/).last()).toBeVisible();
  const native = nativeLog(fragmentOf(INHERITING).slice(1), 2);
  expect(native).toContain('{"line":"super-network"');
  expect(await playground.downloadLog()).toBe(native);
});
