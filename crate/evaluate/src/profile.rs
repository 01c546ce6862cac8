//! What a table of measured operators is measured on: one layer of each kind and shape, forward, one image at a time.

use nas_arch::{Graph, Network, Optimizer, Recipe, Schedule, Shape};
use nas_cost::{NetworkCosts, StepWork};
use nas_nn::{Event, SampleSizes, Samples, Seeds, Split, Trainer};
use nas_numerics::{Rng, sha256};

use crate::WorkloadError;

/// The layer whose time counts; those behind it only bring its output to the classes.
const MEASURED: &str = "measured";
const CLASSES: u32 = 10;
const CHANNELS: [u32; 4] = [4, 8, 16, 32];
const SIZES: [u32; 4] = [4, 8, 16, 28];

/// One operator of one shape, ready to run.
pub struct Profile {
    trainer: Trainer,
    image: Image,
    work: StepWork,
    is_at_step: bool,
}

/// The operators and shapes of a table, as networks.
///
/// # Panics
/// Never: the networks are sound.
#[must_use]
pub fn profiled_networks() -> Vec<Network> {
    let mut networks = Vec::new();
    for channels in CHANNELS {
        for size in SIZES {
            let wider = 2 * channels;
            let third = 3 * channels.div_ceil(3);
            for (inputs, layer) in [
                (channels, format!(r#""op":"conv2d","out_channels":{channels},"kernel":3"#)),
                (channels, format!(r#""op":"conv2d","out_channels":{wider},"kernel":3"#)),
                (channels, format!(r#""op":"conv2d","out_channels":{channels},"kernel":5"#)),
                (1, format!(r#""op":"conv2d","out_channels":{channels},"kernel":3"#)),
                (channels, format!(r#""op":"conv2d","out_channels":{wider},"kernel":1"#)),
                (wider, format!(r#""op":"conv2d","out_channels":{channels},"kernel":1"#)),
                (
                    channels,
                    format!(r#""op":"conv2d","out_channels":{channels},"groups":{channels},"kernel":3"#),
                ),
                (
                    channels,
                    format!(r#""op":"conv2d","out_channels":{channels},"groups":{channels},"kernel":5"#),
                ),
                (channels, r#""op":"dense","out_features":10"#.to_owned()),
                (channels, r#""op":"dense","out_features":32"#.to_owned()),
                (third, r#""op":"attention""#.to_owned()),
                (channels, r#""op":"max-pool","kernel":2"#.to_owned()),
                (channels, r#""op":"avg-pool","kernel":2"#.to_owned()),
                (channels, r#""op":"global-avg-pool""#.to_owned()),
                (channels, r#""op":"sigmoid""#.to_owned()),
                (channels, r#""op":"add","inputs":["input","input"]"#.to_owned()),
                (channels, r#""op":"concat","inputs":["input","input"]"#.to_owned()),
            ] {
                let head = r#"{"op":"global-avg-pool"},{"op":"dense","out_features":10}"#;
                let layers = format!(r#"{{"name":"{MEASURED}",{layer}}},{head}"#);
                let text = format!(r#"{{"input":[{inputs},{size},{size}],"layers":[{layers}]}}"#);
                networks.push(Network::from_json(&text).expect("a profiled network is sound"));
            }
        }
    }
    networks
}

impl Profile {
    /// Prepares one of the [`profiled_networks`].
    ///
    /// # Errors
    /// If it cannot be trained or priced.
    ///
    /// # Panics
    /// If its first layer does not run on a device.
    pub fn new(network: &Network) -> Result<Self, WorkloadError> {
        let graph: Graph = network.resolve()?;
        let recipe = Recipe {
            batch_size: 1,
            optimizer: Optimizer::adam_w(),
            learning_rate: 0.01,
            warmup_epochs: 0.0,
            horizon_epochs: 1,
            label_smoothing: 0.0,
            schedule: Schedule::Constant,
            clip_norm: None,
        };
        let image = Image::new(graph.input);
        let seeds = Seeds { key: sha256(b"profile"), run_seed: 0, replicate: 0 };
        let trainer = Trainer::new(&graph, &recipe, seeds, image.sizes(), u64::MAX)?;
        let costs = NetworkCosts::of(&graph)?;
        assert_eq!(costs.memory.int8.timeline[0].layer, 0, "the measured layer runs first");
        Ok(Self { trainer, image, work: costs.steps[0], is_at_step: false })
    }

    /// What the operator does.
    #[must_use]
    pub const fn work(&self) -> &StepWork {
        &self.work
    }

    /// Goes on to the next step of the operator, past the one that it stands before; false at the end of the network, from
    /// where it begins anew.
    ///
    /// # Panics
    /// Never: there is an image to evaluate.
    pub fn seek(&mut self) -> bool {
        let mut is_under_way = self.is_at_step;
        if is_under_way {
            is_under_way = self.step_on();
        } else {
            self.trainer.evaluate(Split::Validation).expect("there is an image to evaluate");
            is_under_way = true;
        }
        let is_measured =
            |trainer: &Trainer| trainer.upcoming().is_some_and(|(_, layer)| layer == Some(MEASURED));
        while is_under_way && !is_measured(&self.trainer) {
            is_under_way = self.step_on();
        }
        self.is_at_step = is_under_way;
        is_under_way
    }

    /// Does the work of the step that it stands before, so many times: what is to be timed.
    ///
    /// # Panics
    /// If it stands before none: [`Self::seek`] first.
    pub fn repeat(&mut self, times: u32) {
        (0..times).for_each(|_| self.trainer.repeat(&self.image));
    }

    /// Whether the evaluation is still under way after its next step.
    fn step_on(&mut self) -> bool {
        !matches!(self.trainer.step(&self.image, 1).event, Some(Event::Evaluated { .. }))
    }
}

/// One image of normal numbers.
struct Image {
    shape: Shape,
    values: Vec<f32>,
}

impl Image {
    fn new(shape: Shape) -> Self {
        let mut rng = Rng::for_purpose(0, "profile", 0);
        Self { shape, values: (0..shape.elements()).map(|_| rng.normal()).collect() }
    }
}

impl Samples for Image {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { image: self.shape, classes: CLASSES, train: 1, validation: 1, test: 0 }
    }

    fn fill(&self, _split: Split, _indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        images.copy_from_slice(&self.values);
        labels.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use nas_cost::OperatorKind;

    use super::*;

    #[test]
    fn every_kind_of_operator_is_profiled_and_runs() {
        let mut profiled: Vec<OperatorKind> = Vec::new();
        for network in profiled_networks() {
            let mut profile = Profile::new(&network).unwrap();
            for round in 0..2 {
                let mut steps = 0;
                while profile.seek() {
                    profile.repeat(2);
                    steps += 1;
                }
                assert!(steps > 0, "round {round}: {:?}", network.layers[0]);
            }
            profiled.push(profile.work().kind);
        }
        for kind in OperatorKind::ALL {
            assert!(profiled.contains(&kind), "{}", kind.id());
        }
    }
}
