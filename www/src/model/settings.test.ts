import { describe, expect, it } from 'vitest';
import type { Member } from '../protocol/generated/Member';
import type { Setting } from '../protocol/generated/Setting';
import { FAKE_CATALOG, FAKE_DEFAULTS } from '../testing/fake-catalog';
import { hasDefaults, parseNumbers, settingValue, withDefaults, withSetting } from './settings';

const layers = FAKE_CATALOG.spaces[0] as Member;
const depth = layers.settings.find(({ name }) => name === 'max_depth') as Setting;

describe('settings of a member', () => {
  it('are the defaults until chosen', () => {
    expect(settingValue(FAKE_DEFAULTS, layers, depth)).toBe(6);
    const config = { ...FAKE_DEFAULTS, settings: withSetting(FAKE_DEFAULTS, layers, depth, 3) };
    expect(config.settings).toEqual({ 'layers.max_depth': 3 });
    expect(settingValue(config, layers, depth)).toBe(3);
    expect(hasDefaults(config, layers)).toBe(false);
  });

  it('leave no trace when set back', () => {
    const config = { ...FAKE_DEFAULTS, settings: { 'layers.max_depth': 3, 'layers.auto_norm': false } };
    expect(withSetting(config, layers, depth, 6)).toEqual({ 'layers.auto_norm': false });
  });

  it('are set back together, and no other member’s', () => {
    const settings = { 'layers.max_depth': 3, 'layers.auto_norm': false, 'evolution.sample': 2 };
    expect(withDefaults({ ...FAKE_DEFAULTS, settings }, layers)).toEqual({ 'evolution.sample': 2 });
  });
});

describe('numbers from free text', () => {
  const bounds = { min: 1, max: 64, at_most: 3 };
  it.each([
    ['4, 8, 16', [4, 8, 16]],
    ['16 8;4', [4, 8, 16]],
    ['8,8,8', [8]],
    ['0, 900', [1, 64]],
    ['1,2,3,4,5', [1, 2, 3]],
    ['none', []],
  ])('%s', (text, expected) => {
    expect(parseNumbers(text, bounds)).toEqual(expected);
  });
});
