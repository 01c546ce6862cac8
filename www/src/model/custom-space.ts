/** The file of a space of one's own: examples, and where something is wrong in it. */
import fireOrSeparable from '../../../docs/spaces/examples/fire-or-separable.json?raw';
import mobileBlocks from '../../../docs/spaces/examples/mobile-blocks.json?raw';
import residualStages from '../../../docs/spaces/examples/residual-stages.json?raw';

/** The documented examples. */
export const EXAMPLES = [
  { id: 'residual', text: residualStages },
  { id: 'mobile', text: mobileBlocks },
  { id: 'fire', text: fireOrSeparable },
] as const;

/** The line of which the engine says something, from 1; null if it names none. */
export function lineOf(message: string): number | null {
  const line = /\bline (\d+):/.exec(message)?.[1];
  return line === undefined ? null : Number(line);
}
