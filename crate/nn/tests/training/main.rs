//! Whole trainings.

mod common;

mod finite_differences;
mod limits;
mod progress;
mod pytorch;
mod snapshot;
mod weights;
