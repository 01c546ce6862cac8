/** How latency on a device is estimated: which ways there are, and what they need. */
import type { Device } from '../protocol/generated/Device';
import type { Estimate } from '../protocol/generated/Estimate';
import type { Method } from '../protocol/generated/Method';
import type { PricedView } from '../protocol/generated/PricedView';
import type { RunConfig } from '../protocol/generated/RunConfig';

/** The ways that can price a run, in the order in which they are listed. */
export const METHODS = ['stated-peak', 'analytical', 'look-up-table', 'measured'] as const;
export type PricingMethod = (typeof METHODS)[number];

/** The device that is this machine. */
export const THIS_BROWSER = 'this-browser';

/** The way that is used when none is named. */
export function ownMethod({ compute, timing }: Device): PricingMethod {
  return compute !== null ? 'stated-peak' : timing !== null ? 'analytical' : 'measured';
}

/** The way that a configuration prices on its device. */
export function methodOf({ estimator }: RunConfig, device: Device): Method {
  return estimator ?? ownMethod(device);
}

/** Whether a way needs a table of measurements. */
export function needsTable(method: Method): method is 'look-up-table' | 'measured' {
  return method === 'look-up-table' || method === 'measured';
}

/** Whether a way can be chosen on a device. Only this machine can be measured from here. */
export function canUse(method: PricingMethod, device: Device): boolean {
  switch (method) {
    case 'stated-peak':
      return device.compute !== null;
    case 'analytical':
      return device.timing !== null;
    case 'look-up-table':
      return true;
    case 'measured':
      return device.id === THIS_BROWSER;
  }
}

/** Mean error on networks that the way was not fitted on, in percent; null where it is not known. */
export function errorOf(method: Method, device: Device): number | null {
  return method === 'analytical' ? (device.timing?.error?.percent ?? null) : null;
}

/** The estimate that a network was priced by; none on several devices and on hardware of its own. */
export function estimateOf(config: RunConfig, { estimates, accelerator }: PricedView): Estimate | undefined {
  if (accelerator !== null || (config.devices?.length ?? 0) > 0) return undefined;
  return estimates.find(
    ({ device, method }) =>
      device === config.device && (config.estimator === undefined || method === config.estimator),
  );
}
