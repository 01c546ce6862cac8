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
