use std::collections::BTreeMap;

use nas_arch::{Graph, ParameterRole};
use nas_numerics::{Digest, Digester, Rng};

use crate::ParameterLayout;
use crate::initialize::{Initialization, generator};
use crate::layout::{Slot, Storage};
use crate::optimizer::OptimizerState;

/// The weights of a super-network: tensors by path, each as large as the largest that any of its networks has had there.
///
/// A network whose tensor is smaller has the corner of it that begins at the first input and the first output. Convolutions of
/// another kernel size are other tensors. A tensor is drawn when a network first needs it, as for a training of its own
/// with the same key; where it is too small, what is missing is drawn then.
#[derive(Debug, Clone)]
pub struct SharedWeights {
    pub(super) key: Digest,
    /// By path and extent of the kernel.
    pub(super) tensors: BTreeMap<(String, usize), Tensor>,
}

#[derive(Debug, Clone)]
pub(super) struct Tensor {
    /// Of the kernel, inputs and outputs.
    pub(super) extents: [usize; 3],
    pub(super) values: Vec<f32>,
    /// The optimiser's: one tensor of these extents after the other.
    pub(super) state: Vec<Vec<f32>>,
    /// How often the tensor, or a part of it, was updated.
    pub(super) updates: u32,
}

impl SharedWeights {
    /// Those of an untrained super-network.
    #[must_use]
    pub const fn new(key: Digest) -> Self {
        Self { key, tensors: BTreeMap::new() }
    }

    /// Number of values of all tensors that a network has needed.
    #[must_use]
    pub fn parameters_len(&self) -> usize {
        self.tensors.values().map(|tensor| tensor.values.len()).sum()
    }

    /// Digest of the bits of all tensors in the order of their paths.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let tensors = self.tensors.iter();
        let digester = tensors.fold(Digester::new(), |digester, ((path, _), tensor)| {
            let digester = tensor
                .extents
                .into_iter()
                .fold(digester.text(path), |digester, extent| digester.number(extent as u64));
            digester.floats(&tensor.values)
        });
        digester.finish()
    }

    /// Writes the weights of a network.
    pub(super) fn gather(&self, graph: &Graph, layout: &ParameterLayout, parameters: &mut [f32]) {
        let initialization = Initialization::new(graph, self.key);
        for slot in trained(layout) {
            let known = self.tensors.get(&key(slot)).filter(|tensor| tensor.covers(slot));
            let place = &mut parameters[slot.range.clone()];
            let drawn;
            let tensor = if let Some(tensor) = known {
                tensor
            } else {
                drawn = self.grown(slot, initialization.deviation(slot));
                &drawn
            };
            copy_corner(tensor.extents, &tensor.values, slot.extents(), place);
        }
    }

    /// Sees to it that each tensor of a network is there, as large as the network needs it.
    pub(super) fn grow(&mut self, graph: &Graph, layout: &ParameterLayout) {
        let initialization = Initialization::new(graph, self.key);
        for slot in trained(layout) {
            if !self.tensors.get(&key(slot)).is_some_and(|tensor| tensor.covers(slot)) {
                let tensor = self.grown(slot, initialization.deviation(slot));
                self.tensors.insert(key(slot), tensor);
            }
        }
    }

    /// Updates the weights of a network, which are as [`Self::gather`] wrote them, by their gradients. Other tensors stay as they are, the
    /// optimiser's state included; AdamW counts the updates of each tensor.
    ///
    /// # Panics
    /// If a tensor is missing: [`Self::grow`] sees to them.
    pub(super) fn update(
        &mut self,
        layout: &ParameterLayout,
        mut optimizer: OptimizerState,
        learning_rate: f32,
        [parameters, gradients]: [&mut [f32]; 2],
    ) {
        let elements = layout.parameters_len();
        optimizer.measure(0..elements, gradients);
        for slot in trained(layout) {
            let tensor = self.tensors.get_mut(&key(slot)).expect("the network's tensors are there");
            let corner = slot.extents();
            let states =
                || (0..).step_by(elements).map(|start| start + slot.range.start..start + slot.range.end);
            let moments = optimizer.values().len() / elements;
            tensor.state.resize_with(moments, || vec![0.0; tensor.values.len()]);
            for (state, place) in tensor.state.iter().zip(states()) {
                copy_corner(tensor.extents, state, corner, &mut optimizer.values_mut()[place]);
            }
            tensor.updates += 1;
            optimizer.update(learning_rate, tensor.updates, slot.range.clone(), parameters, gradients);
            paste_corner(corner, &parameters[slot.range.clone()], tensor.extents, &mut tensor.values);
            for (state, place) in tensor.state.iter_mut().zip(states()) {
                paste_corner(corner, &optimizer.values()[place], tensor.extents, state);
            }
        }
    }

    /// A network's tensor joined with what is known of it; what is in neither is drawn.
    fn grown(&self, slot: &Slot, deviation: f32) -> Tensor {
        let known = self.tensors.get(&key(slot));
        let [kernel, inputs, outputs] = slot.extents();
        let extents = known.map_or([kernel, inputs, outputs], |tensor| {
            [kernel, inputs.max(tensor.extents[1]), outputs.max(tensor.extents[2])]
        });
        let mut values = vec![0.0; extents.iter().product()];
        match slot.role {
            ParameterRole::Weight => {
                let digester = generator(&self.key, &slot.path);
                let mut rng = Rng::from_digester(match known {
                    None => digester,
                    Some(_) => digester.number(extents[1] as u64).number(extents[2] as u64),
                });
                let drawn = std::iter::repeat_with(|| rng.normal() * deviation).take(values.len());
                if known.is_none() {
                    slot.write_as(&mut values, drawn);
                } else {
                    values.iter_mut().zip(drawn).for_each(|(value, drawn)| *value = drawn);
                }
            }
            ParameterRole::Scale => values.fill(1.0),
            ParameterRole::Bias | ParameterRole::Shift | ParameterRole::Mixture => {}
            ParameterRole::RunningMean | ParameterRole::RunningVariance => {
                unreachable!("statistics are not trained")
            }
        }
        let Some(known) = known else { return Tensor { extents, values, state: Vec::new(), updates: 0 } };
        paste_corner(known.extents, &known.values, extents, &mut values);
        let enlarge = |state: &Vec<f32>| {
            let mut enlarged = vec![0.0; values.len()];
            paste_corner(known.extents, state, extents, &mut enlarged);
            enlarged
        };
        let state = known.state.iter().map(enlarge).collect();
        Tensor { extents, values, state, updates: known.updates }
    }
}

impl Tensor {
    fn covers(&self, slot: &Slot) -> bool {
        let [_, inputs, outputs] = slot.extents();
        inputs <= self.extents[1] && outputs <= self.extents[2]
    }
}

fn trained(layout: &ParameterLayout) -> impl Iterator<Item = &Slot> {
    layout.slots().iter().filter(|slot| slot.storage == Storage::Parameters)
}

fn key(slot: &Slot) -> (String, usize) {
    (slot.path.clone(), slot.extents()[0])
}

/// Rows of outputs that a corner shares with the whole: where each begins in the whole.
fn rows(
    [_, inputs, outputs]: [usize; 3],
    [kernel, corner_inputs, _]: [usize; 3],
) -> impl Iterator<Item = usize> {
    (0..kernel).flat_map(move |tap| (0..corner_inputs).map(move |input| (tap * inputs + input) * outputs))
}

fn copy_corner(whole: [usize; 3], values: &[f32], corner: [usize; 3], part: &mut [f32]) {
    for (start, row) in rows(whole, corner).zip(part.chunks_exact_mut(corner[2])) {
        row.copy_from_slice(&values[start..start + corner[2]]);
    }
}

fn paste_corner(corner: [usize; 3], part: &[f32], whole: [usize; 3], values: &mut [f32]) {
    for (start, row) in rows(whole, corner).zip(part.chunks_exact(corner[2])) {
        values[start..start + corner[2]].copy_from_slice(row);
    }
}
