import type { RunConfig } from '../protocol/generated/RunConfig';

/** The space in which hardware is searched, too: its candidates run on arrays of their own. */
const ACCELERATOR = 'accelerator';
/** The space that a file describes. */
const CUSTOM = 'custom';

/** Whether each candidate has hardware of its own, so that the device neither prices nor limits it. */
export function searchesHardware({ space }: Pick<RunConfig, 'space'>): boolean {
  return space === ACCELERATOR;
}

/** Whether the space is made of a file. */
export function needsFile({ space, settings }: Pick<RunConfig, 'space' | 'settings'>): boolean {
  return space === CUSTOM || (space === ACCELERATOR && settings[`${ACCELERATOR}.network`] === CUSTOM);
}
