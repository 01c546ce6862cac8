use std::collections::BTreeMap;

use nas_numerics::{Digest, Digester};
use serde::{Deserialize, Serialize};

use crate::layout::{Slot, Storage};
use crate::memory::Memory;
use crate::{ParameterLayout, Trainer, WeightsError};

/// A parameter by name, its elements in `PyTorch`'s order: an entry of a `state_dict`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTensor {
    /// Path: `conv1.weight`.
    pub path: String,
    /// Shape: `[out, in / groups, kernel height, kernel width]`, `[out, in]` or `[channels]`.
    pub shape: Vec<u32>,
    /// Elements, the last dimension running fastest.
    pub values: Vec<f32>,
}

/// What [`Trainer::copy_matching`] did, by the paths of the network's parameters and running statistics, in the order of
/// the layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Copied.
    pub copied: Vec<String>,
    /// Left as they were.
    pub kept: Vec<String>,
}

impl Trainer {
    /// All parameters and running statistics, in the order of the layers.
    #[must_use]
    pub fn export_weights(&self) -> Vec<NamedTensor> {
        self.layout().slots().iter().map(|slot| named(slot, self.buffer(slot.storage))).collect()
    }

    /// Gradients of the last training step, clipped if the recipe clips, in the order of the layers. Complete from one update up to the next load
    /// of a batch; zeros before the first.
    #[must_use]
    pub fn export_gradients(&self) -> Vec<NamedTensor> {
        let trained = self.layout().slots().iter().filter(|slot| slot.storage == Storage::Parameters);
        trained.map(|slot| named(slot, &self.memory().gradients)).collect()
    }

    /// Sets every parameter and running statistic, in whatever order they come.
    ///
    /// # Errors
    /// In the middle of an epoch, or if a tensor is missing, unknown, given twice or of another shape; then nothing is
    /// changed.
    pub fn load_weights(&mut self, tensors: &[NamedTensor]) -> Result<(), WeightsError> {
        if !self.is_between_epochs() {
            return Err(WeightsError::MidEpoch);
        }
        let slots = self.layout().slots().to_vec();
        for (index, NamedTensor { path, .. }) in tensors.iter().enumerate() {
            if self.layout().slot(path).is_none()
                || tensors[..index].iter().any(|earlier| earlier.path == *path)
            {
                return Err(WeightsError::Unknown(path.clone()));
            }
        }
        let mut found = Vec::with_capacity(slots.len());
        for slot in &slots {
            let tensor = tensors.iter().find(|tensor| tensor.path == slot.path);
            let tensor = tensor.ok_or_else(|| WeightsError::Missing(slot.path.clone()))?;
            if !tensor.fits(slot) {
                return Err(WeightsError::Shape {
                    path: slot.path.clone(),
                    found: tensor.shape.clone(),
                    values: tensor.values.len(),
                    expected: slot.shape.clone(),
                });
            }
            found.push(tensor);
        }
        for (slot, tensor) in slots.iter().zip(found) {
            slot.write(self.buffer_mut(slot.storage), tensor.values.iter().copied());
        }
        Ok(())
    }

    /// Hot start: copies what fits from another network, usually the one that this network was made from by a small
    /// change, and leaves the rest as drawn. A tensor fits a parameter or running statistic of its path and shape; others
    /// are passed over, and of several that fit the first counts. The optimiser's state stays.
    ///
    /// # Errors
    /// In the middle of an epoch; then nothing is changed.
    pub fn copy_matching(&mut self, tensors: &[NamedTensor]) -> Result<Matched, WeightsError> {
        if !self.is_between_epochs() {
            return Err(WeightsError::MidEpoch);
        }
        let layout = self.layout().clone();
        Ok(copy_matching(&layout, self.memory_mut(), tensors))
    }

    /// Digest of the bits of all parameters and running statistics: paths in alphabetical order, each followed by its
    /// elements in `PyTorch`'s order.
    #[must_use]
    pub fn weights_digest(&self) -> Digest {
        let slots = self.layout().slots();
        let mut by_path = BTreeMap::new();
        by_path.extend(slots.iter().enumerate().map(|(index, slot)| (slot.path.as_str(), index)));
        let digester = by_path.into_iter().fold(Digester::new(), |digester, (path, index)| {
            digester.text(path).floats(&named(&slots[index], self.buffer(slots[index].storage)).values)
        });
        digester.finish()
    }

    fn buffer(&self, storage: Storage) -> &[f32] {
        match storage {
            Storage::Parameters => &self.memory().parameters,
            Storage::Statistics => &self.memory().statistics,
        }
    }

    fn buffer_mut(&mut self, storage: Storage) -> &mut [f32] {
        match storage {
            Storage::Parameters => &mut self.memory_mut().parameters,
            Storage::Statistics => &mut self.memory_mut().statistics,
        }
    }
}

/// Copies each tensor to the parameter or running statistic of its path and shape.
pub(crate) fn copy_matching(
    layout: &ParameterLayout,
    memory: &mut Memory,
    tensors: &[NamedTensor],
) -> Matched {
    let mut matched = Matched::default();
    for slot in layout.slots() {
        let fits = |tensor: &&NamedTensor| tensor.path == slot.path && tensor.fits(slot);
        let copied = tensors.iter().find(fits).inspect(|tensor| {
            let buffer = match slot.storage {
                Storage::Parameters => &mut memory.parameters,
                Storage::Statistics => &mut memory.statistics,
            };
            slot.write(buffer, tensor.values.iter().copied());
        });
        let list = if copied.is_some() { &mut matched.copied } else { &mut matched.kept };
        list.push(slot.path.clone());
    }
    matched
}

impl NamedTensor {
    /// Whether it can be written to this place, whatever the paths.
    fn fits(&self, slot: &Slot) -> bool {
        self.shape == slot.shape && self.values.len() == slot.range.len()
    }
}

fn named(slot: &Slot, buffer: &[f32]) -> NamedTensor {
    NamedTensor { path: slot.path.clone(), shape: slot.shape.clone(), values: slot.read(buffer).collect() }
}
