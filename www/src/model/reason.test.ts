import { describe, expect, it } from 'vitest';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeLog } from '../testing/fake-log';
import { accuracyError, isWithinNoise, standardError } from './noise';
import { bestOf, reasonFor } from './reason';
import { type Candidate, EMPTY_RUN, type RunView, showLines } from './run-view';

const VIEW = showLines(EMPTY_RUN, fakeLog({ ...FAKE_DEFAULTS, device: 'arduino-uno', candidates: 40 }));

/** The view with other accuracies on its front, by ascending cost. */
function withFront(accuracies: readonly number[]): { view: RunView; candidates: readonly Candidate[] } {
  const candidates = VIEW.candidates
    .filter(({ sameAs, result }) => sameAs === null && result?.failure === undefined)
    .slice(0, accuracies.length)
    .map((candidate, index): Candidate => ({
      ...candidate,
      costs: { ...candidate.costs, latency_ms: 10 * (index + 1) },
      result: { curve: [], validation_accuracy: accuracies[index] ?? 0 },
    }));
  const front = candidates.map(({ ask, result, costs }) => ({
    ask,
    validation_accuracy: result?.validation_accuracy ?? 0,
    cost: costs.latency_ms,
  }));
  return { view: { ...VIEW, front }, candidates };
}

function withImages(images: number): RunView {
  return { ...VIEW, header: VIEW.header && { ...VIEW.header, validation_images: images } };
}

describe('noise', () => {
  it('has the standard error of a share', () => {
    expect(standardError(0.9, 300)).toBeCloseTo(0.01732, 5);
    expect(standardError(1, 300)).toBe(0);
  });

  it.each([
    ['0.7 points of 300 images', 0.946, 0.953, 300, true],
    ['4 points of 300 images', 0.9, 0.94, 300, true],
    ['6 points of 300 images', 0.9, 0.96, 300, false],
    ['0.7 points of 30,000 images', 0.946, 0.953, 30_000, false],
    ['no difference at all', 1, 1, 300, true],
  ])('%s', (_, a, b, images, expected) => {
    const view = withImages(images);
    expect(isWithinNoise(a, b, view)).toBe(expected);
    expect(isWithinNoise(b, a, view)).toBe(expected);
  });

  it('of several trainings is that of their mean', () => {
    const { header } = VIEW;
    if (header === null) throw new Error('no header');
    const config = { ...header.config, replicates: 4 };
    const view = { ...VIEW, header: { ...header, config, validation_images: 300 }, trainingDeviation: 0.02 };
    expect(accuracyError(view, 0.9)).toBeCloseTo(Math.hypot(0.01732, 0.01), 5);
    expect(accuracyError(withImages(300), 0.9)).toBeCloseTo(0.01732, 5);
  });
});

describe('the reason for a candidate', () => {
  it('names both neighbours of a member of the front', () => {
    const { view, candidates } = withFront([0.8, 0.95, 0.956]);
    const reason = reasonFor(view, candidates[1] as Candidate);
    expect(reason).toMatchObject({
      kind: 'front',
      cheaper: { ask: candidates[0]?.ask, extraCost: -10, isWithinNoise: false },
      better: { ask: candidates[2]?.ask, extraCost: 10, isWithinNoise: true },
    });
  });

  it('has no neighbour beyond the ends', () => {
    const { view, candidates } = withFront([0.8]);
    expect(reasonFor(view, candidates[0] as Candidate)).toEqual({
      kind: 'front',
      cheaper: null,
      better: null,
    });
  });

  it('names who dominates', () => {
    const { view, candidates } = withFront([0.8, 0.95]);
    const worse: Candidate = {
      ...(candidates[1] as Candidate),
      ask: 999,
      costs: { ...(candidates[1] as Candidate).costs, latency_ms: 25 },
      result: { curve: [], validation_accuracy: 0.9 },
    };
    expect(reasonFor(view, worse)).toMatchObject({ kind: 'dominated', rival: { ask: candidates[1]?.ask } });
  });

  it('tells duplicates, failures and what is still in training', () => {
    const [plain] = VIEW.candidates as [Candidate];
    const off = { ...VIEW, front: [] };
    const result = { curve: [], validation_accuracy: 0.5 };
    expect(reasonFor(off, { ...plain, result: null })).toEqual({ kind: 'waiting' });
    expect(reasonFor(off, { ...plain, sameAs: 3, result })).toEqual({ kind: 'same', as: 3 });
    const failure = { why: 'diverged', step: 1, layer: 'a' } as const;
    expect(reasonFor(off, { ...plain, result: { ...result, failure } })).toEqual({ kind: 'failed' });
  });

  it('takes the most accurate as the best, the cheapest of equals', () => {
    expect(bestOf([])).toBeUndefined();
    const { view } = withFront([0.8, 0.95, 0.95]);
    expect(bestOf(view.front)).toBe(view.front[1]);
  });
});
