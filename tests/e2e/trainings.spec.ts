import { nativeLog } from '../native.mjs';
import { expect, test } from './fixtures';
import { fragmentOf, QUICK } from './playground';

/** Trainings that begin with the weights of the parent's. */
const HOT = {
  ...QUICK,
  candidates: 24,
  epochs: 3,
  'train.weights': 'parent',
  'train.hot_epochs': 1,
};
/** Candidates that are trained several times. */
const SEVERAL = { ...QUICK, replicates: 3 };

/** Candidates of which a predictor chooses those that are trained to the end. */
const PREDICTED = {
  ...QUICK,
  eval: 'predictor',
  'predictor.learning_set': 6,
  candidates: 24,
  epochs: 3,
};

test('trainings start hot, the page says what that saved, and the log is the native one', async ({
  page,
  playground,
}) => {
  await playground.open(HOT);
  await playground.searchToTheEnd();
  await expect(page.getByTestId('hot-starts')).toHaveText(/\d+ hot starts: [\d.]+\s.?MAC of [\d.]+\s.?MAC/);
  const native = nativeLog(fragmentOf(HOT).slice(1), 2);
  expect(native).toContain('"hot_start":{');
  expect(await playground.downloadLog()).toBe(native);
});

test('candidates are trained several times, and the front says how likely it is', async ({
  page,
  playground,
}) => {
  await playground.open(SEVERAL);
  await expect(page.getByTestId('replicates')).toHaveValue('3');
  await playground.searchToTheEnd();
  await page.getByTestId('front-chart').press('End');
  await page.getByTestId('front-chart').press('ArrowDown');
  await expect(page.getByTestId('why')).toHaveText(
    /on the front with a probability of \d+\s?%, as far as 3 trainings of each network and 300 images can tell/,
  );
  const native = nativeLog(fragmentOf(SEVERAL).slice(1), 2);
  expect(native).toContain('"probability":');
  expect(await playground.downloadLog()).toBe(native);
});

test('a predictor chooses what is trained to the end, and says how well it foresees', async ({
  page,
  playground,
}) => {
  await playground.open(PREDICTED);
  await expect(page.getByTestId('epochs')).toHaveValue('3');
  await playground.searchToTheEnd();
  await expect(page.getByTestId('predictor')).toHaveText(
    /predictor: τ [−-]?[\d.]+, parameters alone [−-]?[\d.]+/,
  );
  await expect(page.getByTestId('savings')).toHaveText(/trained: [\d.]+\s.?MAC of [\d.]+\s.?MAC/);
  const native = nativeLog(fragmentOf(PREDICTED).slice(1), 2);
  expect(await playground.downloadLog()).toBe(native);
});

test('a way to evaluate that trains nothing several times forgets how often', async ({
  page,
  playground,
}) => {
  await playground.open(SEVERAL);
  await page.getByTestId('evaluation').selectOption('score');
  await expect(page.getByTestId('replicates')).toHaveCount(0);
  await playground.searchToTheEnd();
  expect(await playground.downloadLog()).not.toContain('"replicates"');
});
