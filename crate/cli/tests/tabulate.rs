//! `nas tabulate` and `nas compare` as people call them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn nas(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nas")).args(words).output().unwrap()
}

/// A folder of its own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Tabulates a space of three networks, two trainings each.
fn tabulate(out: &Path, more: &[&str]) -> Output {
    let out = out.to_str().unwrap();
    let words =
        ["tabulate", "layers", "--data", "digits8", "--samples", "128", "--epochs", "4", "--replicates", "2"];
    let settings = ["layers.operators=conv3x3,identity", "layers.widths=4,16", "layers.max_depth=1"];
    let set = settings.map(|setting| ["--set", setting]).concat();
    nas(&[&words[..], &set, &["--out", out], more].concat())
}

fn refused(output: &Output, expected: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(expected) && !message.contains("panicked"), "{message}");
}

#[test]
fn neither_threads_nor_interruptions_change_a_table() {
    let folder = folder("interruptions");
    let [whole, cut] = ["whole.csv.gz", "cut.csv.gz"].map(|name| folder.join(name));
    let output = tabulate(&whole, &["--workers", "3"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What a process leaves that is killed in the middle of a line.
    let journal = std::fs::read_to_string(folder.join("whole.journal")).unwrap();
    assert_eq!(journal.lines().count(), 1 + 6);
    let lines: Vec<&str> = journal.lines().collect();
    let started = format!("{}\n{}", lines[..4].join("\n"), &lines[4][..30]);
    std::fs::write(folder.join("cut.journal"), started).unwrap();
    let output = tabulate(&cut, &["--workers", "1"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = |name: &str| {
        [".csv.gz", ".json"].map(|ending| std::fs::read(folder.join(format!("{name}{ending}"))).unwrap())
    };
    assert_eq!(files("whole"), files("cut"));
    // The three that were done are not done again.
    let finished = std::fs::read_to_string(folder.join("cut.journal")).unwrap();
    assert!(finished.starts_with(&lines[..4].join("\n")) && finished.lines().count() == 7, "{finished}");
}

#[test]
fn runs_are_compared_on_a_table() {
    let folder = folder("compared");
    let table = folder.join("table.csv.gz");
    assert!(tabulate(&table, &[]).status.success());
    let table = table.to_str().unwrap();
    let links = ["#v=1&strategy=random&candidates=1", "#v=1&strategy=random&candidates=40"];
    let compare = |more: &[&str]| {
        let output =
            nas(&[&["compare"], &links[..], &["--table", table, "--seeds", "30", "--json"], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let alone = compare(&["--workers", "1"]);
    assert_eq!(alone, compare(&["--workers", "4"]));
    let [one, forty] = [0, 1].map(|place| &alone["results"][place]);
    assert_eq!(
        (&one["source"], &one["candidates"], &one["difference"]),
        (&links[0].into(), &1.0.into(), &Value::Null)
    );
    assert!(
        forty["difference"]["low"].as_f64().unwrap() > 0.0,
        "forty candidates find more than one: {alone}"
    );
    assert!(forty["validation_accuracy"]["mean"].as_f64() <= alone["best"].as_f64());
    // The same work for both: now nothing tells them apart.
    let equal = compare(&["--work", "500000"]);
    assert_eq!(equal["results"][1]["difference"]["mean"], 0.0);
    // What the table does not know is computed, and judged by the table.
    for items in [
        "strategy=random&eval=score",
        "strategy=random&eval=supernet&supernet.epochs=1",
        "strategy=local-search&train.weights=parent&train.hot_epochs=1",
    ] {
        let link = format!("#v=1&candidates=9&{items}");
        let output = nas(&["compare", &link, "--table", table, "--seeds", "2", "--json"]);
        assert!(output.status.success(), "{items}: {}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mean = found["results"][0]["validation_accuracy"]["mean"].as_f64();
        assert!(mean > Some(0.0) && mean <= found["best"].as_f64(), "{items}: {found}");
    }
}

#[test]
fn what_cannot_be_tabulated_or_compared_is_told() {
    let folder = folder("refused");
    let path = |name: &str| folder.join(name).display().to_string();
    let tabulate_with = |words: &[&str]| nas(&[&["tabulate", "layers", "--data", "digits8"], words].concat());
    refused(&tabulate_with(&["--out", &path("a.csv.gz")]), "genotypes, at most 1000000 are enumerated");
    refused(&tabulate_with(&["--out", &path("a.csv")]), "a.csv: a table is named NAME.csv.gz");
    refused(
        &tabulate_with(&["--out", &path("a.csv.gz"), "--set", "layers.luck=1"]),
        "no space and no evaluation has such a setting",
    );
    std::fs::write(path("a.journal"), "{}\n").unwrap();
    refused(&tabulate(&folder.join("a.csv.gz"), &[]), "a.journal: the journal of another table");
    let compare = |link: &str| nas(&["compare", link, "--table", &path("none.csv.gz"), "--seeds", "1"]);
    refused(&compare("#v=1&strategy=random"), "none.json: ");
}
