import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { Objective } from '../protocol/generated/Objective';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { searchesHardware } from './hardware';

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

/** Those of a run: the area only where hardware is searched, too. */
export function costAxes(config: Pick<RunConfig, 'space'>): readonly Objective[] {
  return searchesHardware(config) ? [...COST_AXES, 'area'] : COST_AXES;
}

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
