//! Gaussian process regression over genotypes (Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning",
//! cited below as RW).
//!
//! Everything here is a pure function of the points and targets. Sums run in one order over rows, so that wide registers
//! may be used without changing a bit.

mod kernel;
mod learning;
mod matrix;
mod normal;
mod process;
mod selection;

pub(crate) use kernel::Kernel;
use kernel::Position;
pub(crate) use normal::{density, expected_shortfall, normal_scores, probability};
pub(crate) use process::{Belief, Process};
pub(crate) use selection::select;
