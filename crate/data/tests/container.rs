//! Files that are damaged, foreign or hostile: always a clear message, never a panic.

mod common;

use common::{pack, pack_text, small_header, small_payload};
use nas_data::{DataError, Dataset, Split};
use proptest::prelude::*;
use serde_json::{Value, json};

const DIGITS: &[u8] = include_bytes!("../../../static/data/digits8.nasdata");

fn error(bytes: &[u8]) -> DataError {
    Dataset::parse(bytes).expect_err("the file is bad")
}

#[test]
fn the_small_file_is_good() {
    let dataset = Dataset::parse(&pack(&small_header(), &small_payload())).expect("a good file");
    assert_eq!(dataset.info().title.es, "Pequeño");
    assert_eq!(dataset.samples(Split::Validation), 2);
}

#[test]
fn a_header_from_a_later_writer_may_say_more() {
    let mut header = small_header();
    header["mood"] = json!("cheerful");
    assert!(Dataset::parse(&pack(&header, &small_payload())).is_ok());
}

#[test]
fn files_of_another_kind_are_told_apart() {
    assert_eq!(error(b"<!doctype html><title>404</title>"), DataError::NotADataset);
    assert_eq!(error(b"NASDATA\r\n"), DataError::NotADataset);
    assert_eq!(error(b""), DataError::Truncated { found: 0, needed: 48 });
}

#[test]
fn a_file_for_a_newer_reader_says_so() {
    let mut newer = DIGITS.to_vec();
    newer[8] = 2;
    assert_eq!(error(&newer), DataError::NewerVersion { found: 2 });
    assert!(error(&newer).to_string().contains("version 2, this program reads version 1: reload the page"));
    newer[8] = 0;
    assert!(matches!(error(&newer), DataError::Header { .. }));
}

#[test]
fn a_file_that_stops_early_is_refused_wherever_it_stops() {
    for length in (0..1500).chain((1500..DIGITS.len()).step_by(997)).chain([DIGITS.len() - 1]) {
        let error = error(&DIGITS[..length]);
        let expected = matches!(error, DataError::Truncated { .. } | DataError::Payload { .. });
        assert!(expected, "{length} bytes: {error}");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let mut longer = DIGITS.to_vec();
    longer.push(0);
    assert_eq!(error(&longer), DataError::Payload { problem: "1 bytes follow after the end".to_owned() });
}

#[test]
fn a_changed_digest_or_text_is_damage() {
    for at in [16, 47] {
        let mut damaged = DIGITS.to_vec();
        damaged[at] ^= 1;
        assert!(matches!(error(&damaged), DataError::Damaged { .. }));
    }
    let mut damaged = DIGITS.to_vec();
    let at = DIGITS.windows(7).position(|text| text == b"Alpaydi").expect("it is credited");
    damaged[at] = b'B';
    assert!(matches!(error(&damaged), DataError::Damaged { .. }));
}

#[test]
fn each_field_of_the_header_is_checked() {
    let cases: [(&str, Value, &str); 21] = [
        ("/id", json!(""), "id must be 1 to 40"),
        ("/id", json!("../secret"), "id must be 1 to 40"),
        ("/id", json!("-small"), "id must be 1 to 40"),
        ("/id", json!(7), "expected a string"),
        ("/classes", json!([{"en": "one", "es": "uno"}]), "there are 1 classes"),
        ("/classes", json!(["zero", "one"]), "expected struct LocalizedText"),
        ("/shape", json!([2, 2]), "invalid length 2"),
        ("/shape", json!([0, 2, 2]), "0 channels"),
        ("/shape", json!([u32::MAX, u32::MAX, u32::MAX]), "4294967295 channels"),
        ("/shape", json!([2, 4, 1]), "4 × 1, squares"),
        ("/shape", json!([2, 0, 0]), "0 × 0, squares"),
        ("/shape", json!([2, 257, 257]), "257 × 257, squares"),
        ("/splits/validation", json!(0), "none may be empty"),
        ("/splits/train", json!(-1), "expected u32"),
        ("/splits/train", json!(u32::MAX), "at most 1048576"),
        ("/splits/train", json!((1 << 20) - 3), "there are 1048576"),
        ("/value_max", json!(0), "value_max is 0"),
        ("/value_max", json!(256), "expected u8"),
        ("/resolutions", json!([2, 1]), "it must ascend"),
        ("/resolutions", json!([1, 4]), "it must ascend from 1 or more to 2"),
        ("/default_resolution", json!(3), "default_resolution 3"),
    ];
    for (field, value, message) in cases {
        let mut header = small_header();
        *header.pointer_mut(field).expect("the field exists") = value.clone();
        let error = error(&pack(&header, &small_payload()));
        // The largest number of images passes its own check and then promises too much for so few bytes.
        let expected = if message == "there are 1048576" { "the header announces" } else { message };
        assert!(error.to_string().contains(expected), "{field} = {value}: {error}");
    }
}

#[test]
fn a_header_that_is_no_header_is_refused() {
    let cases: [&[u8]; 4] = [b"", b"[]", b"{\"id\": \"small\"}", b"\xff\xfe"];
    for text in cases {
        assert!(matches!(error(&pack_text(text, &[])), DataError::Header { .. }));
    }
    let long = vec![b' '; 70_000];
    assert!(error(&pack_text(&long, &[])).to_string().contains("limit is 65536"));
}

#[test]
fn a_payload_of_another_size_is_refused() {
    let payload = small_payload();
    let shorter = error(&pack(&small_header(), &payload[1..]));
    assert!(shorter.to_string().contains("there are 53 bytes, the header announces 54"), "{shorter}");
    let longer = error(&pack(&small_header(), &[payload, vec![0]].concat()));
    assert!(longer.to_string().contains("more than the 54 bytes"), "{longer}");
}

#[test]
fn a_bomb_does_not_go_off() {
    // 64 MiB of zeros in 64 KiB, for a header that announces 54 bytes.
    let bomb = error(&pack(&small_header(), &vec![0; 64 << 20]));
    assert!(bomb.to_string().contains("more than the 54 bytes"), "{bomb}");

    // A hundred bytes for a header that announces 128 MB.
    let mut header = small_header();
    header["shape"] = json!([1, 256, 256]);
    header["resolutions"] = json!([256]);
    header["default_resolution"] = json!(256);
    header["splits"]["train"] = json!(2000);
    let hollow = error(&pack(&header, &[0; 100]));
    assert!(hollow.to_string().contains("compressed bytes hold at most"), "{hollow}");
    header["splits"]["train"] = json!(3000);
    let large = error(&pack(&header, &[0; 100]));
    assert!(large.to_string().contains("the limit is 134217728"), "{large}");
}

#[test]
fn values_outside_their_range_are_refused() {
    let mut payload = small_payload();
    payload[17] = 101;
    let error_of = |payload: &[u8]| error(&pack(&small_header(), payload));
    assert_eq!(error_of(&payload), DataError::ValueTooLarge { image: 2, value: 101, maximum: 100 });
    payload[17] = 100;
    payload[48 + 4] = 2;
    assert_eq!(error_of(&payload), DataError::UnknownClass { image: 4, label: 2, classes: 2 });
    assert_eq!(error_of(&[[5; 48].as_slice(), &[0; 6]].concat()), DataError::NoContrast { resolution: 2 });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), with_magic: bool) {
        let mut file = if with_magic { b"NASDATA\0\x01\0\0\0\x10\0\0\0".to_vec() } else { Vec::new() };
        file.extend(bytes);
        prop_assert!(Dataset::parse(&file).is_err());
    }

    /// A stream can have a few bits that mean nothing; a change of any other is seen.
    #[test]
    fn a_changed_byte_is_seen_or_changes_nothing(at in 0..DIGITS.len(), flip in 1..=255u8) {
        let mut changed = DIGITS.to_vec();
        changed[at] ^= flip;
        if let Ok(dataset) = Dataset::parse(&changed) {
            prop_assert_eq!(dataset, Dataset::parse(DIGITS).expect("the real file"));
        }
    }

    /// The digest is right, so that the numbers themselves have to be judged.
    #[test]
    fn no_header_makes_it_panic(
        shape in prop::array::uniform3(0..4u32),
        square: bool,
        splits in prop::array::uniform3(0..4u32),
        value_max in 0..4u8,
        default_resolution in 0..5u32,
        missing_bytes in prop::sample::select(vec![0, 0, 0, 1]),
        values in prop::collection::vec(0..4u8, 1..9),
    ) {
        let side = if square { shape[1] } else { shape[2] };
        let values_per_image = shape[0] * shape[1] * side;
        let payload_bytes = (splits.iter().sum::<u32>() * (values_per_image + 1)) as usize;
        let payload: Vec<u8> = values.into_iter().cycle().take(payload_bytes.saturating_sub(missing_bytes)).collect();
        let mut header = small_header();
        header["classes"] = json!(vec![&header["classes"][0]; 4]);
        header["shape"] = json!([shape[0], shape[1], side]);
        header["splits"] = json!({"train": splits[0], "validation": splits[1], "test": splits[2]});
        header["value_max"] = json!(value_max);
        header["resolutions"] = json!((1..=shape[1]).collect::<Vec<u32>>());
        header["default_resolution"] = json!(default_resolution);
        if let Ok(dataset) = Dataset::parse(&pack(&header, &payload)) {
            prop_assert_eq!(missing_bytes, 0);
            prop_assert_eq!(dataset.images(Split::Test).len(), (splits[2] * values_per_image) as usize);
            let _possible_or_an_error = dataset.at_resolution(default_resolution);
        }
    }
}
