//! Shared weights as bytes, so that other workers score with them.

use std::collections::BTreeMap;

use nas_numerics::{Digest, sha256};

use super::SharedWeights;
use super::shared_weights::Tensor;
use crate::SnapshotError;
use crate::snapshot::Reader;

const MAGIC: &[u8] = b"nas-shared-weights";
/// Bytes of the digest at the end.
const DIGEST_BYTES: usize = 32;

/// What is written: the magic, the number of tensors, each one's path with its length, its extents and values, and the digest of all
/// that; numbers are u32, all little endian.
impl SharedWeights {
    /// The weights without what is only needed to train on.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.tensors.len() as u32).to_le_bytes());
        for ((path, _), tensor) in &self.tensors {
            bytes.extend((path.len() as u32).to_le_bytes());
            bytes.extend(path.as_bytes());
            for extent in tensor.extents {
                bytes.extend((extent as u32).to_le_bytes());
            }
            bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(sha256(&bytes).0);
        bytes
    }

    /// Weights to score with, of the super-network with this key.
    ///
    /// # Errors
    /// If the bytes are not those of [`Self::to_bytes`].
    pub fn from_bytes(key: Digest, bytes: &[u8]) -> Result<Self, SnapshotError> {
        if !bytes.starts_with(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        let end = bytes.len().checked_sub(DIGEST_BYTES).ok_or(SnapshotError::Damaged)?;
        let (content, digest) = bytes.split_at(end);
        if sha256(content).0 != *digest {
            return Err(SnapshotError::Damaged);
        }
        let mut reader = Reader(content.get(MAGIC.len()..).ok_or(SnapshotError::Damaged)?);
        let mut tensors = BTreeMap::new();
        for _ in 0..reader.number()? {
            let length = reader.number()? as usize;
            let path = reader.take(length).and_then(|path| str::from_utf8(path).ok());
            let path = path.ok_or(SnapshotError::Damaged)?.to_owned();
            let [kernel, inputs, outputs] = [reader.number()?, reader.number()?, reader.number()?];
            let extents = [kernel, inputs, outputs].map(|extent| extent as usize);
            let mut values = vec![0.0; extents.iter().product()];
            reader.floats(&mut values);
            tensors.insert((path, extents[0]), Tensor { extents, values, state: Vec::new(), updates: 0 });
        }
        Ok(Self { key, tensors })
    }
}
