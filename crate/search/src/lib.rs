//! Strategies (ask/tell), Pareto archive, hypervolume.
