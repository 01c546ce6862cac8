import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../protocol/generated/LogLine';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeLog } from '../testing/fake-log';
import { EMPTY_RUN, type RunView, showLines } from './run-view';

const LINES = fakeLog({ ...FAKE_DEFAULTS, device: 'arduino-uno', candidates: 40 });
const WHOLE = showLines(EMPTY_RUN, LINES);

/** Cuts of the log into batches, as frames cut it. */
const cuts = fc.uniqueArray(fc.nat(LINES.length), { maxLength: 12 });

function inBatches(lines: readonly LogLine[], places: readonly number[]): RunView {
  const ends = [...places].sort((a, b) => a - b).concat(lines.length);
  return ends.reduce(
    (view, end, index) => showLines(view, lines.slice(ends[index - 1] ?? 0, end)),
    EMPTY_RUN,
  );
}

describe('a run shown from its log', () => {
  it('is the same however the lines are batched', () => {
    fc.assert(
      fc.property(cuts, (places) => {
        expect(inBatches(LINES, places)).toEqual(WHOLE);
      }),
    );
  });

  it('leaves the earlier view as it was', () => {
    fc.assert(
      fc.property(fc.nat(LINES.length), (place) => {
        const before = showLines(EMPTY_RUN, LINES.slice(0, place));
        const copy = structuredClone(before);
        showLines(before, LINES.slice(place));
        expect(before).toEqual(copy);
      }),
    );
    expect(EMPTY_RUN.candidates).toEqual([]);
  });

  it('has every candidate with its result, and says how the run ended', () => {
    expect(WHOLE.header?.config.device).toBe('arduino-uno');
    expect(WHOLE.candidates.map(({ ask }) => ask)).toEqual(Array.from({ length: 40 }, (_, ask) => ask));
    expect(WHOLE.candidates.every(({ result }) => result !== null)).toBe(true);
    expect(WHOLE.told).toHaveLength(40);
    expect(WHOLE.end).toMatchObject({ kind: 'done', candidates: 40 });
  });

  it('counts all rejections and keeps those that the log shows', () => {
    const asked = LINES.filter((line) => line.line === 'asked');
    const counted = asked.reduce((sum, line) => sum + (line.rejections?.count ?? 0), 0);
    const first = asked.flatMap((line) => line.rejections?.first ?? []);
    expect(counted).toBeGreaterThan(0);
    expect(WHOLE.rejectedCount).toBe(counted);
    expect(WHOLE.rejections.map(({ genes }) => genes)).toEqual(first.map(({ genes }) => genes));
    expect(WHOLE.rejections.map(({ index }) => index)).toEqual(first.map((_, index) => index));
  });

  it('counts the work of what was told', () => {
    const planned = LINES.flatMap((line) => (line.line === 'asked' ? line.planned_macs : []));
    expect(WHOLE.workMacs).toBe(planned.reduce((sum, macs) => sum + macs, 0));
    const firstTold = LINES.findIndex(({ line }) => line === 'told');
    expect(showLines(EMPTY_RUN, LINES.slice(0, firstTold)).workMacs).toBe(0);
    expect(showLines(EMPTY_RUN, LINES.slice(0, firstTold + 1)).workMacs).toBe(planned[0]);
  });

  it('has a milestone after each result: the best never falls, the hypervolume is a share', () => {
    expect(WHOLE.milestones.map(({ told }) => told)).toEqual(WHOLE.told.map((_, index) => index + 1));
    for (const [index, { bestAccuracy, hypervolume }] of WHOLE.milestones.entries()) {
      expect(bestAccuracy).toBeGreaterThanOrEqual(WHOLE.milestones[index - 1]?.bestAccuracy ?? 0);
      expect(hypervolume).toBeGreaterThanOrEqual(WHOLE.milestones[index - 1]?.hypervolume ?? 0);
      expect(hypervolume).toBeLessThanOrEqual(1);
    }
  });

  it('has test accuracies for final trainings only', () => {
    const tested = WHOLE.candidates.filter(({ final }) => final?.result.test_accuracy !== undefined);
    expect(tested.map(({ ask }) => ask)).toEqual(
      WHOLE.front
        .slice(-5)
        .map(({ ask }) => ask)
        .sort((a, b) => a - b),
    );
    expect(WHOLE.candidates.every(({ result }) => result?.test_accuracy === undefined)).toBe(true);
  });

  it('shows a run that was stopped', () => {
    const stopped = showLines(WHOLE, [{ line: 'stopped', reason: 'user' }]);
    expect(stopped.end).toEqual({ kind: 'stopped', reason: 'user' });
  });
});
