//! Tables of every network of a small space: each one trained several times, with the learning curve of each training and
//! the costs on every device (docs/tables.md).
//!
//! A [`Tabulation`] says which trainings there are; a driver performs them, in any order and over any number of sittings,
//! and [`Tabulation::table`] writes what came of them, the same bytes whoever did what when. A [`KnownTable`] reads it back
//! and answers the jobs of a run, so that a [`search`] takes milliseconds.

mod comparison;
mod error;
mod known;
mod search;
mod sheet;
mod subject;
mod tabulation;

pub use comparison::{Comparison, Estimate};
pub use error::TabulateError;
pub use known::{KnownTable, Truth};
pub use search::{Found, search};
pub use subject::{Subject, TableFacts};
pub use tabulation::{MAX_TRAININGS, Tabulation};
