import { expect, test } from './fixtures';
import { QUICK } from './playground';

const SPACES = ['fire', 'mobile', 'cell', 'hybrid', 'hierarchical', 'signal', 'meta-kernel', 'accelerator'];

for (const space of SPACES) {
  test(`the space ${space} is searched`, async ({ page, playground }) => {
    await playground.open({
      ...QUICK,
      space,
      device: 'raspberry-pi',
      candidates: 2,
      epochs: 1,
      'train.final_epochs': 1,
    });
    await expect(page.getByTestId('space')).toHaveValue(space);
    await expect(page.getByTestId('space-size')).toContainText(/\d/);
    await playground.searchToTheEnd();
    await expect(playground.error).toBeHidden();
    await expect(page.getByTestId('network-picture')).toBeVisible();
  });
}

test('the space of one’s own is refused without its file', async ({ playground }) => {
  await playground.goto({ ...QUICK, space: 'custom' });
  await playground.search();
  await expect(playground.error).toContainText('it is made of a file');
  await expect(playground.page.getByTestId('space')).toHaveValue('custom');
});

test('a space is refined for a device', async ({ page, playground }) => {
  await playground.open({ ...QUICK, device: 'nrf5340', refine: 'on' });
  await expect(page.getByTestId('refinement')).toContainText('batch-norm');
  await page.locator('section.space summary').click();
  await page.getByTestId('refine').click();
  await expect(page.getByTestId('refinement')).toBeHidden();
});

test('a space of one’s own is begun with an example, changed and told its mistakes by line', async ({
  page,
  playground,
}) => {
  await playground.goto({ ...QUICK, candidates: 2, epochs: 1, 'train.final_epochs': 1, space: 'custom' });
  await expect(page.getByTestId('space-problem')).toContainText('begin with an example');
  await page.getByTestId('space-example').selectOption('residual');
  await expect(page.getByTestId('space-size')).toContainText('24');
  const text = page.getByTestId('space-text');
  const sound = await text.inputValue();
  await text.fill(sound.replace('"residual"', '"residue"'));
  await expect(page.getByTestId('space-problem')).toContainText(/line \d+: /);
  await expect(page.getByTestId('space-size')).toBeHidden();
  await text.fill(sound);
  await expect(page.getByTestId('space-problem')).toBeHidden();
  await playground.searchToTheEnd();

  await playground.resetButton.click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByTestId('open-space').click();
  const mine = sound.replace('[0, 1, 2]', '[0, 1]');
  await (
    await chooser
  ).setFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(mine) });
  await expect(text).toHaveValue(mine);
  const schema = page.getByRole('link', { name: 'Schema' });
  const address = new URL((await schema.getAttribute('href')) ?? '', page.url());
  expect((await page.request.get(address.href)).status()).toBe(200);
});

test('hardware is searched for its area, and its array is shown', async ({ page, playground }) => {
  await playground.open({
    ...QUICK,
    candidates: 3,
    epochs: 1,
    'train.final_epochs': 1,
    space: 'accelerator',
  });
  await expect(page.getByTestId('array')).toContainText(/\d+ × \d+ units/);
  await page.getByTestId('objective').selectOption('area');
  await page.getByTestId('limit-area').fill('3');
  await page.getByTestId('limit-area').blur();
  await expect(page).toHaveURL(/objective=area.*area_mm2=3/);
  await expect(page.getByTestId('axis')).toHaveValue('area');
  await playground.searchToTheEnd();
  await expect(page.getByTestId('front-chart')).toContainText('silicon');
  await expect(page.getByTestId('area')).toContainText('mm²');
  await page.getByTestId('axis').selectOption('latency');
  await expect(page.getByTestId('front-chart')).toContainText('on its own array');
  await playground.resetButton.click();
  await page.getByTestId('space').selectOption('layers');
  await expect(page).not.toHaveURL(/area/);
});
