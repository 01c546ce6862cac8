import { describe, expect, it } from 'vitest';
import { hotStartsOf, inheritedRankOf } from './inherited';
import { EMPTY_RUN, showLines } from './run-view';
import type { LogLine } from '../protocol/generated/LogLine';

const COSTS = {
  params: 1,
  macs: 1,
  flops: 1,
  flash_bytes: 1,
  ram_bytes: 1,
  latency_ms: 1,
  energy_mj: null,
};

function asked(ask: number): LogLine {
  return {
    line: 'asked',
    ask,
    genes: [ask],
    name: `n${ask}`,
    parent: null,
    costs: COSTS,
    key: '',
    planned_macs: 10,
    same_as: null,
  };
}

function told(ask: number, accuracy: number): LogLine {
  return { line: 'told', ask, virtual_end: 0, curve: [], validation_accuracy: accuracy };
}

function final(ask: number, accuracy: number): LogLine {
  return { line: 'final', ask, epochs: 20, curve: [], validation_accuracy: accuracy, test_accuracy: 0 };
}

const SUPER_NETWORK: LogLine = { line: 'super-network', epochs: 100, planned_macs: 500, curve: [] };
const SEARCHED = [asked(0), asked(1), asked(2), told(0, 0.3), told(1, 0.5), told(2, 0.4)];

describe('inheritedRankOf', () => {
  it('compares inherited with own accuracies of the finals', () => {
    const view = showLines(EMPTY_RUN, [SUPER_NETWORK, ...SEARCHED, final(0, 0.9), final(1, 0.95)]);
    expect(inheritedRankOf(view)).toEqual({ tau: 1, networks: 2 });
    const other = showLines(view, [final(2, 0.99)]);
    expect(inheritedRankOf(other)?.tau).toBeCloseTo(1 / 3);
    expect(inheritedRankOf(other)?.networks).toBe(3);
    expect(view.workMacs).toBe(530);
  });

  it('says nothing of one final, nor where nothing is inherited', () => {
    expect(inheritedRankOf(showLines(EMPTY_RUN, [SUPER_NETWORK, ...SEARCHED, final(0, 0.9)]))).toBeNull();
    const trained = showLines(EMPTY_RUN, [...SEARCHED, final(0, 0.9), final(1, 0.95)]);
    expect(inheritedRankOf(trained)).toBeNull();
  });
});

describe('a predictor', () => {
  it('is as good as when it learnt last', () => {
    const learnt = (networks: number): LogLine => ({
      line: 'predictor',
      networks,
      tau: 0.5,
      params_tau: 0.4,
    });
    const view = showLines(EMPTY_RUN, [learnt(12), ...SEARCHED, learnt(14)]);
    expect(view.predictor).toEqual({ networks: 14, tau: 0.5, params_tau: 0.4 });
    expect(EMPTY_RUN.predictor).toBeNull();
  });
});

describe('hot starts', () => {
  const heir = (ask: number): LogLine => ({ ...asked(ask), hot_start: { from: 0, epochs: 3 } }) as LogLine;
  const header = { line: 'run', recipe: { horizon_epochs: 9 } } as LogLine;
  const lines = [header, asked(0), heir(1), heir(2), told(0, 0.3), told(1, 0.5), told(2, 0.4)];

  it('are told with what they saved', () => {
    const view = showLines(EMPTY_RUN, lines);
    expect(hotStartsOf(view)).toEqual({ heirs: 2, spentMacs: 30, coldMacs: 70 });
    expect(hotStartsOf(showLines(EMPTY_RUN, [header, ...SEARCHED]))).toBeNull();
  });

  it('are compared with the final trainings, which start cold', () => {
    const view = showLines(EMPTY_RUN, [...lines, final(1, 0.9), final(2, 0.95)]);
    expect(inheritedRankOf(view)).toEqual({ tau: -1, networks: 2 });
  });
});
