//! The files in `static/data`, as they ship.

use std::collections::BTreeSet;

use nas_data::{DataError, Dataset, DatasetInfo, Split, catalog, datasets};
use nas_numerics::Digester;
use serde_json::Value;

const DIGITS8: &[u8] = include_bytes!("../../../static/data/digits8.nasdata");
const MNIST: &[u8] = include_bytes!("../../../static/data/mnist.nasdata");
const FASHION: &[u8] = include_bytes!("../../../static/data/fashion.nasdata");
const GOLDEN: &str = include_str!("golden.json");

/// Changing these changes every evaluation key: results made with the old files are not found any more.
const DIGITS_HASH: &str = "ff24feff7e7336cdb2b69a068099a64bc625c60785e9911aa9cecbfe7587a300";
const MNIST_HASH: &str = "00873dff822db2b19b4ea8b22cfde834954c7f07383ade48fef850c40ecdbfd6";
const FASHION_HASH: &str = "98a3ebb2910daaf7e80862ee9d7ef79f1a13730c9af5667df68cd3748d010f85";

const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

fn shipped() -> [Dataset; 3] {
    [DIGITS8, MNIST, FASHION].map(|file| Dataset::parse(file).expect("a shipped file is good"))
}

#[test]
fn the_catalog_describes_the_files() {
    let infos: Vec<DatasetInfo> = shipped().iter().map(|dataset| dataset.info().clone()).collect();
    assert_eq!(catalog(), infos);
}

#[test]
fn a_dataset_is_found_by_its_identifier() {
    assert_eq!(DatasetInfo::find("mnist"), Some(&catalog()[1]));
    assert_eq!(DatasetInfo::find("mnist").map(DatasetInfo::file_name).as_deref(), Some("mnist.nasdata"));
    assert_eq!(DatasetInfo::find("MNIST"), None);
    let members = datasets();
    assert_eq!(members.iter().map(|member| member.id).collect::<Vec<_>>(), ["digits8", "mnist", "fashion"]);
    assert_eq!(members[1].title.es, "Dígitos manuscritos MNIST");
}

#[test]
fn a_file_is_opened_as_what_it_is_only() {
    let digits = &catalog()[0];
    assert_eq!(digits.open(DIGITS8), Ok(shipped()[0].clone()));
    let error = digits.open(MNIST).expect_err("another dataset");
    assert!(matches!(&error, DataError::OtherDataset { found_id, .. } if found_id == "mnist"), "{error}");
}

#[test]
fn they_have_the_content_they_had_when_they_were_first_packed() {
    let [digits, mnist, fashion] = shipped();
    assert_eq!(digits.hash().to_string(), DIGITS_HASH);
    assert_eq!(mnist.hash().to_string(), MNIST_HASH);
    assert_eq!(fashion.hash().to_string(), FASHION_HASH);
}

#[test]
fn sizes_are_as_designed() {
    let [digits, mnist, fashion] = shipped();
    let samples = |dataset: &Dataset| SPLITS.map(|split| dataset.samples(split));
    assert_eq!(samples(&digits), [1197, 300, 300]);
    assert_eq!((digits.resolution(), digits.channels(), digits.classes()), (8, 1, 10));
    for dataset in [mnist, fashion] {
        assert_eq!(samples(&dataset), [2000, 500, 1000]);
        assert_eq!((dataset.resolution(), dataset.channels(), dataset.classes()), (28, 1, 10));
    }
    // What a first visit loads.
    assert!(DIGITS8.len() <= 60 << 10);
}

fn class_counts<'a>(labels: impl IntoIterator<Item = &'a u8>) -> [u32; 10] {
    labels.into_iter().fold([0; 10], |mut counts, &label| {
        counts[usize::from(label)] += 1;
        counts
    })
}

#[test]
fn validation_and_test_have_as_many_images_of_each_class() {
    let [digits, mnist, fashion] = shipped();
    let counts = |dataset: &Dataset, split| class_counts(dataset.labels(split));
    assert_eq!(counts(&digits, Split::Validation), [30; 10]);
    assert_eq!(counts(&digits, Split::Test), [30; 10]);
    for dataset in [mnist, fashion] {
        assert_eq!(counts(&dataset, Split::Train), [200; 10]);
        assert_eq!(counts(&dataset, Split::Validation), [50; 10]);
        assert_eq!(counts(&dataset, Split::Test), [100; 10]);
    }
}

/// A class is behind another one by more than one image only when it has none left.
#[test]
fn every_prefix_of_the_training_images_is_balanced() {
    for dataset in shipped() {
        let labels = dataset.labels(Split::Train);
        let available = class_counts(labels);
        for samples in 1..=labels.len() {
            let counts = class_counts(labels.iter().take(samples));
            let most = counts.into_iter().max().unwrap_or(0);
            for (class, count) in counts.into_iter().enumerate() {
                assert!(count + 1 >= most.min(available[class] + 1), "class {class} of the first {samples}");
            }
        }
    }
}

#[test]
fn no_image_is_there_twice() {
    for dataset in shipped() {
        let mut images = BTreeSet::new();
        for split in SPLITS {
            for image in dataset.images(split).outer_iter() {
                assert!(
                    images.insert(image.iter().copied().collect::<Vec<u16>>()),
                    "a duplicate in {split:?}"
                );
            }
        }
    }
}

/// `golden.py` reads the same files with its own code.
#[test]
fn normalized_images_have_the_golden_bits() {
    let golden: Value = serde_json::from_str(GOLDEN).expect("golden.json is JSON");
    let cases = golden["cases"].as_array().expect("a list");
    assert!(cases.len() >= 6);
    for case in cases {
        let info = DatasetInfo::find(case["id"].as_str().expect("an id")).expect("a shipped dataset");
        let file = match info.id.as_str() {
            "digits8" => DIGITS8,
            "mnist" => MNIST,
            "fashion" => FASHION,
            other => panic!("no file of {other}"),
        };
        let resolution = case["resolution"].as_u64().expect("a number") as u32;
        let dataset =
            info.open(file).and_then(|dataset| dataset.at_resolution(resolution)).expect("possible");

        let normalization = dataset.normalization();
        assert_eq!(normalization.mean.to_bits(), case["mean_bits"], "{case}");
        assert_eq!(normalization.standard_deviation.to_bits(), case["standard_deviation_bits"], "{case}");

        let mut digester = Digester::new();
        for split in SPLITS {
            let indices: Vec<u32> = (0..dataset.samples(split)).collect();
            let mut images = vec![0.0; dataset.images(split).len()];
            let mut labels = vec![0; indices.len()];
            dataset.fill_batch(split, &indices, &mut images, &mut labels);
            digester = digester.floats(&images);
            digester = labels.iter().fold(digester, |digester, &label| digester.number(label.into()));
        }
        assert_eq!(digester.finish().to_string(), case["sha256"], "{case}");
    }
}
