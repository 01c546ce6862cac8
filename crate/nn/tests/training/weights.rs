//! Weights by name.

use nas_nn::{Trainer, WeightsError};

use crate::common::{BARS, MEMORY_LIMIT, graph, recipe, seeds, train, trainer};

#[test]
fn exported_weights_give_the_same_training() {
    let mut first = trainer();
    let mut exported = first.export_weights();
    exported.reverse();
    let other_seeds = nas_nn::Seeds { key: nas_numerics::sha256(b"another"), ..seeds() };
    let mut second = Trainer::new(&graph(), &recipe(), other_seeds, BARS, MEMORY_LIMIT).unwrap();
    assert_ne!(first.weights_digest(), second.weights_digest());
    second.load_weights(&exported).unwrap();
    assert_eq!(first.weights_digest(), second.weights_digest());
    assert_eq!(train(&mut first, 1, u64::MAX), train(&mut second, 1, u64::MAX));
    assert_eq!(first.weights_digest(), second.weights_digest());
}

#[test]
fn json_keeps_every_bit() {
    let exported = trainer().export_weights();
    let text = serde_json::to_string(&exported).unwrap();
    assert_eq!(serde_json::from_str::<Vec<nas_nn::NamedTensor>>(&text).unwrap(), exported);
}

#[test]
fn weights_of_another_network_are_refused_whole() {
    let mut trainer = trainer();
    let exported = trainer.export_weights();
    let before = trainer.weights_digest();
    let changed = |change: fn(&mut Vec<nas_nn::NamedTensor>)| {
        let mut tensors = exported.clone();
        tensors[0].values[0] += 1.0;
        change(&mut tensors);
        tensors
    };
    let last = exported.last().unwrap().path.clone();
    let cases = [
        (changed(|tensors| drop(tensors.pop())), WeightsError::Missing(last.clone())),
        (changed(|tensors| tensors.last_mut().unwrap().path = "b".into()), WeightsError::Unknown("b".into())),
        (changed(|tensors| tensors.push(tensors[0].clone())), WeightsError::Unknown("conv1.weight".into())),
        (
            changed(|tensors| tensors.last_mut().unwrap().values.truncate(3)),
            WeightsError::Shape { path: last.clone(), found: vec![4], values: 3, expected: vec![4] },
        ),
        (
            changed(|tensors| tensors.last_mut().unwrap().shape = vec![2, 2]),
            WeightsError::Shape { path: last, found: vec![2, 2], values: 4, expected: vec![4] },
        ),
    ];
    for (tensors, expected) in cases {
        assert_eq!(trainer.load_weights(&tensors), Err(expected));
    }
    assert_eq!(trainer.weights_digest(), before);
    trainer.train_to(1).unwrap();
    trainer.step(&crate::common::Bars, 1);
    assert_eq!(trainer.load_weights(&exported), Err(WeightsError::MidEpoch));
}
