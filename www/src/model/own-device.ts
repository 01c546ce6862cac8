/** A device that its user describes in a file. */
import type { Device } from '../protocol/generated/Device';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { Text } from '../protocol/generated/Text';

/** Its identifier in a configuration. */
export const OWN_DEVICE = 'own';

/** How the choice of it is called as long as its file cannot be read. */
export const OWN_TITLE: Text = { en: 'A device of your own', es: 'Un dispositivo propio' };

/** A file to begin with: the figures of a known device, without where they come from. */
export function fileLike(device: Device): string {
  const { title, sentence, compute, memory, power, cost_usd, runtime, timing } = device;
  const own = {
    id: OWN_DEVICE,
    title: { en: `My ${title.en}`, es: `Mi ${title.es}` },
    memory,
    timing,
    compute,
    power,
    cost_usd,
    runtime,
    sentence,
    sources: {},
  };
  return `${JSON.stringify(own, null, 1)}\n`;
}

/** What a configuration's file of a device comes to. */
export interface OwnDevice {
  /** None if there is no file, or it cannot be read. */
  readonly device: Device | null;
  /** Why a file cannot be read. */
  readonly problem: string | null;
}

export const NO_OWN_DEVICE: OwnDevice = { device: null, problem: null };

/** Whether a configuration prices on the device of its file. */
export function servesOwn({ device, devices = [] }: RunConfig): boolean {
  return device === OWN_DEVICE || devices.includes(OWN_DEVICE);
}

/** All devices that a configuration knows; the one of its file last. */
export function withOwn(devices: readonly Device[], { device }: OwnDevice): readonly Device[] {
  return device === null ? devices : [...devices, device];
}
