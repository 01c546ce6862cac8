//! The table as text: comma-separated values, one line for each genotype.

use core::fmt::Write as _;

use nas_cost::{Device, Objective, Pricing, devices};
use nas_numerics::sha256;
use nas_run::{Outcome, Priced};

use crate::{TableFacts, Tabulation};

/// What a column is called that counts the validation images a network classified correctly after an epoch. Replicates
/// and epochs count from 1.
pub(crate) fn correct_column(replicate: u32, epoch: u32) -> String {
    format!("correct.r{replicate}.e{epoch}")
}

/// Likewise, the test images after the last epoch.
pub(crate) fn test_correct_column(replicate: u32) -> String {
    format!("test_correct.r{replicate}")
}

/// Mean share of validation images over the replicates, after the last epoch.
pub(crate) const VALIDATION_COLUMN: &str = "val_accuracy";
/// Likewise, of test images.
pub(crate) const TEST_COLUMN: &str = "test_accuracy";
/// Number of a row's network: rows of one network are copies of each other.
pub(crate) const NETWORK_COLUMN: &str = "network";

impl Tabulation {
    /// The table of these outcomes, one of each training in their order, and what stands beside it.
    ///
    /// Genotypes of one network have a line each, next to each other; networks are in the order of their costs, so that equal
    /// costs are packed away. A training that failed has counted no image.
    ///
    /// # Panics
    /// If there is not an outcome for each training, or one is not of such a training.
    #[must_use]
    pub fn table(&self, outcomes: &[Outcome]) -> (String, TableFacts) {
        let outcomes_sha256 = self.outcomes_digest(outcomes).to_string();
        let priced_on: Vec<(&Device, Pricing<'_>)> = devices()
            .iter()
            .map(|device| (device, Pricing::of(device)))
            .filter(|(_, pricing)| pricing.check(Objective::Latency).is_ok())
            .collect();
        let mut networks: Vec<(Vec<u64>, String, u32)> = (0..self.subject().networks)
            .map(|network| {
                let priced = self.priced(network);
                let costs = &priced.costs;
                let order = vec![costs.params, costs.macs, costs.memory.int8.peak_ram_bytes];
                (order, costs_cells(&priced, &priced_on), network)
            })
            .collect();
        networks.sort();
        let mut text = self.header(&priced_on);
        let genes = self.problem().space().genes().genes();
        let replicates = self.subject().replicates as usize;
        for (number, (_, costs, network)) in networks.into_iter().enumerate() {
            let trainings = &outcomes[network as usize * replicates..][..replicates];
            let results = self.result_cells(trainings);
            for genotype in self.genotypes(network) {
                for (gene, &value) in genes.iter().zip(&genotype.0) {
                    let _ = write!(text, "{},", gene.choices[usize::from(value)]);
                }
                let _ = writeln!(text, "{costs},{number},{results}");
            }
        }
        let table_sha256 = sha256(text.as_bytes()).to_string();
        (text, TableFacts { subject: self.subject().clone(), outcomes_sha256, table_sha256 })
    }

    fn header(&self, priced_on: &[(&Device, Pricing<'_>)]) -> String {
        let subject = self.subject();
        let mut names = subject.genes.clone();
        names.extend(["params", "macs", "flash_bytes", "ram_bytes"].map(str::to_owned));
        names.extend(priced_on.iter().map(|(device, _)| format!("latency_ms.{}", device.id)));
        names.extend([NETWORK_COLUMN, VALIDATION_COLUMN, TEST_COLUMN].map(str::to_owned));
        for replicate in 1..=subject.replicates {
            names.extend((1..=subject.recipe.horizon_epochs).map(|epoch| correct_column(replicate, epoch)));
            names.push(test_correct_column(replicate));
        }
        names.join(",") + "\n"
    }

    /// Mean accuracies, then the counts of each training.
    fn result_cells(&self, trainings: &[Outcome]) -> String {
        let subject = self.subject();
        let (mut validation, mut test) = (0, 0);
        let mut cells = String::new();
        for outcome in trainings {
            let counts = self.counts(outcome);
            for count in &counts {
                let _ = write!(cells, ",{count}");
            }
            validation += counts[counts.len() - 2];
            test += counts[counts.len() - 1];
        }
        let share =
            |correct: u32, images: u32| decimals(f64::from(correct) / f64::from(images * subject.replicates));
        format!(
            "{},{}{cells}",
            share(validation, subject.validation_images),
            share(test, subject.test_images)
        )
    }

    /// Validation images classified correctly after each epoch, and test images after the last one.
    fn counts(&self, outcome: &Outcome) -> Vec<u32> {
        let subject = self.subject();
        let epochs = subject.recipe.horizon_epochs as usize;
        match outcome {
            Outcome::Trained { curve, test_accuracy: Some(test), .. } if curve.len() == epochs => {
                let validation = curve.iter().map(|score| count(score.accuracy, subject.validation_images));
                validation.chain([count(*test, subject.test_images)]).collect()
            }
            Outcome::Failed(_) => vec![0; epochs + 1],
            other => panic!("not a training over {epochs} epochs with its test: {other:?}"),
        }
    }
}

/// The images behind a share of them.
fn count(accuracy: f32, images: u32) -> u32 {
    let count = (accuracy * images as f32).round() as u32;
    assert_eq!(count as f32 / images as f32, accuracy, "an accuracy is a share of {images} images");
    count
}

fn costs_cells(Priced { costs, .. }: &Priced, priced_on: &[(&Device, Pricing<'_>)]) -> String {
    let memory = &costs.memory.int8;
    let mut cells =
        format!("{},{},{},{}", costs.params, costs.macs, memory.flash_bytes, memory.peak_ram_bytes);
    for (_, pricing) in priced_on {
        let _ = write!(cells, ",{}", decimals(pricing.value(Objective::Latency, costs)));
    }
    cells
}

/// A number with five significant digits.
fn decimals(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().expect("a number is written as one");
    rounded.to_string()
}
