//! Trainings that are interrupted.

use nas_arch::Recipe;
use nas_nn::{Event, Seeds, SnapshotError, Trainer};
use nas_numerics::{NUMERICS_VERSION, sha256};

use crate::common::{BARS, Bars, MEMORY_LIMIT, graph, next_event, recipe, seeds, train, trainer};

const EPOCHS: u32 = 3;

#[test]
fn a_restored_training_goes_on_to_the_same_bits() {
    let mut undisturbed = trainer();
    undisturbed.train_to(EPOCHS).unwrap();
    let (mut snapshots, mut events) = (vec![undisturbed.snapshot().unwrap()], Vec::new());
    while events.last() != Some(&Event::Finished) {
        events.push(next_event(&mut undisturbed, &Bars, u64::MAX));
        snapshots.push(undisturbed.snapshot().unwrap());
    }
    assert_eq!(snapshots.len(), EPOCHS as usize + 2);
    for (epoch, snapshot) in snapshots.iter().enumerate().take(EPOCHS as usize + 1) {
        let mut resumed = trainer();
        // Somewhere else, in the middle of an epoch.
        resumed.train_to(2).unwrap();
        resumed.step(&Bars, 10_000_000);
        resumed.restore(snapshot).unwrap();
        assert_eq!(resumed.epoch() as usize, epoch);
        assert_eq!(train(&mut resumed, EPOCHS, 100_000), events[epoch..], "from epoch {epoch}");
        assert_eq!(resumed.weights_digest(), undisturbed.weights_digest(), "from epoch {epoch}");
        assert_eq!(resumed.snapshot().unwrap(), snapshots[EPOCHS as usize], "from epoch {epoch}");
    }
}

/// The same on every machine, natively and in wasm: weights, running statistics, optimiser state and counters after two
/// epochs. Another digest means another numerics version.
#[test]
fn the_bits_are_pinned() {
    let mut trainer = trainer();
    train(&mut trainer, 2, u64::MAX);
    assert_eq!(sha256(&trainer.snapshot().unwrap()).short(16), "1966d196bf44f9b8");
}

#[test]
fn what_is_no_snapshot_of_this_training_is_refused() {
    let mut trainer = trainer();
    train(&mut trainer, 1, u64::MAX);
    let snapshot = trainer.snapshot().unwrap();
    let changed = |at: usize| {
        let mut bytes = snapshot.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (Vec::new(), SnapshotError::NotASnapshot),
        (changed(0), SnapshotError::NotASnapshot),
        (changed(8), SnapshotError::Format { found: 0, expected: 1 }),
        (changed(12), SnapshotError::Numerics { found: NUMERICS_VERSION ^ 1, expected: NUMERICS_VERSION }),
        (changed(20), SnapshotError::Damaged),
        (changed(200), SnapshotError::Damaged),
        (snapshot[..100].to_vec(), SnapshotError::Damaged),
        (snapshot[..14].to_vec(), SnapshotError::Damaged),
        ([snapshot.as_slice(), &[0]].concat(), SnapshotError::Damaged),
    ];
    let before = trainer.weights_digest();
    for (bytes, expected) in cases {
        assert_eq!(trainer.restore(&bytes), Err(expected));
    }
    assert_eq!(trainer.weights_digest(), before);
    // With a digest that fits: a changed counter is still found.
    let mut forged = changed(80);
    let content = forged.len() - 32;
    let digest = sha256(&forged[..content]).0;
    forged[content..].copy_from_slice(&digest);
    assert_eq!(trainer.restore(&forged), Err(SnapshotError::Damaged));
}

#[test]
fn another_network_or_training_is_told_apart() {
    let snapshot = trainer().snapshot().unwrap();
    let mut other = crate::common::network();
    other.layers[0].name = "renamed".into();
    other.layers[1].inputs = vec!["renamed".into()];
    let mut trainer =
        Trainer::new(&other.resolve().unwrap(), &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap();
    assert_eq!(trainer.restore(&snapshot), Err(SnapshotError::Network));
    let other_seeds = Seeds { replicate: 1, ..seeds() };
    let other_recipe = Recipe { warmup_epochs: 0.0, ..recipe() };
    for (recipe, seeds) in [(recipe(), other_seeds), (other_recipe, seeds())] {
        let mut trainer = Trainer::new(&graph(), &recipe, seeds, BARS, MEMORY_LIMIT).unwrap();
        assert_eq!(trainer.restore(&snapshot), Err(SnapshotError::Training));
    }
}
