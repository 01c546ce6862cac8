import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { PricedView } from '../protocol/generated/PricedView';
import type { Objective } from '../protocol/generated/Objective';

/** The costs that the front can be drawn against, in the order of the menu. */
export const COST_AXES = [
  'latency',
  'energy',
  'macs',
  'flops',
  'params',
  'ram',
  'flash',
  'memory',
] as const satisfies readonly Objective[];

/** A candidate's cost on an axis; null where it is not known. */
export function costOn(axis: Objective, costs: CandidateCosts): number | null {
  switch (axis) {
    case 'latency':
      return costs.latency_ms;
    case 'energy':
      return costs.energy_mj;
    case 'macs':
      return costs.macs;
    case 'flops':
      return costs.flops;
    case 'params':
      return costs.params;
    case 'ram':
      return costs.ram_bytes;
    case 'flash':
      return costs.flash_bytes;
    case 'memory':
      return costs.ram_bytes + costs.flash_bytes;
    case 'area':
      return costs.area_mm2 ?? null;
  }
}

/** The costs of a priced candidate on one device, as the log would have them. */
export function costsOn(deviceId: string, view: PricedView): CandidateCosts {
  const { params, macs, flops, memory } = view.costs;
  const estimate = view.estimates.find(({ device }) => device === deviceId);
  return {
    params,
    macs,
    flops,
    flash_bytes: memory.int8.flash_bytes,
    ram_bytes: memory.int8.peak_ram_bytes,
    latency_ms: estimate?.latency_ms ?? Number.NaN,
    energy_mj: estimate?.energy_mj ?? null,
  };
}
