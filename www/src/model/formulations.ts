import type { Formulation } from '../protocol/generated/Formulation';

/** Weight of the cost where none is set, by formulation; null where costs have no weight. As the engine has them. */
export const DEFAULT_WEIGHTS: Readonly<Record<Formulation, number | null>> = {
  pareto: null,
  constrained: null,
  'weighted-sum': 0.1,
  'weighted-product': 0.07,
  'weighted-product-hard': 1,
};

/** All formulations, in the order in which they are listed. */
export const FORMULATIONS = Object.keys(DEFAULT_WEIGHTS) as readonly Formulation[];
