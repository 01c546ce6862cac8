//! Strategies raced on tables of known results (docs/races.md).
//!
//! A [`Table`] holds the truth about a space small enough to know it whole. A [`Race`] lets strategies search it, with
//! many seeds each, and says how close to the best they come after so many queries. No I/O, no clock, no threads: a driver
//! reads the file and shares out the seeds.
//!
//! ```text
//! let race = Race::new(&Table::from_csv(text, &genes)?, course)?;
//! let tracks = seeds.map(|seed| race.run(&entrant, seed));
//! race.standings(&entrant, &tracks)
//! ```

mod csv;
mod objective;
mod race;
mod standings;
mod table;
mod truth;

pub use objective::{Direction, Objective};
pub use race::{Course, Entrant, Race, RaceError, Track};
pub use standings::{REGRET_QUERIES, Standing, Summary};
pub use table::{Table, TableError};
