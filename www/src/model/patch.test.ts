import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { FAKE_DEFAULTS, FAKE_DEVICES } from '../testing/fake-catalog';
import { completed, type ConfigPatch, patched } from './patch';

const THIS_BROWSER = {
  ...(FAKE_DEVICES[0] as (typeof FAKE_DEVICES)[number]),
  id: 'this-browser',
  compute: null,
  timing: null,
};
const DEVICES = [...FAKE_DEVICES, THIS_BROWSER];
const none = (): undefined => undefined;

function changed(config: Partial<RunConfig>, patch: ConfigPatch, findTable: () => string | undefined = none) {
  const from = { ...FAKE_DEFAULTS, ...config };
  return patched(from, completed(from, patch, DEVICES, findTable));
}

describe('a change of the configuration', () => {
  it('takes away what is undefined', () => {
    const config = patched({ ...FAKE_DEFAULTS, watts: 2 }, { watts: undefined, seed: 9 });
    expect(config).toEqual({ ...FAKE_DEFAULTS, seed: 9 });
    expect('watts' in config).toBe(false);
  });

  it('of the device leaves table, estimator and power of the other one behind', () => {
    const of = { device: 'this-browser', estimator: 'measured', table: 'aa', watts: 3 } as const;
    expect(changed(of, { device: 'arduino-uno' })).toEqual({ ...FAKE_DEFAULTS, device: 'arduino-uno' });
    expect(changed(of, { device: 'this-browser' })).toMatchObject(of);
  });

  it('to a device that needs a table takes the newest one', () => {
    expect(changed({}, { device: 'this-browser' }, () => 'bb')).toMatchObject({
      estimator: 'measured',
      table: 'bb',
    });
    expect(changed({}, { device: 'this-browser' }).table).toBeUndefined();
    const opened = { device: 'this-browser', estimator: 'look-up-table', table: 'cc' } as const;
    expect(changed({}, opened, () => 'bb')).toMatchObject(opened);
  });

  it('to a device of one’s own begins its file with the figures of the one before', () => {
    const own = changed({ device: 'arduino-uno' }, { device: 'own' });
    const uno = DEVICES.find(({ id }) => id === 'arduino-uno');
    expect(JSON.parse(own.own_device ?? '')).toMatchObject({ memory: uno?.memory });
    expect(changed({ own_device: '{}' }, { device: 'own' }).own_device).toBe('{}');
    // Nothing is known of this browser but what was measured.
    const like = JSON.parse(
      changed({ device: 'this-browser' }, { device: 'own' }).own_device ?? '',
    ) as object;
    expect(like).toMatchObject({ compute: FAKE_DEVICES[0]?.compute });
  });

  it('keeps each device once, and a way to join several only while there are several', () => {
    const several = { devices: ['arduino-uno', 'raspberry-pi'], over: 'mean' } as const;
    const swapped = changed({ ...several, devices: [...several.devices] }, { device: 'arduino-uno' });
    expect([swapped.devices, swapped.over]).toEqual([['raspberry-pi'], 'mean']);
    const one = changed({ devices: ['arduino-uno'], over: 'mean' }, { devices: undefined });
    expect([one.devices, one.over]).toEqual([undefined, undefined]);
    const same = changed({ devices: ['arduino-uno'], over: 'mean' }, { device: 'arduino-uno' });
    expect([same.devices, same.over]).toEqual([undefined, undefined]);
  });

  it('away from hardware takes the area away, too', () => {
    const searched = { space: 'accelerator', objective: 'area', area_mm2: 2 } as const;
    const left = changed(searched, { space: 'layers' });
    expect([left.objective, left.area_mm2]).toEqual(['latency', undefined]);
    expect(changed(searched, { seed: 1 })).toMatchObject(searched);
  });

  it('keeps a second cost, a weight and a target only where they mean something', () => {
    const two = { objective: 'latency', objective2: 'ram' } as const;
    expect(changed(two, { seed: 1 })).toMatchObject(two);
    expect(changed(two, { objective: 'ram' }).objective2).toBeUndefined();
    expect(changed(two, { formulation: 'weighted-sum' }).objective2).toBeUndefined();
    expect(changed(two, { formulation: 'constrained' }).objective2).toBe('ram');
    const weighted = { formulation: 'weighted-sum', weight: 0.5, target: 3 } as const;
    expect(changed(weighted, { seed: 1 })).toMatchObject(weighted);
    const other = changed(weighted, { formulation: 'weighted-product' });
    expect([other.weight, other.target]).toEqual([undefined, 3]);
    expect(changed(weighted, { objective: 'macs' })).toMatchObject({ weight: 0.5 });
    expect(changed(weighted, { objective: 'macs' }).target).toBeUndefined();
    const none = changed(weighted, { formulation: undefined });
    expect([none.weight, none.target]).toEqual([undefined, undefined]);
    const area = { space: 'accelerator', objective2: 'area' } as const;
    expect(changed(area, { space: 'layers' }).objective2).toBeUndefined();
  });
});
