//! Input that cannot be is refused at once: with its place, in a few lines, without a panic.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Checks a call that must be refused with exit code 2, this text, and no more than a screen of it.
fn refused(what: &str, words: &[&str], expected: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_nas")).args(words).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{what}: {message}");
    assert!(output.stdout.is_empty(), "{what}: printed before it failed");
    assert!(message.contains(expected), "{what}\n  gave: {message}\n  expected: {expected}");
    assert!(message.len() < 2000 && !message.contains("panicked"), "{what}: {message}");
}

/// A file in a folder of this test run.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Text that is no network, and text of networks that cannot be; each with a part of what is said of it.
#[test]
fn a_network_that_cannot_be_is_told_with_its_place() {
    let one = |layer: &str| format!(r#"{{"input": [3, 8, 8], "layers": [{layer}]}}"#);
    let of_size = |input: &str| format!(r#"{{"input": {input}, "layers": [{{"op": "relu"}}]}}"#);
    let cases = [
        ("unknown operator", one(r#"{"op": "relu"}, {"name": "deep", "op": "conv3d"}"#), "layer 2 (deep): unknown variant `conv3d`"),
        ("cycle", one(r#"{"name": "a", "op": "add", "inputs": ["input", "b"]}, {"name": "b", "op": "relu"}"#), "layer 'a' reads 'b', which is no earlier layer"),
        ("itself", one(r#"{"name": "a", "op": "relu", "inputs": ["a"]}"#), "layer 'a' reads 'a'"),
        ("mismatch", one(r#"{"op": "dense", "out_features": 4}, {"name": "sum", "op": "add", "inputs": ["input", "dense-1"]}"#), "layer 'sum': add cannot join 3×8×8 and 4×1×1"),
        ("no input", one(r#"{"name": "a", "op": "relu", "inputs": []}"#), "layer 'a': relu takes one input, not 0"),
        ("zero input", of_size("[3, 0, 8]"), "layer 'input': height is 0"),
        ("zero kernel", one(r#"{"name": "c", "op": "conv2d", "out_channels": 4, "kernel": 0}"#), "layer 'c': kernel is 0"),
        ("zero stride", one(r#"{"name": "p", "op": "max-pool", "kernel": 2, "stride": 0}"#), "layer 'p': stride is 0"),
        ("zero groups", one(r#"{"name": "c", "op": "conv2d", "out_channels": 4, "kernel": 1, "groups": 0}"#), "layer 'c': groups is 0"),
        ("negative", one(r#"{"op": "conv2d", "out_channels": -4, "kernel": 1}"#), "layer 1 (unnamed): out_channels: invalid value: integer `-4`"),
        ("fraction", of_size("[3, 8.5, 8]"), "`8.5`, expected u32 at line 1 column"),
        ("enormous input", of_size("[65536, 65536, 65536]"), "layer 'input': 281474976710656 elements in one tensor"),
        ("larger than 32 bits", one(r#"{"op": "dense", "out_features": 4294967296}"#), "out_features: invalid value: integer `4294967296`"),
        ("larger than 64 bits", one(r#"{"op": "dense", "out_features": 99999999999999999999}"#), "out_features: invalid type"),
        ("enormous kernel", one(r#"{"name": "c", "op": "conv2d", "out_channels": 4, "kernel": 65536, "dilation": 65536}"#), "layer 'c': dilated kernel is 4294901761"),
        ("enormous weights", r#"{"input": [2048, 1024, 1024], "layers": [{"name": "d", "op": "dense", "out_features": 65536}]}"#.into(), "layer 'd': 140737488355328 elements"),
        ("overflow", one(r#"{"name": "u", "op": "upsample", "factor": 65536}, {"name": "v", "op": "upsample", "factor": 65536}"#), "layer 'u': height is 524288"),
        ("many layers", one(&vec![r#"{"op": "relu"}"#; 200_000].join(",")), "more than 4096 layers at line 1 column"),
        ("deep", "[".repeat(1 << 20), "at line 1 column"),
        ("deep in a layer", format!(r#"{{"input": [3, 8, 8], "layers": [{}"#, r#"{"a":"#.repeat(100_000)), "recursion limit exceeded at line 1 column"),
        ("long name", one(&format!(r#"{{"name": "{}", "op": "conv3d"}}"#, "n".repeat(1 << 20))), "a name of 1048576 characters"),
        ("empty", String::new(), "line 1 column 0"),
        ("100 MB", " ".repeat(100_000_000), "more than 4194304 bytes"),
    ];
    for (what, text, expected) in cases {
        let path = file("no-network-either.json", text.as_bytes());
        refused(what, &["cost", path.to_str().unwrap()], expected);
    }
    let text = file("not-text.json", b"{\"input\": \xff}");
    refused(
        "not UTF-8",
        &["cost", text.to_str().unwrap()],
        "invalid utf-8 sequence of 1 bytes from index 10",
    );
    refused("a folder", &["cost", env!("CARGO_TARGET_TMPDIR")], "directory");
}

/// Sizes that a reference network cannot have.
#[test]
fn sizes_that_cannot_be_are_told_with_their_place() {
    let cases: [(&[&str], &str); 8] = [
        (&["ref:mobilenet-v1-1.0", "--resolution", "0"], "layer 'input': height is 0"),
        (&["ref:mobilenet-v1-1.0", "--resolution", "4294967295"], "layer 'input': height is 4294967295"),
        (
            &["ref:mobilevit-xxs", "--channels", "65536", "--resolution", "65536"],
            "layer 'input': 281474976710656",
        ),
        (&["ref:squeezenet-1.1", "--resolution", "2"], "layer 'conv1': a kernel of 3×3 does not fit 3×2×2"),
        (&["ref:squeezenet-1.1", "--classes", "0"], "layer 'conv10': out_channels is 0"),
        (&["ref:digits-tiny", "--classes", "4000000000"], "layer 'classifier': out_features is 4000000000"),
        (&["ref:digits-tiny", "--classes=-1"], "--classes"),
        (&["ref:nas-bench-201:|none~0|"], "'|none~0|' is no cell of NAS-Bench-201: write |nor_conv_3x3~0|+|"),
    ];
    for (words, expected) in cases {
        refused("sizes", &[&["cost"], words].concat(), expected);
    }
}

#[test]
fn a_sample_of_what_is_not_there_is_refused() {
    let cases: [(&[&str], &str); 3] = [
        (&["nonsense"], "'nonsense'"),
        (&["layers", "--data", "nonsense"], "there is no dataset 'nonsense'"),
        (&["layers", "--count", "4294967296"], "4294967296 is not in 0..=4294967295"),
    ];
    for (words, expected) in cases {
        refused("a sample", &[&["sample"], words].concat(), expected);
    }
}
