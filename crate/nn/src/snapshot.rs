use nas_arch::{Graph, Recipe};
use nas_numerics::{Digest, Digester, NUMERICS_VERSION, sha256};

use crate::{SampleSizes, Seeds, SnapshotError, Trainer, TrainerError};

/// First bytes of a snapshot.
const MAGIC: &[u8; 8] = b"nas-snap";

/// Version of what follows. The header is: magic, format, numerics version, digest of the network, digest of recipe,
/// seeds and sizes, epoch, updates. Then parameters, running statistics and optimiser state in the order of the flat
/// buffers, and the SHA-256 digest of all before. Numbers are little-endian and 32 bits wide.
const FORMAT: u32 = 1;

const DIGEST_BYTES: usize = 32;

impl Trainer {
    /// The training as bytes: weights, running statistics, optimiser state, counters. Restored into a trainer of the
    /// same network, recipe, seeds and sizes, on any machine, it goes on to the same bits as an undisturbed training.
    ///
    /// # Errors
    /// In the middle of an epoch.
    pub fn snapshot(&self) -> Result<Vec<u8>, TrainerError> {
        if !self.is_between_epochs() {
            return Err(TrainerError::MidEpoch("a snapshot can be made"));
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(NUMERICS_VERSION.to_le_bytes());
        for digest in self.identity() {
            bytes.extend(digest.0);
        }
        for counter in self.counters() {
            bytes.extend(counter.to_le_bytes());
        }
        for buffer in [&self.memory().parameters, &self.memory().statistics, self.optimizer().values()] {
            bytes.extend(buffer.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(sha256(&bytes).0);
        Ok(bytes)
    }

    /// Goes back (or forth) to a snapshot. The target of [`Trainer::train_to`] stays.
    ///
    /// # Errors
    /// If the bytes are no snapshot of this training; then nothing is changed.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.complete();
        let mut reader = Reader(bytes);
        if reader.take(MAGIC.len()) != Some(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        let format = reader.number()?;
        if format != FORMAT {
            return Err(SnapshotError::Format { found: format, expected: FORMAT });
        }
        let numerics = reader.number()?;
        if numerics != NUMERICS_VERSION {
            return Err(SnapshotError::Numerics { found: numerics, expected: NUMERICS_VERSION });
        }
        let content = bytes.len().checked_sub(DIGEST_BYTES).ok_or(SnapshotError::Damaged)?;
        if sha256(&bytes[..content]).0 != bytes[content..] {
            return Err(SnapshotError::Damaged);
        }
        let [network, training] = self.identity();
        if reader.take(DIGEST_BYTES).ok_or(SnapshotError::Damaged)? != network.0 {
            return Err(SnapshotError::Network);
        }
        if reader.take(DIGEST_BYTES).ok_or(SnapshotError::Damaged)? != training.0 {
            return Err(SnapshotError::Training);
        }
        let counters = [reader.number()?, reader.number()?];
        if counters[0].checked_mul(self.steps_per_epoch()) != Some(counters[1]) {
            return Err(SnapshotError::Damaged);
        }
        let elements =
            self.memory().parameters.len() + self.memory().statistics.len() + self.optimizer().values().len();
        if reader.0.len() != elements * size_of::<f32>() + DIGEST_BYTES {
            return Err(SnapshotError::Damaged);
        }
        reader.floats(&mut self.memory_mut().parameters);
        reader.floats(&mut self.memory_mut().statistics);
        reader.floats(self.optimizer_mut().values_mut());
        self.stand_at(counters);
        Ok(())
    }
}

/// Digests of the network, and of everything else that decides how a training goes on.
pub(crate) fn digests(graph: &Graph, recipe: &Recipe, seeds: Seeds, sizes: SampleSizes) -> [Digest; 2] {
    let network = Digester::new().text(&graph.input.to_string());
    let network = graph.nodes.iter().fold(network, |digester, node| {
        let op = serde_json::to_string(&node.op).expect("an operator can be written as JSON");
        let inputs =
            node.inputs.iter().fold(Digester::new(), |digester, &tensor| digester.number(tensor as u64));
        digester.text(&node.name).text(&op).bytes(&inputs.finish().0)
    });
    let recipe = serde_json::to_string(recipe).expect("a recipe can be written as JSON");
    let SampleSizes { image, classes, train, validation: _, test: _ } = sizes;
    let training = Digester::new()
        .text(&recipe)
        .bytes(&seeds.key.0)
        .number(u64::from(seeds.run_seed))
        .number(u64::from(seeds.replicate))
        .text(&image.to_string())
        .number(u64::from(classes))
        .number(u64::from(train));
    [network.finish(), training.finish()]
}

/// The bytes not read yet.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn number(&mut self) -> Result<u32, SnapshotError> {
        let bytes = self.take(size_of::<u32>()).ok_or(SnapshotError::Damaged)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes were taken")))
    }

    /// Fills `values`.
    ///
    /// # Panics
    /// If there are fewer bytes.
    pub(crate) fn floats(&mut self, values: &mut [f32]) {
        let bytes = self.take(size_of_val(values)).expect("the length was checked");
        for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(size_of::<f32>())) {
            *value = f32::from_le_bytes(bytes.try_into().expect("chunks of four bytes"));
        }
    }
}
