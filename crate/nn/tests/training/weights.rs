//! Weights by name.

use nas_arch::{Conv2d, Op};
use nas_nn::{NamedTensor, Trainer, WeightsError};

use crate::common::{BARS, Bars, MEMORY_LIMIT, graph, network, recipe, seeds, train, trainer};

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
    trainer.step(&Bars, 1);
    assert_eq!(trainer.load_weights(&exported), Err(WeightsError::MidEpoch));
}

#[test]
fn a_changed_network_starts_from_what_still_fits() {
    let mut parent = trainer();
    train(&mut parent, 1, u64::MAX);
    let trained = parent.export_weights();
    // A wider third convolution: it, and the head that reads it, are new.
    let mut changed = network();
    let wider = changed.layers.iter_mut().find(|layer| layer.name == "conv3").unwrap();
    wider.op = Op::Conv2d(Conv2d::square(6, 1));
    let fresh = || Trainer::new(&changed.resolve().unwrap(), &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap();
    let drawn = fresh().export_weights();
    let mut child = fresh();
    let matched = child.copy_matching(&trained).unwrap();
    assert_eq!(matched.kept, ["conv3.weight", "conv3.bias", "head.weight"]);
    let of = |tensors: &[NamedTensor], path: &str| {
        tensors.iter().find(|tensor| tensor.path == path).cloned().unwrap()
    };
    let started = child.export_weights();
    assert_eq!(started.len(), matched.copied.len() + matched.kept.len());
    for (paths, source) in [(&matched.copied, &trained), (&matched.kept, &drawn)] {
        for path in paths {
            assert_eq!(of(&started, path), of(source, path), "{path}");
        }
    }
    assert!(matched.copied.contains(&"norm1.running_mean".to_owned()));
    assert_ne!(of(&started, "norm1.running_mean"), of(&drawn, "norm1.running_mean"));
    train(&mut child, 1, u64::MAX);

    let mut again = trainer();
    assert_eq!(again.copy_matching(&trained).unwrap().kept, [""; 0]);
    assert_eq!(again.weights_digest(), parent.weights_digest());
    assert_eq!(again.copy_matching(&[]).unwrap().copied, [""; 0]);
    assert_eq!(again.weights_digest(), parent.weights_digest());
}

#[test]
fn what_does_not_fit_is_passed_over() {
    let mut trainer = trainer();
    let before = trainer.weights_digest();
    let mut tensors = trainer.export_weights();
    for tensor in &mut tensors {
        tensor.values[0] += 1.0;
    }
    let first = tensors[0].clone();
    tensors[0].values.pop();
    tensors[1].shape.push(1);
    for tensor in &mut tensors[2..] {
        tensor.path.insert(0, 'x');
    }
    assert_eq!(trainer.copy_matching(&tensors).unwrap().copied, [""; 0]);
    assert_eq!(trainer.weights_digest(), before);
    tensors.push(first.clone());
    assert_eq!(trainer.copy_matching(&tensors).unwrap().copied, [first.path.as_str()]);
    assert_eq!(trainer.export_weights()[0], first);
    trainer.train_to(1).unwrap();
    trainer.step(&Bars, 1);
    assert_eq!(trainer.copy_matching(&tensors), Err(WeightsError::MidEpoch));
}
