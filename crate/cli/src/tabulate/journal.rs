use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use nas_run::Outcome;
use nas_tabulate::{Subject, Tabulation};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The trainings of a table as they end: a first line that says what the table is about, then one line for each, in any
/// order. A line that was cut off when the process ended is done again.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    outcomes: Vec<Option<Outcome>>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    training: u32,
    #[serde(flatten)]
    outcome: Outcome,
}

impl Journal {
    /// Opens the journal of this table, or begins it.
    ///
    /// # Errors
    /// If it cannot be read or written, or is that of another table.
    pub(super) fn open(path: &Path, tabulation: &Tabulation) -> Result<Self, Failure> {
        let in_file = |error: std::io::Error| Failure::in_file(&path.display().to_string(), error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(in_file)?;
        let mut outcomes = vec![None; tabulation.trainings() as usize];
        let mut whole_bytes = 0;
        let mut lines = BufReader::new(&file);
        let mut line = String::new();
        while lines.read_line(&mut line).map_err(in_file)? > 0 && line.ends_with('\n') {
            let is_first = whole_bytes == 0;
            let understood = if is_first {
                serde_json::from_str(&line).is_ok_and(|subject: Subject| subject == *tabulation.subject())
            } else {
                enter(&line, &mut outcomes).is_some()
            };
            if !understood {
                let problem = "the journal of another table: name another --out, or remove it to begin anew";
                return Err(Failure::in_file(&path.display().to_string(), problem));
            }
            whole_bytes += line.len() as u64;
            line.clear();
        }
        file.set_len(whole_bytes).map_err(in_file)?;
        file.seek(SeekFrom::End(0)).map_err(in_file)?;
        let mut journal = Self { path: path.to_owned(), file, outcomes };
        if whole_bytes == 0 {
            journal.write(tabulation.subject())?;
        }
        Ok(journal)
    }

    /// The trainings that are still to be done, in order.
    pub(super) fn missing(&self) -> Vec<u32> {
        (0..)
            .zip(&self.outcomes)
            .filter(|(_, outcome)| outcome.is_none())
            .map(|(training, _)| training)
            .collect()
    }

    /// Number of trainings that are done.
    pub(super) fn entered(&self) -> usize {
        self.outcomes.iter().flatten().count()
    }

    /// Number of all trainings.
    pub(super) fn trainings(&self) -> usize {
        self.outcomes.len()
    }

    /// Enters what a training came to.
    pub(super) fn enter(&mut self, training: u32, outcome: Outcome) -> Result<(), Failure> {
        self.write(&Entry { training, outcome: outcome.clone() })?;
        self.outcomes[training as usize] = Some(outcome);
        Ok(())
    }

    /// The outcomes of all trainings.
    pub(super) fn into_outcomes(self) -> Result<Vec<Outcome>, Failure> {
        let outcomes: Option<Vec<_>> = self.outcomes.into_iter().collect();
        outcomes.ok_or_else(|| Failure::Internal("a training was not performed".into()))
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(line).map_err(|error| Failure::Internal(error.to_string()))?;
        let written = self.file.write_all(format!("{json}\n").as_bytes());
        written.map_err(|error| Failure::in_file(&self.path.display().to_string(), error))
    }
}

fn enter(line: &str, outcomes: &mut [Option<Outcome>]) -> Option<()> {
    let Entry { training, outcome } = serde_json::from_str(line).ok()?;
    *outcomes.get_mut(training as usize)? = Some(outcome);
    Some(())
}
