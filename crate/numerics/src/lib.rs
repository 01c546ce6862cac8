//! What must come out the same on every machine.
//!
//! One search, one link, the same bits natively and in any browser: this crate holds the few things that
//! the whole house must agree on for that to be true. The version of the numerics, the one generator of
//! random numbers with its range, shuffle and normal draws, and the digests that name networks,
//! evaluations, data and weights.

mod digest;
mod rank_correlation;
mod rng;

pub use digest::{Digest, Digester, NotADigest, sha256};
pub use rank_correlation::kendall_tau;
pub use rng::Rng;

/// Version of the arithmetic. It is part of every configuration and of every evaluation key, so results
/// made under different versions never mix. A golden log hash guards it; raise it on purpose only.
pub const NUMERICS_VERSION: u32 = 2;
