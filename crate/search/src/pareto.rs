//! Several objectives at once, each to be made small: who beats whom, how crowded a front is and how much of the space it
//! dominates. `Front` is the archive of two or three of them that a run keeps.

mod front;
mod hypervolume;
mod probability;
mod sort;

pub use front::{Front, Insertion, Point};
pub use hypervolume::hypervolume;
pub use probability::{Uncertain, front_probability};
pub(crate) use sort::{Place, places};
pub use sort::{crowding_distances, dominates, non_dominated_sort};
