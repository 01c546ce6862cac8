//! Several trainings of one candidate as one result.

use nas_numerics::Digester;

use crate::{EpochScore, Trained};

impl Trained {
    /// What came of several trainings of one network: their means. It has failed if one of them has, for the reason of the first
    /// that has. A single training stays what it is.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn of_replicates(all: &[&Self]) -> Self {
        if let Some(failed) = all.iter().find(|one| one.failure.is_some()) {
            return (*failed).clone();
        }
        if let [only] = all {
            return (*only).clone();
        }
        let mean = |value: &dyn Fn(&Self) -> f32| {
            (all.iter().map(|one| f64::from(value(one))).sum::<f64>() / all.len() as f64) as f32
        };
        let curve = (0..all[0].curve.len()).map(|epoch| EpochScore {
            loss: mean(&|one| one.curve[epoch].loss),
            accuracy: mean(&|one| one.curve[epoch].accuracy),
        });
        let digests = all.iter().filter_map(|one| one.weights_sha256.as_deref());
        Self {
            curve: curve.collect(),
            validation_accuracy: mean(&|one| one.validation_accuracy),
            replicates: all.iter().map(|one| one.validation_accuracy).collect(),
            weights_sha256: Some(digests.fold(Digester::new(), Digester::text).finish().to_string()),
            ..Self::default()
        }
    }
}
