//! Files of tables of known results: `NAME.csv.gz`, and `NAME.json` that says what it is about.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use nas_run::{DataFacts, Outcome};
use nas_tabulate::{KnownTable, TableFacts, Tabulation};

use crate::data;
use crate::failure::Failure;
use crate::network::read_text;

/// How the name of a table ends.
const EXTENSION: &str = ".csv.gz";
/// The largest table that is read, unpacked, in bytes.
const MAX_TABLE_BYTES: u64 = 256 << 20;
/// The largest description of a table that is read, in bytes.
const MAX_FACTS_BYTES: u64 = 1 << 20;
/// The first bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The path without the ending of a table.
pub(crate) fn stem(path: &Path) -> Result<PathBuf, Failure> {
    let name = path.display().to_string();
    let stem = name.strip_suffix(EXTENSION).map(PathBuf::from);
    stem.ok_or_else(|| Failure::Input(format!("{name}: a table is named NAME{EXTENSION}")))
}

/// Writes a table, and what it is about beside it.
pub(crate) fn write(
    path: &Path,
    tabulation: &Tabulation,
    outcomes: &[Outcome],
) -> Result<TableFacts, Failure> {
    let (text, facts) = tabulation.table(outcomes);
    let in_file = |path: &Path, error: std::io::Error| Failure::in_file(&path.display().to_string(), error);
    let file = File::create(path).map_err(|error| in_file(path, error))?;
    let mut encoder = GzBuilder::new().write(file, Compression::best());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    written.map_err(|error| in_file(path, error))?;
    let json = serde_json::to_string_pretty(&facts).map_err(|error| Failure::Internal(error.to_string()))?;
    let facts_path = stem(path)?.with_extension("json");
    std::fs::write(&facts_path, json + "\n").map_err(|error| in_file(&facts_path, error))?;
    Ok(facts)
}

/// Reads a table with what stands beside it.
pub(crate) fn read(path: &Path) -> Result<KnownTable, Failure> {
    let facts_path = stem(path)?.with_extension("json").display().to_string();
    let facts = read_text(&facts_path, MAX_FACTS_BYTES)?;
    let facts: TableFacts =
        serde_json::from_str(&facts).map_err(|error| Failure::in_file(&facts_path, error))?;
    let data = DataFacts::of(data::find(&facts.subject.data.id)?);
    let name = path.display().to_string();
    let text = read_csv(&name)?;
    KnownTable::new(&text, &facts, &data).map_err(|error| Failure::in_file(&name, error))
}

/// Reads the text of a table, unpacked if it is gzipped.
pub(crate) fn read_csv(path: &str) -> Result<String, Failure> {
    let in_file = |error: std::io::Error| Failure::in_file(path, error);
    let mut start = Vec::new();
    let mut file = File::open(path).map_err(in_file)?;
    (&mut file).take(GZIP_MAGIC.len() as u64).read_to_end(&mut start).map_err(in_file)?;
    let is_gzipped = start == GZIP_MAGIC;
    let whole = start.as_slice().chain(file);
    let mut bytes = Vec::new();
    let mut read = |source: &mut dyn Read| source.take(MAX_TABLE_BYTES + 1).read_to_end(&mut bytes);
    let unpacked = if is_gzipped { read(&mut MultiGzDecoder::new(whole)) } else { read(&mut { whole }) };
    unpacked.map_err(in_file)?;
    if bytes.len() as u64 > MAX_TABLE_BYTES {
        let problem = format!("more than {MAX_TABLE_BYTES} bytes: at most so many are read");
        return Err(Failure::in_file(path, problem));
    }
    String::from_utf8(bytes).map_err(|error| Failure::in_file(path, error.utf8_error()))
}
