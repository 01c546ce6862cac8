//! The table that is shipped is what the committed engine makes.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use nas_data::DatasetInfo;
use nas_evaluate::{Images, perform_and_test};
use nas_numerics::Digest;
use nas_run::{DataFacts, Outcome};
use nas_tabulate::{KnownTable, TableFacts, Tabulation};

/// The most that the packed table may take, in bytes.
const MAX_PACKED_BYTES: usize = 400 << 10;
/// Trainings that are done again.
const TRAININGS: usize = 8;

fn file(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../static/tables").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn info() -> &'static DatasetInfo {
    DatasetInfo::find("digits8").unwrap()
}

fn shipped() -> (TableFacts, KnownTable) {
    let facts: TableFacts = serde_json::from_slice(&file("cell-digits8.json")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file("cell-digits8.csv.gz").as_slice()).read_to_string(&mut text).unwrap();
    let known = KnownTable::new(&text, &facts, &DataFacts::of(info())).unwrap();
    (facts, known)
}

#[test]
fn it_is_small_enough_to_travel() {
    let bytes = file("cell-digits8.csv.gz").len();
    assert!(bytes <= MAX_PACKED_BYTES, "{bytes} bytes");
}

/// Numerics, dataset, recipe, keys and the space's networks are still those of the table.
#[test]
fn its_facts_are_those_of_the_engine() {
    let (facts, known) = shipped();
    let tabulation = Tabulation::of(&facts.subject, &DataFacts::of(info())).unwrap();
    assert_eq!(*tabulation.subject(), facts.subject);
    let name = tabulation.job(tabulation.trainings() - 1).name;
    assert!(known.truth(&name).is_some(), "networks have the names they had");
}

/// Which ones, the digest of all outcomes says: nobody chose them.
#[test]
fn trainings_done_again_come_to_the_same() {
    let (facts, known) = shipped();
    let tabulation = Tabulation::of(&facts.subject, &DataFacts::of(info())).unwrap();
    let dataset = info().open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap();
    let images = Images::prepare(&dataset, tabulation.problem().data()).unwrap();
    let digest: Digest = facts.outcomes_sha256.parse().unwrap();
    for bytes in digest.0.chunks_exact(4).take(TRAININGS) {
        let drawn = u32::from_le_bytes(bytes.try_into().unwrap());
        let job = tabulation.job(drawn % tabulation.trainings());
        let (curve, test) = known.training(&job.name, job.replicate).unwrap();
        let (name, replicate) = (job.name.clone(), job.replicate);
        match perform_and_test(job, &images).unwrap() {
            Outcome::Trained { curve: again, test_accuracy, .. } => {
                let again: Vec<f32> = again.iter().map(|score| score.accuracy).collect();
                assert_eq!(
                    (again.as_slice(), test_accuracy),
                    (curve, Some(test)),
                    "{name}, replicate {replicate}"
                );
            }
            other => panic!("{name}, replicate {replicate}: {other:?}"),
        }
    }
}
