import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { Device } from '../protocol/generated/Device';
import type { DeviceLimit } from '../protocol/generated/DeviceLimit';
import type { Limits } from '../protocol/generated/Limits';
import type { Objective } from '../protocol/generated/Objective';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { COST_AXES, costOn } from './costs';
import { ownMethod } from './estimators';
import { searchesHardware } from './hardware';

/** Fields of a configuration that hold a limit. */
export type LimitField =
  'ram' | 'flash' | 'latency_ms' | 'energy_mj' | 'max_macs' | 'max_flops' | 'max_params' | 'area_mm2';

/** The limits that the page offers, each with the cost it holds down; the first few are always shown. */
export const LIMIT_FIELDS: readonly { readonly field: LimitField; readonly axis: Objective }[] = [
  { field: 'ram', axis: 'ram' },
  { field: 'flash', axis: 'flash' },
  { field: 'latency_ms', axis: 'latency' },
  { field: 'energy_mj', axis: 'energy' },
  { field: 'max_macs', axis: 'macs' },
  { field: 'max_flops', axis: 'flops' },
  { field: 'max_params', axis: 'params' },
  { field: 'area_mm2', axis: 'area' },
];

/** Units in which limits are given; the others are counts. */
export const UNITS: Partial<Record<Objective, string>> = {
  ram: 'B',
  flash: 'B',
  memory: 'B',
  latency: 'ms',
  energy: 'mJ',
  area: 'mm²',
};

/** Whether a cost can be told on a single device, by its own method. */
export function canLimit(constraint: Objective, device: Device): boolean {
  if (constraint === 'area') return false;
  const isTold = ownMethod(device) !== 'measured' && (constraint === 'latency' || device.power !== null);
  return isTold || (constraint !== 'latency' && constraint !== 'energy');
}

/** Limits of single devices without one. */
export function withoutLimit(
  limits: readonly DeviceLimit[],
  { constraint, device }: DeviceLimit,
): DeviceLimit[] {
  return limits.filter((each) => each.constraint !== constraint || each.device !== device);
}

/** Limits of single devices with one more, which takes the place of that of the same cost there. */
export function withLimit(limits: readonly DeviceLimit[], limit: DeviceLimit): DeviceLimit[] {
  return [...withoutLimit(limits, limit), limit];
}

const NO_LIMITS: Limits = {
  ram_bytes: null,
  flash_bytes: null,
  memory_bytes: null,
  latency_ms: null,
  energy_mj: null,
  max_macs: null,
  max_flops: null,
  max_params: null,
};

/** What the devices of a configuration leave to a network: the least of each. Hardware that is searched leaves all. */
export function deviceLimits(config: RunConfig, devices: readonly Device[]): Limits {
  if (searchesHardware(config)) return NO_LIMITS;
  const served = [config.device, ...(config.devices ?? [])];
  const memories = devices.filter(({ id }) => served.includes(id)).map(({ memory }) => memory);
  const split = memories.filter((memory) => memory.kind === 'split');
  const unified = memories.filter((memory) => memory.kind === 'unified');
  return {
    ...NO_LIMITS,
    ram_bytes: least(split.map((memory) => memory.ram_bytes - memory.reserved_ram_bytes)),
    flash_bytes: least(split.map((memory) => memory.flash_bytes - memory.reserved_flash_bytes)),
    memory_bytes: least(unified.map((memory) => memory.bytes)),
  };
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

/** The devices' limits and the configured ones, as the run will have them. */
export function limitsOf(config: RunConfig, devices: readonly Device[]): Limits {
  const own = deviceLimits(config, devices);
  return {
    ram_bytes: config.ram ?? own.ram_bytes,
    flash_bytes: config.flash ?? own.flash_bytes,
    memory_bytes: own.memory_bytes,
    latency_ms: config.latency_ms,
    energy_mj: config.energy_mj,
    max_macs: config.max_macs,
    max_flops: config.max_flops,
    max_params: config.max_params,
    ...(config.area_mm2 === undefined ? {} : { area_mm2: config.area_mm2 }),
  };
}

export function limitOn(axis: Objective, limits: Limits): number | null {
  switch (axis) {
    case 'ram':
      return limits.ram_bytes;
    case 'flash':
      return limits.flash_bytes;
    case 'memory':
      return limits.memory_bytes;
    case 'latency':
      return limits.latency_ms;
    case 'energy':
      return limits.energy_mj;
    case 'macs':
      return limits.max_macs;
    case 'flops':
      return limits.max_flops;
    case 'params':
      return limits.max_params;
    case 'area':
      return limits.area_mm2 ?? null;
  }
}

/** How much of a limit a network uses. */
export interface Use {
  readonly axis: Objective;
  readonly value: number;
  readonly limit: number;
}

/** Every limited cost of a network with its limit. */
export function usesOf(costs: CandidateCosts, limits: Limits): Use[] {
  return ([...COST_AXES, 'area'] as const).flatMap((axis) => {
    const value = costOn(axis, costs);
    const limit = limitOn(axis, limits);
    return value === null || limit === null ? [] : { axis, value, limit };
  });
}
