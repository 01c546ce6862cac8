import type { Device } from '../protocol/generated/Device';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { needsTable, ownMethod } from './estimators';
import { DEFAULT_WEIGHTS } from './formulations';
import { searchesHardware } from './hardware';
import { fileLike, OWN_DEVICE } from './own-device';

/** Changes of a configuration; what is undefined goes back to its default. */
export type ConfigPatch = { readonly [Key in keyof RunConfig]?: RunConfig[Key] | undefined };

/** A configuration with changes. */
export function patched(config: RunConfig, patch: ConfigPatch): RunConfig {
  const entries = Object.entries({ ...config, ...patch }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as RunConfig;
}

/** Finds the newest table of a device for a method that needs one. */
export type FindTable = (device: string, method: 'look-up-table' | 'measured') => string | undefined;

/** What else must change with a change, since it would mean something else or nothing. */
export function completed(
  config: RunConfig,
  patch: ConfigPatch,
  devices: readonly Device[],
  findTable: FindTable,
): ConfigPatch {
  const next = patched(config, patch);
  const more: { -readonly [Key in keyof ConfigPatch]: ConfigPatch[Key] } = {};
  if (next.device === OWN_DEVICE && next.own_device === undefined) {
    const isPriced = (device: Device): boolean => !needsTable(ownMethod(device));
    const like =
      devices.find((device) => device.id === config.device && isPriced(device)) ?? devices.find(isPriced);
    if (like !== undefined) more.own_device = fileLike(like);
  }
  if (next.device !== config.device) {
    // Tables, methods and powers are of one device.
    Object.assign(more, { estimator: undefined, table: undefined, watts: undefined });
    const device = devices.find(({ id }) => id === next.device);
    const method = device === undefined ? null : ownMethod(device);
    if (method !== null && needsTable(method)) {
      Object.assign(more, { estimator: method, table: findTable(next.device, method) });
    }
  }
  const others = next.devices?.filter((id) => id !== next.device) ?? [];
  if (next.devices?.includes(next.device) === true) more.devices = others.length > 0 ? others : undefined;
  if (others.length === 0 && next.over !== undefined) more.over = undefined;
  if (!searchesHardware(next)) {
    if (next.objective === 'area') more.objective = 'latency';
    if (next.area_mm2 !== undefined) more.area_mm2 = undefined;
  }
  const isWeighted = DEFAULT_WEIGHTS[next.formulation ?? 'pareto'] !== null;
  const isLost = next.objective2 === 'area' && !searchesHardware(next);
  if (next.objective2 !== undefined && (isWeighted || isLost || next.objective2 === next.objective)) {
    more.objective2 = undefined;
  }
  // A weight is one of the formulation, a target one in the unit of the objective.
  if (next.weight !== undefined && next.formulation !== config.formulation) more.weight = undefined;
  const isSameCost = next.objective === config.objective && isWeighted;
  if (next.target !== undefined && !isSameCost) more.target = undefined;
  return { ...more, ...patch };
}
