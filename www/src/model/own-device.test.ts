import { describe, expect, it } from 'vitest';
import type { Device } from '../protocol/generated/Device';
import { FAKE_DEFAULTS, fakeDevice } from '../testing/fake-catalog';
import { fileLike, OWN_DEVICE, servesOwn, withOwn } from './own-device';

const UNO = fakeDevice('arduino-uno');

describe('a device of one’s own', () => {
  it('begins with the figures of a known one', () => {
    const own = JSON.parse(fileLike(UNO)) as Device;
    expect(own).toMatchObject({
      id: OWN_DEVICE,
      title: { en: `My ${UNO.title.en}` },
      memory: UNO.memory,
      timing: UNO.timing,
    });
    expect(own.sources).toEqual({});
  });

  it('stands behind the known ones if its file can be read', () => {
    const own = { ...UNO, id: OWN_DEVICE };
    expect(withOwn([UNO], { device: own, problem: null })).toEqual([UNO, own]);
    expect(withOwn([UNO], { device: null, problem: 'no device' })).toEqual([UNO]);
  });

  it('is served where the configuration names it', () => {
    expect(servesOwn(FAKE_DEFAULTS)).toBe(false);
    expect(servesOwn({ ...FAKE_DEFAULTS, device: OWN_DEVICE })).toBe(true);
    expect(servesOwn({ ...FAKE_DEFAULTS, devices: [OWN_DEVICE] })).toBe(true);
  });
});
