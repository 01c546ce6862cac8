import type { Member } from '../protocol/generated/Member';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { Setting } from '../protocol/generated/Setting';
import type { SettingValue } from '../protocol/generated/SettingValue';

/** A setting's value in a configuration: what was chosen, or its default. */
export function settingValue(config: RunConfig, member: Member, setting: Setting): SettingValue {
  return config.settings[`${member.id}.${setting.name}`] ?? setting.default;
}

/** The settings of a configuration with one of them changed; a default is not written down. */
export function withSetting(
  config: RunConfig,
  member: Member,
  setting: Setting,
  value: SettingValue,
): RunConfig['settings'] {
  const key = `${member.id}.${setting.name}`;
  const { [key]: _, ...others } = config.settings;
  return sameValue(value, setting.default) ? others : { ...others, [key]: value };
}

/** Whether none of a member's settings differs from its default. */
export function hasDefaults(config: RunConfig, member: Member): boolean {
  return member.settings.every((setting) =>
    sameValue(settingValue(config, member, setting), setting.default),
  );
}

/** The settings of a configuration with all of a member's at their defaults. */
export function withDefaults(config: RunConfig, member: Member): RunConfig['settings'] {
  const own = `${member.id}.`;
  return Object.fromEntries(Object.entries(config.settings).filter(([key]) => !key.startsWith(own)));
}

function sameValue(a: SettingValue, b: SettingValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Reads ascending whole numbers from free text ("4, 8 16"); none if there is no number in it. */
export function parseNumbers(text: string, bounds: { min: number; max: number; at_most: number }): number[] {
  const numbers = (text.match(/\d+/g) ?? []).map((digits) =>
    Math.min(bounds.max, Math.max(bounds.min, Number(digits))),
  );
  return [...new Set(numbers)].sort((a, b) => a - b).slice(0, bounds.at_most);
}
