import { describe, expect, it } from 'vitest';
import { FAKE_DEFAULTS, FAKE_DEVICES, fakeDevice } from '../testing/fake-catalog';
import { canLimit, limitOn, limitsOf, usesOf, withLimit, withoutLimit } from './limits';

const COSTS = {
  params: 10,
  macs: 20,
  flops: 40,
  flash_bytes: 3000,
  ram_bytes: 1204,
  latency_ms: 5,
  energy_mj: null,
};

const on = (device: string, more: Partial<typeof FAKE_DEFAULTS> = {}) =>
  limitsOf({ ...FAKE_DEFAULTS, device, ...more }, FAKE_DEVICES);

describe('limits', () => {
  it('are what a device leaves, unless others are configured', () => {
    const uno = on('arduino-uno');
    expect([limitOn('ram', uno), limitOn('flash', uno), limitOn('latency', uno)]).toEqual([
      1880,
      26_624,
      null,
    ]);
    const tighter = on('arduino-uno', { ram: 1000, latency_ms: 60 });
    expect([limitOn('ram', tighter), limitOn('latency', tighter)]).toEqual([1000, 60]);
  });

  it('are one for weights and activations where they share a memory', () => {
    const pi = on('raspberry-pi');
    expect([limitOn('ram', pi), limitOn('memory', pi)]).toEqual([null, 2 ** 30]);
  });

  it('are the least of several devices', () => {
    const both = on('microbit', { devices: ['arduino-uno', 'raspberry-pi'] });
    expect([limitOn('ram', both), limitOn('flash', both), limitOn('memory', both)]).toEqual([
      1880,
      26_624,
      2 ** 30,
    ]);
  });

  it('are only the configured ones where hardware is searched', () => {
    const own = on('arduino-uno', { space: 'accelerator', area_mm2: 2 });
    expect([limitOn('ram', own), limitOn('flash', own), limitOn('area', own)]).toEqual([null, null, 2]);
  });

  it('are used to a share', () => {
    expect(usesOf(COSTS, on('arduino-uno'))).toEqual([
      { axis: 'ram', value: 1204, limit: 1880 },
      { axis: 'flash', value: 3000, limit: 26_624 },
    ]);
    expect(usesOf(COSTS, on('raspberry-pi'))).toEqual([{ axis: 'memory', value: 4204, limit: 2 ** 30 }]);
  });

  it('of single devices are one for each cost there', () => {
    const latency = { constraint: 'latency', device: 'pixel-3', limit: 5 } as const;
    const ram = { ...latency, constraint: 'ram' } as const;
    const both = withLimit(withLimit([], latency), ram);
    expect(withLimit(both, { ...latency, limit: 4 })).toEqual([ram, { ...latency, limit: 4 }]);
    expect(withoutLimit(both, latency)).toEqual([ram]);
  });

  it('of single devices are offered where the cost can be told', () => {
    const unknown = { ...fakeDevice('microbit'), compute: null, power: null };
    const possible = (['ram', 'latency', 'energy', 'area'] as const).filter((cost) =>
      canLimit(cost, unknown),
    );
    expect(possible).toEqual(['ram']);
    expect(canLimit('energy', fakeDevice('microbit'))).toBe(true);
  });
});
