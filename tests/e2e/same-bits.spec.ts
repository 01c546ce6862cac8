import { SHORT_RUN, nativeLog } from '../native.mjs';
import { expect, test } from './fixtures';

test('one run in the page with one and three workers, and natively: one log', async ({
  page,
  playground,
}) => {
  const native = nativeLog(SHORT_RUN, 2);
  const lines = native.trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('{"line":"told"')).length).toBeGreaterThanOrEqual(32);
  for (const workers of [1, 3]) {
    await page.goto('./');
    await page.goto(`./#${SHORT_RUN}`);
    await expect(playground.searchButton).toBeVisible();
    const field = page.getByTestId('workers');
    await field.fill(String(workers));
    await field.blur();
    await expect(field).toHaveValue(String(workers));
    await playground.searchToTheEnd();
    expect(await playground.downloadLog()).toBe(native);
  }
});
