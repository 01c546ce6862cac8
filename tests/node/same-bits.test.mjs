// One run natively and in the browser's binary: the same bytes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHORT_RUN, nas, nativeLog, temporaryFolder } from '../native.mjs';
import { browserLog, evaluatorFor, finish, memoryOfCycles } from './browser-binary.mjs';

const lines = (/** @type {string} */ log) =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('one run, natively with one and four threads and in the browser’s binary: one log', () => {
  const log = nativeLog(SHORT_RUN, 1);
  const parsed = lines(log);
  assert.ok(parsed.filter(({ line }) => line === 'told').length >= 32);
  assert.ok(parsed.some(({ line, members }) => line === 'front' && members.length > 0));
  assert.ok(parsed.some(({ line }) => line === 'final'));
  assert.equal(nativeLog(SHORT_RUN, 4), log);
  assert.equal(browserLog(SHORT_RUN), log);
});

test('a run without batch normalization and one on MNIST: one log', () => {
  for (const link of [
    'v=1&candidates=6&epochs=1&samples=128&seed=3&layers.auto_norm=off&train.final_epochs=0',
    'v=1&data=mnist&res=7&candidates=4&epochs=1&samples=96&strategy=random&layers.widths=4&train.final_epochs=1',
  ]) {
    assert.equal(browserLog(link), nativeLog(link, 2));
  }
});

test('runs by each zero-cost score: one log', () => {
  const scores = JSON.parse(nas('list', 'scores', '--json'));
  assert.ok(scores.length >= 12);
  for (const { id } of scores) {
    const link = `v=1&eval=score&score.proxy=${id}&score.batch_size=16&candidates=6&samples=64&space=cell&device=raspberry-pi&train.final_epochs=1`;
    const log = browserLog(link);
    assert.equal(log, nativeLog(link, 2), id);
    const told = lines(log).filter(({ line }) => line === 'told');
    assert.ok(told.length === 6 && told.every(({ score }) => typeof score === 'number'), id);
  }
});

test('runs by each strategy: one log', () => {
  const strategies = JSON.parse(nas('list', 'strategies', '--json'));
  assert.ok(strategies.length >= 11);
  for (const { id } of strategies) {
    const link = `v=1&strategy=${id}&eval=score&score.proxy=params&candidates=40&samples=64&device=raspberry-pi&train.final_epochs=0`;
    assert.equal(browserLog(link), nativeLog(link, 2), id);
  }
});

test('runs by each rule of early stopping: one log', () => {
  for (const rule of ['halving', 'hyperband', 'median', 'extrapolation']) {
    const link = `v=1&candidates=16&epochs=9&samples=64&layers.widths=4&train.final_epochs=1&train.stopping=${rule}`;
    const log = browserLog(link);
    assert.equal(log, nativeLog(link, 2), rule);
    const parsed = lines(log);
    assert.ok(
      parsed.some(({ line }) => line === 'promoted'),
      rule,
    );
    const epochs = new Map(
      parsed.filter(({ line }) => line === 'told').map(({ ask, epochs }) => [ask, epochs]),
    );
    assert.ok(
      [...epochs.values()].some((told) => told < 9),
      `${rule} stops nothing`,
    );
  }
});

test('a run with a predictor: one log', () => {
  const link = `v=1&eval=predictor&predictor.learning_set=6&strategy=nsga2&candidates=24&epochs=3&samples=64&layers.widths=4&train.final_epochs=1`;
  const log = browserLog(link);
  assert.equal(log, nativeLog(link, 2));
  const kinds = lines(log).map(({ line }) => line);
  assert.ok(kinds.includes('predictor') && kinds.includes('promoted'));
});

test('candidates that are trained several times: one log', () => {
  const link = `v=1&replicates=3&candidates=8&epochs=2&samples=64&layers.widths=4&train.final_epochs=1`;
  const log = browserLog(link);
  assert.equal(log, nativeLog(link, 2));
  assert.ok(lines(log).some(({ training_deviation }) => training_deviation > 0));
});

test('a run with hot starts: one log, with and without the parents’ weights at hand', () => {
  const link = `v=1&candidates=24&epochs=3&samples=64&layers.widths=4&train.final_epochs=1&train.weights=parent&train.hot_epochs=1`;
  const log = browserLog(link);
  assert.equal(log, nativeLog(link, 2));
  assert.equal(log, browserLog(link, { isForgetful: true }));
  assert.ok(lines(log).filter(({ hot_start }) => hot_start).length >= 8);
});

test('runs by super-networks: one log', () => {
  for (const space of [
    'layers&layers.widths=4',
    'cell&cell.channels=4',
    'cell&cell.kind=nodes&cell.channels=4',
  ]) {
    const link = `v=1&eval=supernet&supernet.epochs=2&space=${space}&candidates=12&samples=64&train.final_epochs=1`;
    const log = browserLog(link);
    assert.equal(log, nativeLog(link, 2), space);
    assert.equal(nativeLog(link, 1), log);
    const parsed = lines(log);
    assert.equal(parsed[1].line, 'super-network');
    assert.ok(parsed.some(({ line }) => line === 'final'));
    const told = parsed.filter(({ line }) => line === 'told');
    assert.ok(new Set(told.map(({ validation_accuracy }) => validation_accuracy)).size > 1, space);
  }
});

test('a limit of 17 digits: one log', () => {
  const link =
    'v=1&candidates=2&epochs=1&samples=64&layers.widths=4&train.final_epochs=0&latency_ms=907.3038322028689';
  const log = browserLog(link);
  assert.match(log, /"latency_ms":907\.3038322028689/);
  assert.equal(log, nativeLog(link, 1));
});

test('a run that reaches its time limit: the undisturbed log up to there, and one line', () => {
  const whole = nativeLog(SHORT_RUN, 2);
  const stopped = nativeLog(SHORT_RUN, 2, { words: ['--time-limit', '0.05'], exitCode: 4 });
  const last = '{"line":"stopped","reason":"time"}\n';
  assert.ok(stopped.endsWith(last));
  assert.ok(whole.startsWith(stopped.slice(0, -last.length)));
});

test('a checkpoint made natively at the end of any epoch is finished in the browser’s binary: the same weights', () => {
  const folder = temporaryFolder();
  const words = ['ref:digits-tiny', '--data', 'digits8', '--epochs', '3', '--checkpoints', folder, '--json'];
  const { weights_sha256, curve, test_accuracy } = JSON.parse(nas('train', ...words));
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
  const evaluator = evaluatorFor(job.data);
  for (const epoch of [1, 2, 3]) {
    evaluator.resume(job, readFileSync(join(folder, `epoch-${epoch}.checkpoint`)));
    assert.deepEqual(finish(evaluator), { outcome: 'trained', curve, test_accuracy, weights_sha256 });
  }
  evaluator.free();
});

test('handles free what they hold: memory is flat over 200 of them', () => {
  const { before, after } = memoryOfCycles(SHORT_RUN, 200);
  assert.equal(after, before);
});
