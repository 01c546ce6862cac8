import { describe, expect, it } from 'vitest';
import type { LogLine } from '../protocol/generated/LogLine';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeLog } from '../testing/fake-log';
import { rowsOf } from './candidates';
import { reasonFor } from './reason';
import { EMPTY_RUN, showLines } from './run-view';
import { savingsOf, stoppedAfter } from './stopping';

const [HEADER, ...LINES] = fakeLog({ ...FAKE_DEFAULTS, epochs: 9, candidates: 4 });
const ASKED = LINES.filter((line) => line.line === 'asked').slice(0, 4);

function asked(ask: number, sameAs: number | null = null): LogLine[] {
  const [line] = ASKED.slice(ask);
  const planned = sameAs === null ? { planned_macs: 100, epochs: 1 } : { planned_macs: 0 };
  return line === undefined ? [] : [{ ...line, same_as: sameAs, ...planned }];
}

/** The epochs that a line tells are those since the last one. */
function told(ask: number, epochs: number, accuracies: readonly number[]): LogLine {
  const curve = accuracies.map((accuracy) => ({ loss: 1, accuracy }));
  return {
    line: 'told',
    ask,
    virtual_end: 0,
    epochs,
    curve,
    validation_accuracy: accuracies.at(-1) ?? 0,
    weights_sha256: 'ab',
  };
}

const promoted = (ask: number, epochs: number, planned_macs: number): LogLine => ({
  line: 'promoted',
  ask,
  epochs,
  planned_macs,
});
const rest = (last: number): number[] => [0.6, 0.6, 0.6, 0.6, 0.6, last];

/** 0 and 1 go to the end, 2 is stopped after an epoch, 3 is 0 asked for again. */
const STORY: readonly LogLine[] = [
  ...(HEADER === undefined ? [] : [HEADER]),
  ...[0, 1, 2].flatMap((ask) => asked(ask)),
  told(0, 1, [0.5]),
  told(1, 1, [0.4]),
  told(2, 1, [0.3]),
  promoted(0, 3, 200),
  promoted(1, 3, 200),
  told(0, 3, [0.55, 0.6]),
  ...asked(3, 0),
  told(3, 3, [0.5, 0.55, 0.6]),
  told(1, 3, [0.5, 0.7]),
  promoted(0, 9, 600),
  promoted(1, 9, 600),
  told(0, 9, rest(0.7)),
  told(3, 9, rest(0.7)),
  told(1, 9, rest(0.9)),
];
const VIEW = showLines(EMPTY_RUN, STORY);

describe('a run whose trainings are stopped early', () => {
  it('joins the curves of the rungs', () => {
    const curves = VIEW.candidates.map(({ result }) => result?.curve.map(({ accuracy }) => accuracy));
    expect(curves[0]).toEqual([0.5, 0.55, 0.6, ...rest(0.7)]);
    expect(curves[2]).toEqual([0.3]);
    expect(curves[3]).toEqual(curves[0]);
    expect(VIEW.told).toEqual([0, 1, 2, 3]);
  });

  it('knows who is stopped, and who is on the way', () => {
    const stopped = (view: typeof VIEW): (number | null)[] =>
      view.candidates.map((each) => stoppedAfter(view, each));
    expect(stopped(VIEW)).toEqual([null, null, 1, null]);
    expect(stopped(showLines(EMPTY_RUN, STORY.slice(0, 8)))).toEqual([null, 1, 1]);
    expect(rowsOf(VIEW).flatMap(({ status, candidate }) => (candidate ? [status] : []))).toEqual([
      'trained',
      'trained',
      'stopped',
      'same',
    ]);
    const [, , third] = VIEW.candidates;
    expect(third && reasonFor(VIEW, third)).toEqual({ kind: 'stopped', epochs: 1 });
  });

  it('tells what it saved and what it risked', () => {
    expect(savingsOf(VIEW)).toEqual({
      spentMacs: 1900,
      wholeMacs: 2700,
      // After an epoch 0 was ahead, after three and at the end 1 is.
      ranks: [
        { epochs: 1, tau: -1, networks: 2 },
        { epochs: 3, tau: 1, networks: 2 },
      ],
    });
    expect(savingsOf(showLines(EMPTY_RUN, LINES))).toBeNull();
  });

  it('counts the work of each rung when it is told, and as best only what was trained to the end', () => {
    const after = (count: number): { workMacs: number; best: number | undefined } => {
      const { workMacs, milestones } = showLines(EMPTY_RUN, STORY.slice(0, count));
      return { workMacs, best: milestones.at(-1)?.bestAccuracy };
    };
    expect(after(7)).toEqual({ workMacs: 300, best: 0 });
    expect(after(10)).toEqual({ workMacs: 500, best: 0 });
    expect(after(16)).toEqual({ workMacs: 1300, best: 0.7 });
    expect(after(STORY.length)).toEqual({ workMacs: 1900, best: 0.9 });
    expect(VIEW.milestones.map(({ told: count }) => count)).toEqual([1, 2, 3, 4]);
  });
});
