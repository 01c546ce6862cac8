//! `nas race` as people call it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

fn race(table: &Path, words: &[&str]) -> Output {
    let table = table.to_str().unwrap();
    Command::new(env!("CARGO_BIN_EXE_nas")).args(["race", "--table", table]).args(words).output().unwrap()
}

fn json(table: &Path, words: &[&str]) -> Value {
    let output = race(table, &[words, &["--json"]].concat());
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A race that must be refused with exit code 2 and these words.
fn refused(table: &Path, words: &[&str], expected: &str) {
    let output = race(table, words);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {message}");
    assert!(output.stdout.is_empty() && message.contains(expected) && message.len() < 2000, "{message}");
}

fn text() -> String {
    let rows =
        (0..64).map(|row| format!("{},{},{},{}\n", row / 16, row / 4 % 4, row % 4, (row * 37 + 11) % 64));
    let costs = (0..64).map(|row| (row * 5 + 3) % 64);
    let rows = rows.zip(costs).map(|(row, cost)| row.replace('\n', &format!(",{cost}\n")));
    format!("a,b,c,score,cost\n{}", rows.collect::<String>())
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

const COURSE: [&str; 12] = [
    "--genes",
    "a,b,c",
    "--objective",
    "score",
    "--strategies",
    "random,local-search",
    "--budget",
    "20",
    "--report",
    "20,5",
    "--seeds",
    "9",
];

#[test]
fn a_race_prints_how_its_strategies_stand() {
    let table = file("race.csv", text().as_bytes());
    let race_json = json(&table, &COURSE);
    let results = race_json["results"].as_array().unwrap();
    let of = |name: &str| results.iter().map(|result| result[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("strategy"), ["random", "random", "local-search", "local-search"]);
    assert_eq!(of("queries"), [5, 20, 5, 20]);
    assert_eq!(of("count"), ["all", "all", "unique", "unique"]);
    assert_eq!(of("seeds"), [9, 9, 9, 9]);
    for result in results {
        for name in ["mean", "std", "se", "regret", "median_rank"] {
            assert!(result[name].is_f64(), "{name} in {result}");
        }
    }
    assert_eq!(race_json["summaries"][1]["regret_queries"], 20);
    let printed = String::from_utf8(race(&table, &COURSE).stdout).unwrap();
    assert_eq!(printed.lines().count(), 1 + 4 + 2, "{printed}");
}

#[test]
fn neither_threads_nor_compression_change_a_race() {
    let table = file("threads.csv", text().as_bytes());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text().as_bytes()).unwrap();
    let packed = file("threads.csv.gz", &encoder.finish().unwrap());
    let alone = json(&table, &[&COURSE[..], &["--workers", "1"]].concat());
    assert_eq!(alone, json(&packed, &[&COURSE[..], &["--workers", "4"]].concat()));
    let noisy = json(&table, &[&COURSE[..], &["--noise", "9"]].concat());
    assert_ne!(alone, noisy);
}

#[test]
fn settings_and_several_objectives_are_taken() {
    let table = file("settings.csv", text().as_bytes());
    let course =
        ["--genes", "a,b,c", "--strategies", "regularized-evolution", "--budget", "40", "--seeds", "5"];
    let of = |words: &[&str]| json(&table, &[&course[..], words].concat())["results"][0].clone();
    let default = of(&["--objective", "score"]);
    let set = of(&["--objective", "score", "--set", "regularized-evolution.population=2"]);
    assert!(default["mean"] != set["mean"] || default["std"] != set["std"], "{default} {set}");
    assert_eq!(of(&["--objective", "score", "--count", "unique"])["count"], "unique");
    let several = of(&["--objective", "score:max", "--objective", "cost:min", "--reference", "-1,64"]);
    let share = several["mean"].as_f64().unwrap();
    assert!(0.5 < share && share < 1.0 && several["median_rank"].is_null(), "{several}");
}

#[test]
fn what_cannot_be_raced_is_told() {
    let table = file("refused.csv", text().as_bytes());
    let with = |from: &str, to: &'static str| {
        COURSE.map(|word| if word == from { to.to_owned() } else { word.to_owned() })
    };
    for (words, expected) in [
        (with("a,b,c", "a,b,d"), "refused.csv: there is no column 'd': use one of a, b, c, score, cost"),
        (with("a,b,c", "a,b"), "refused.csv: line 3: the genotype of line 2 again"),
        (with("score", "speed:max"), "refused.csv: there is no column 'speed': use one of score, cost"),
        (with("random,local-search", "hope"), "there is no strategy 'hope'"),
        (with("20,5", "21"), "a report after 21 queries: from 1 to the budget of 20"),
    ] {
        refused(&table, &words.each_ref().map(String::as_str), expected);
    }
    for (words, expected) in [
        (["--set", "random.luck=3"], "--set random.luck=3: no strategy has such a setting"),
        (["--set", "genetic.population=1"], "--set genetic.population=1: 1 is out of bounds"),
        (["--objective", "cost"], "2 objectives need a reference of 2 values"),
    ] {
        refused(&table, &[&COURSE[..], &words].concat(), expected);
    }
    refused(&file("empty.csv", b""), &COURSE, "empty.csv: the file is empty");
    refused(&file("broken.csv.gz", b"\x1f\x8bnothing"), &COURSE, "broken.csv.gz: ");
    refused(&file("text.csv", b"a,b,c,score\n1,1,1,\xff\n"), &COURSE, "text.csv: invalid utf-8");
    refused(Path::new("no-such.csv"), &COURSE, "no-such.csv: ");
}
