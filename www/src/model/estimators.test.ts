import { describe, expect, it } from 'vitest';
import type { Estimate } from '../protocol/generated/Estimate';
import { FAKE_DEFAULTS, FAKE_DEVICES, fakeDevice } from '../testing/fake-catalog';
import { fakeCandidate } from '../testing/fake-space';
import { canUse, errorOf, estimateOf, METHODS, ownMethod } from './estimators';

const text = { en: 'basis', es: 'base' };
const TIMED = {
  ...fakeDevice('microbit'),
  timing: {
    model: { kind: 'cycles', clock_hz: 1, default: {}, operators: {} },
    basis: text,
    error: { percent: 35, basis: text },
  },
} as unknown as ReturnType<typeof fakeDevice>;
const UNKNOWN = { ...fakeDevice('microbit'), id: 'this-browser', compute: null };

describe('estimators', () => {
  it('are those that a device is known well enough for', () => {
    const offered = (device: typeof TIMED) => METHODS.filter((method) => canUse(method, device));
    expect(offered(TIMED)).toEqual(['stated-peak', 'analytical', 'look-up-table']);
    expect(offered(UNKNOWN)).toEqual(['look-up-table', 'measured']);
  });

  it('are by default the engine’s own choice', () => {
    expect([ownMethod(TIMED), ownMethod({ ...TIMED, compute: null }), ownMethod(UNKNOWN)]).toEqual([
      'stated-peak',
      'analytical',
      'measured',
    ]);
  });

  it('say their error only where it is known', () => {
    expect([
      errorOf('analytical', TIMED),
      errorOf('stated-peak', TIMED),
      errorOf('measured', UNKNOWN),
    ]).toEqual([35, null, null]);
  });

  it('give the number that a network was priced by', () => {
    const priced = fakeCandidate(FAKE_DEFAULTS, FAKE_DEVICES, [1, 0, 0, 0]);
    const peak = priced.estimates.find(({ device }) => device === 'microbit') as Estimate;
    const formula: Estimate = { ...peak, method: 'analytical', error_percent: 35 };
    const both = { ...priced, estimates: [...priced.estimates, formula] };
    expect(estimateOf(FAKE_DEFAULTS, both)).toBe(peak);
    expect(estimateOf({ ...FAKE_DEFAULTS, estimator: 'analytical' }, both)).toBe(formula);
    expect(estimateOf({ ...FAKE_DEFAULTS, devices: ['arduino-uno'] }, both)).toBeUndefined();
  });
});
