use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of checkpoints that are kept: those of a thousand trainings of 20,000 parameters.
const MAX_BYTES: usize = 256 << 20;

/// Checkpoints of trainings that rest, so that they go on from where they are. One that is no longer here is not missed: its
/// training begins anew, to the same bits.
#[derive(Default)]
pub(crate) struct Checkpoints {
    /// With the keys of their evaluations, the oldest first.
    kept: VecDeque<(String, Arc<[u8]>)>,
    bytes: usize,
}

impl Checkpoints {
    /// Keeps the newest checkpoint of an evaluation; none once there is nothing more to train. The oldest ones make room for it.
    pub(crate) fn put(&mut self, key: String, checkpoint: Option<Vec<u8>>) {
        if let Some(place) = self.kept.iter().position(|(other, _)| *other == key) {
            self.drop_at(place);
        }
        if let Some(checkpoint) = checkpoint {
            self.bytes += checkpoint.len();
            self.kept.push_back((key, checkpoint.into()));
        }
        while self.bytes > MAX_BYTES {
            self.drop_at(0);
        }
    }

    /// The checkpoint of an evaluation.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<[u8]>> {
        self.kept.iter().find(|(other, _)| other == key).map(|(_, checkpoint)| checkpoint.clone())
    }

    fn drop_at(&mut self, place: usize) {
        if let Some((_, checkpoint)) = self.kept.remove(place) {
            self.bytes -= checkpoint.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_evaluation_is_kept_and_the_oldest_make_room() {
        let mut checkpoints = Checkpoints::default();
        let length = |checkpoints: &Checkpoints, key: &str| checkpoints.get(key).map(|bytes| bytes.len());
        checkpoints.put("a".into(), Some(vec![0; 10]));
        checkpoints.put("b".into(), Some(vec![0; MAX_BYTES - 20]));
        checkpoints.put("a".into(), Some(vec![0; 20]));
        assert_eq!([length(&checkpoints, "a"), length(&checkpoints, "b")], [Some(20), Some(MAX_BYTES - 20)]);
        checkpoints.put("c".into(), Some(vec![0; 1]));
        assert_eq!(["a", "b", "c"].map(|key| length(&checkpoints, key)), [Some(20), None, Some(1)]);
        checkpoints.put("a".into(), None);
        assert_eq!((length(&checkpoints, "a"), checkpoints.bytes), (None, 1));
        checkpoints.put("d".into(), Some(vec![0; MAX_BYTES + 1]));
        assert_eq!((checkpoints.kept.len(), checkpoints.bytes), (0, 0));
    }
}
