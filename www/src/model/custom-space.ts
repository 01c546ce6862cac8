/** The file of a space of one's own. */
import fireOrSeparable from '../../../docs/spaces/examples/fire-or-separable.json?raw';
import mobileBlocks from '../../../docs/spaces/examples/mobile-blocks.json?raw';
import residualStages from '../../../docs/spaces/examples/residual-stages.json?raw';

/** The documented examples. */
export const EXAMPLES = [
  { id: 'residual', text: residualStages },
  { id: 'mobile', text: mobileBlocks },
  { id: 'fire', text: fireOrSeparable },
] as const;
