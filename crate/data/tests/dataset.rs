//! What a dataset hands out, on cases small enough for a hand.

mod common;

use common::{pack, small_header, small_payload};
use nas_data::{DataError, Dataset, PIXEL_SCALE, Split};
use serde_json::json;

fn small() -> Dataset {
    Dataset::parse(&pack(&small_header(), &small_payload())).expect("a good file")
}

#[test]
fn splits_follow_one_another_and_channels_come_last() {
    let dataset = small();
    assert_eq!(dataset.images(Split::Train).shape(), [3, 2, 2, 2]);
    assert_eq!(dataset.images(Split::Test).shape(), [1, 2, 2, 2]);
    // Image 3 is the first of validation: its planes are 24 … 27 and 28 … 31.
    let values: Vec<u16> =
        dataset.images(Split::Validation).iter().take(8).map(|pixel| pixel / PIXEL_SCALE).collect();
    assert_eq!(values, [24, 28, 25, 29, 26, 30, 27, 31]);
    assert_eq!(dataset.labels(Split::Validation).to_vec(), [1, 0]);
    assert_eq!(dataset.labels(Split::Test).to_vec(), [1]);
}

#[test]
fn a_batch_is_normalized_by_the_training_images() {
    let dataset = small();
    // 0 … 23: mean 11.5, variance (24² − 1) / 12.
    let normalization = dataset.normalization();
    assert_eq!(normalization.mean, 11.5);
    assert_eq!(normalization.standard_deviation, (575.0f64 / 12.0).sqrt() as f32);

    let mut images = [0.0; 16];
    let mut labels = [9; 2];
    dataset.fill_batch(Split::Train, &[2, 0], &mut images, &mut labels);
    let expected = [16.0, 20.0, 17.0, 21.0, 18.0, 22.0, 19.0, 23.0, 0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0]
        .map(|value: f32| (value - 11.5) / normalization.standard_deviation);
    assert_eq!(images, expected);
    assert_eq!(labels, [0, 0]);
}

#[test]
fn a_batch_is_its_images_one_by_one() {
    let dataset = small();
    let mut together = [0.0; 24];
    dataset.fill_batch(Split::Train, &[1, 2, 1], &mut together, &mut [0; 3]);
    for (index, expected) in [1, 2, 1].into_iter().zip(together.chunks(8)) {
        let mut alone = [0.0; 8];
        dataset.fill_batch(Split::Train, &[index], &mut alone, &mut [0]);
        assert_eq!(alone, expected);
    }
    dataset.fill_batch(Split::Train, &[], &mut [], &mut []);
}

#[test]
#[should_panic(expected = "image 1 of the 1 in Test")]
fn an_index_past_the_split_is_a_broken_invariant() {
    small().fill_batch(Split::Test, &[1], &mut [0.0; 8], &mut [0]);
}

#[test]
#[should_panic(expected = "images must hold 1 images of 8 values")]
fn a_buffer_of_another_shape_is_a_broken_invariant() {
    small().fill_batch(Split::Test, &[0], &mut [0.0; 7], &mut [0]);
}

#[test]
fn a_lower_resolution_averages_and_normalizes_anew() {
    let dataset = small().at_resolution(1).expect("smaller");
    assert_eq!((dataset.resolution(), dataset.channels()), (1, 2));
    // Planes 0 … 3 and 4 … 7 average to 1.5 and 5.5, and so on by fours.
    let values: Vec<f32> =
        dataset.images(Split::Train).iter().map(|&pixel| f32::from(pixel) / f32::from(PIXEL_SCALE)).collect();
    assert_eq!(values, [1.5, 5.5, 9.5, 13.5, 17.5, 21.5]);
    assert_eq!(dataset.normalization().mean, 11.5);
    assert_eq!(dataset.normalization().standard_deviation, (140.0f64 / 3.0).sqrt() as f32);
    assert_eq!(dataset.hash(), small().hash());
}

#[test]
fn resolutions_out_of_reach_are_refused() {
    let dataset = small();
    assert_eq!(dataset.at_resolution(2), Ok(small()));
    for requested in [0, 3, u32::MAX] {
        assert_eq!(dataset.at_resolution(requested), Err(DataError::Resolution { requested, available: 2 }));
    }
    let shrunk = dataset.at_resolution(1).expect("smaller");
    assert_eq!(shrunk.at_resolution(2), Err(DataError::Resolution { requested: 2, available: 1 }));
}

#[test]
fn a_pattern_that_averages_out_is_refused() {
    let mut header = small_header();
    header["shape"] = json!([1, 2, 2]);
    let payload = [[0, 1, 1, 0].repeat(6), vec![0; 6]].concat();
    let dataset = Dataset::parse(&pack(&header, &payload)).expect("a good file");
    assert_eq!(dataset.at_resolution(1), Err(DataError::NoContrast { resolution: 1 }));
}

#[test]
fn fewer_training_images_change_neither_normalization_nor_the_other_splits() {
    let dataset = small().with_train_samples(1).expect("there are 3");
    assert_eq!(dataset.images(Split::Train).shape(), [1, 2, 2, 2]);
    assert_eq!(dataset.labels(Split::Train).len(), 1);
    assert_eq!(dataset.normalization(), small().normalization());
    assert_eq!(dataset.images(Split::Validation), small().images(Split::Validation));

    let shrunk_first = small().at_resolution(1).and_then(|dataset| dataset.with_train_samples(1));
    assert_eq!(dataset.at_resolution(1), shrunk_first);
    assert_eq!(dataset.with_train_samples(3), Ok(small()));
    for requested in [0, 4] {
        let refused = small().with_train_samples(requested);
        assert_eq!(refused, Err(DataError::Samples { requested, available: 3 }));
    }
}
