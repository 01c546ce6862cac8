//! Whole trainings.

mod common;

mod dropout;
mod finite_differences;
mod folding;
mod limits;
mod progress;
mod pytorch;
mod shapes;
mod snapshot;
mod traces;
mod weights;
