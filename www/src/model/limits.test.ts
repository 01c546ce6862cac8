import { describe, expect, it } from 'vitest';
import { FAKE_DEFAULTS, fakeDevice } from '../testing/fake-catalog';
import { limitOn, limitsOf, usesOf } from './limits';

const COSTS = {
  params: 10,
  macs: 20,
  flops: 40,
  flash_bytes: 3000,
  ram_bytes: 1204,
  latency_ms: 5,
  energy_mj: null,
};

describe('limits', () => {
  it('are what a device leaves, unless others are configured', () => {
    const uno = limitsOf(fakeDevice('arduino-uno'), FAKE_DEFAULTS);
    expect([limitOn('ram', uno), limitOn('flash', uno), limitOn('latency', uno)]).toEqual([
      1880,
      26_624,
      null,
    ]);
    const tighter = limitsOf(fakeDevice('arduino-uno'), { ...FAKE_DEFAULTS, ram: 1000, latency_ms: 60 });
    expect([limitOn('ram', tighter), limitOn('latency', tighter)]).toEqual([1000, 60]);
  });

  it('are one for weights and activations where they share a memory', () => {
    const pi = limitsOf(fakeDevice('raspberry-pi'), FAKE_DEFAULTS);
    expect([limitOn('ram', pi), limitOn('memory', pi)]).toEqual([null, 2 ** 30]);
  });

  it('are used to a share', () => {
    expect(usesOf(COSTS, limitsOf(fakeDevice('arduino-uno'), FAKE_DEFAULTS))).toEqual([
      { axis: 'ram', value: 1204, limit: 1880 },
      { axis: 'flash', value: 3000, limit: 26_624 },
    ]);
    expect(usesOf(COSTS, limitsOf(fakeDevice('raspberry-pi'), FAKE_DEFAULTS))).toEqual([
      { axis: 'memory', value: 4204, limit: 2 ** 30 },
    ]);
  });
});
