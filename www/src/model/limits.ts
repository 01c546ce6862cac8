import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { Device } from '../protocol/generated/Device';
import type { Limits } from '../protocol/generated/Limits';
import type { Objective } from '../protocol/generated/Objective';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { COST_AXES, costOn } from './costs';

/** Fields of a configuration that hold a limit. */
export type LimitField =
  'ram' | 'flash' | 'latency_ms' | 'energy_mj' | 'max_macs' | 'max_flops' | 'max_params';

/** The limits that the page offers, each with the cost it holds down; the first few are always shown. */
export const LIMIT_FIELDS: readonly { readonly field: LimitField; readonly axis: Objective }[] = [
  { field: 'ram', axis: 'ram' },
  { field: 'flash', axis: 'flash' },
  { field: 'latency_ms', axis: 'latency' },
  { field: 'energy_mj', axis: 'energy' },
  { field: 'max_macs', axis: 'macs' },
  { field: 'max_flops', axis: 'flops' },
  { field: 'max_params', axis: 'params' },
];

/** What a device leaves to a network. */
export function deviceLimits(device: Device): Limits {
  const { memory } = device;
  const isSplit = memory.kind === 'split';
  return {
    ram_bytes: isSplit ? memory.ram_bytes - memory.reserved_ram_bytes : null,
    flash_bytes: isSplit ? memory.flash_bytes - memory.reserved_flash_bytes : null,
    memory_bytes: isSplit ? null : memory.bytes,
    latency_ms: null,
    energy_mj: null,
    max_macs: null,
    max_flops: null,
    max_params: null,
  };
}

/** The device's limits and the configured ones, as the run will have them. */
export function limitsOf(device: Device, config: RunConfig): Limits {
  const own = deviceLimits(device);
  return {
    ram_bytes: config.ram ?? own.ram_bytes,
    flash_bytes: config.flash ?? own.flash_bytes,
    memory_bytes: own.memory_bytes,
    latency_ms: config.latency_ms,
    energy_mj: config.energy_mj,
    max_macs: config.max_macs,
    max_flops: config.max_flops,
    max_params: config.max_params,
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
  return COST_AXES.flatMap((axis) => {
    const value = costOn(axis, costs);
    const limit = limitOn(axis, limits);
    return value === null || limit === null ? [] : { axis, value, limit };
  });
}
