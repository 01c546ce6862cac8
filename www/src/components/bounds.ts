/** Bounds of the page's own fields: those of the configuration in `crate/run/src/config.rs`. */
export const CANDIDATES_MAX = 10_000;
export const EPOCHS_MAX = 200;
export const REPLICATES_MAX = 10;
export const SEED_MAX = 4_294_967_295;
