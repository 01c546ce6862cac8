use std::collections::BTreeMap;

use nas_member::SettingValue;
use nas_numerics::{NUMERICS_VERSION, Rng, sha256};
use nas_race::Table;
use nas_run::{DataFacts, EpochScore, Job, JobKind, Outcome, Problem, RunConfig};
use nas_space::{Genotype, MAX_ENUMERATED, distinct};

use crate::sheet::{TEST_COLUMN, VALIDATION_COLUMN, correct_column, test_correct_column};
use crate::{Subject, TableFacts, TabulateError};

/// What the table holds of losses: nothing, and 0 is told.
const UNKNOWN_LOSS: f32 = 0.0;

/// A table read back: the learning curves and the truth about every network of its space.
#[derive(Debug, Clone)]
pub struct KnownTable {
    subject: Subject,
    /// [network][replicate]: validation accuracies after each epoch.
    curves: Vec<Vec<Vec<f32>>>,
    /// [network][replicate]
    test_accuracies: Vec<Vec<f32>>,
    truths: Vec<Truth>,
    /// By genotype and by name, the place of a network.
    by_genotype: BTreeMap<Genotype, usize>,
    by_name: BTreeMap<String, usize>,
}

/// What a network is worth: means over the trainings of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Share of validation images.
    pub validation_accuracy: f64,
    /// Share of test images.
    pub test_accuracy: f64,
}

impl KnownTable {
    /// Reads a table and what stands beside it.
    ///
    /// # Errors
    /// If the table was made with another version of the arithmetic or other data, is another than its facts say, or has not
    /// the columns it should.
    ///
    /// # Panics
    /// If the space decodes to an unsound network.
    pub fn new(text: &str, facts: &TableFacts, data: &DataFacts) -> Result<Self, TabulateError> {
        let TableFacts { subject, table_sha256, .. } = facts;
        if subject.numerics != NUMERICS_VERSION {
            return Err(TabulateError::Numerics { found: subject.numerics });
        }
        differ("the dataset", &subject.data_sha256, &data.sha256)?;
        let found = sha256(text.as_bytes()).to_string();
        if found != *table_sha256 {
            return Err(TabulateError::OtherTable { expected: table_sha256.clone(), found });
        }
        let table = Table::from_csv(text, &subject.genes)?;
        let problem = Problem::new(&config(subject), data)?;
        let space = problem.space();
        let genotypes = || TabulateError::TooManyGenotypes { genotypes: space.genes().size().to_string() };
        let networks = distinct(space, MAX_ENUMERATED).ok_or_else(genotypes)?;
        let columns = Columns::of(&table, subject)?;
        let mut known = Self {
            subject: subject.clone(),
            curves: Vec::new(),
            test_accuracies: Vec::new(),
            truths: Vec::new(),
            by_genotype: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for (place, (_, genotypes)) in networks.into_iter().enumerate() {
            let row = row(&table, space.genes().genes(), &genotypes[0])
                .ok_or(TabulateError::Unanswerable("row for a genotype of its own space"))?;
            let priced = problem.price(&genotypes[0])?;
            known.curves.push(columns.curves(row));
            known.test_accuracies.push(columns.test_accuracies(row));
            known.truths.push(columns.truth(row));
            known.by_name.insert(priced.canonical.name(), place);
            known.by_genotype.extend(genotypes.into_iter().map(|genotype| (genotype, place)));
        }
        Ok(known)
    }

    /// What it is about.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Validation accuracies after each epoch, for each training of the network of a genotype.
    #[must_use]
    pub fn curves(&self, genotype: &Genotype) -> Option<&[Vec<f32>]> {
        self.by_genotype.get(genotype).map(|&network| self.curves[network].as_slice())
    }

    /// Validation accuracies after each epoch, and the test accuracy after the last one, of a training of the network of this name.
    #[must_use]
    pub fn training(&self, name: &str, replicate: u32) -> Option<(&[f32], f32)> {
        let &network = self.by_name.get(name)?;
        let replicate = replicate as usize;
        Some((self.curves[network].get(replicate)?, self.test_accuracies[network][replicate]))
    }

    /// What the network of this name is worth.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<Truth> {
        self.by_name.get(name).map(|&network| self.truths[network])
    }

    /// What the best network is worth, by validation accuracy.
    ///
    /// # Panics
    /// If the table holds no network.
    #[must_use]
    pub fn best(&self) -> Truth {
        let accuracy = |truth: &&Truth| truth.validation_accuracy;
        let best = self.truths.iter().max_by(|one, other| accuracy(one).total_cmp(&accuracy(other)));
        *best.expect("a space has a network")
    }

    /// A configuration about what the table is about: its data, space and training, without a final training. The rest stays.
    #[must_use]
    pub fn configure(&self, rest: &RunConfig) -> RunConfig {
        let about = config(&self.subject);
        let mut settings = rest.settings.clone();
        settings.extend(about.settings);
        settings.insert("train.final_epochs".into(), SettingValue::Integer(0));
        RunConfig {
            settings,
            data: about.data,
            res: about.res,
            samples: about.samples,
            space: about.space,
            epochs: about.epochs,
            ..rest.clone()
        }
    }

    /// Whether runs of a problem train as the table did.
    ///
    /// # Errors
    /// If data or recipe differ; the seed may.
    pub fn check(&self, problem: &Problem) -> Result<(), TabulateError> {
        let json = |data: &nas_run::DataSpec| format!("{data:?}");
        differ("data", &json(&self.subject.data), &json(problem.data()))?;
        differ("the recipe", &format!("{:?}", self.subject.recipe), &format!("{:?}", problem.recipe()))
    }

    /// Whether it knows what comes of a job: not of scores, nor where weights are inherited.
    #[must_use]
    pub const fn answers(job: &Job) -> bool {
        job.score.is_none() && job.supernet.is_none() && !job.may_be_inherited
    }

    /// What comes of a training, as far as the job goes: for each seed of a run one of the trainings of the network at random,
    /// and others for other replicates. Losses and weights are not in the table: losses are told as 0.
    ///
    /// # Errors
    /// If it knows nothing of such jobs, or for a network that the table has not.
    ///
    /// # Panics
    /// If the job has more epochs than the table: its recipe was not checked.
    pub fn answer(&self, job: &Job) -> Result<Outcome, TabulateError> {
        if !Self::answers(job) {
            return Err(TabulateError::Unanswerable("scores, nor inherited weights"));
        }
        if job.kind == JobKind::Final {
            return Err(TabulateError::Unanswerable("final trainings: set train.final_epochs=0"));
        }
        let network = self.by_name.get(&job.name);
        let &network = network.ok_or(TabulateError::Unanswerable("network of another space than its own"))?;
        let replicates = self.subject.replicates;
        let drawn = Rng::for_purpose(job.run_seed, "known training", network as u64).below(replicates);
        let curve = &self.curves[network][((drawn + job.replicate) % replicates) as usize];
        let score = |&accuracy: &f32| EpochScore { loss: UNKNOWN_LOSS, accuracy };
        Ok(Outcome::Trained {
            curve: curve[..job.epochs as usize].iter().map(score).collect(),
            test_accuracy: None,
            weights_sha256: String::new(),
        })
    }
}

/// The configuration that a table was made of.
pub(crate) fn config(subject: &Subject) -> RunConfig {
    RunConfig {
        data: subject.data.id.clone(),
        res: Some(subject.data.res),
        samples: Some(subject.data.samples),
        space: subject.space.clone(),
        epochs: subject.recipe.horizon_epochs,
        seed: subject.seed,
        settings: subject.settings.clone(),
        ..RunConfig::default()
    }
}

fn differ(what: &'static str, expected: &str, found: &str) -> Result<(), TabulateError> {
    let is_equal = expected == found;
    let other =
        || TabulateError::OtherProblem { what, expected: expected.to_owned(), found: found.to_owned() };
    if is_equal { Ok(()) } else { Err(other()) }
}

/// The row of a genotype: the table orders choices by their words.
fn row(table: &Table, genes: &[nas_space::Gene], genotype: &Genotype) -> Option<usize> {
    let of_table = table.genes().genes();
    let value = |((gene, of_table), &value): ((&nas_space::Gene, &nas_space::Gene), &u16)| {
        let word = &gene.choices[usize::from(value)];
        of_table.choices.binary_search(word).ok().map(|place| place as u16)
    };
    let values: Option<Vec<u16>> = genes.iter().zip(of_table).zip(&genotype.0).map(value).collect();
    table.row(&Genotype(values?))
}

/// The columns of a table that hold what came of trainings.
struct Columns<'a> {
    /// [replicate][epoch]: images.
    correct: Vec<Vec<&'a [f64]>>,
    /// [replicate]: images.
    test_correct: Vec<&'a [f64]>,
    validation_images: f32,
    test_images: f32,
    validation: &'a [f64],
    test: &'a [f64],
}

impl<'a> Columns<'a> {
    fn of(table: &'a Table, subject: &Subject) -> Result<Self, TabulateError> {
        let correct = |replicate| {
            let epochs = 1..=subject.recipe.horizon_epochs;
            epochs.map(|epoch| table.column(&correct_column(replicate, epoch))).collect::<Result<_, _>>()
        };
        let test_correct = |replicate| table.column(&test_correct_column(replicate));
        Ok(Self {
            correct: (1..=subject.replicates).map(correct).collect::<Result<_, _>>()?,
            test_correct: (1..=subject.replicates).map(test_correct).collect::<Result<_, _>>()?,
            validation_images: subject.validation_images as f32,
            test_images: subject.test_images as f32,
            validation: table.column(VALIDATION_COLUMN)?,
            test: table.column(TEST_COLUMN)?,
        })
    }

    fn curves(&self, row: usize) -> Vec<Vec<f32>> {
        let accuracy = |column: &&[f64]| column[row] as f32 / self.validation_images;
        self.correct.iter().map(|epochs| epochs.iter().map(accuracy).collect()).collect()
    }

    fn test_accuracies(&self, row: usize) -> Vec<f32> {
        self.test_correct.iter().map(|column| column[row] as f32 / self.test_images).collect()
    }

    fn truth(&self, row: usize) -> Truth {
        Truth { validation_accuracy: self.validation[row], test_accuracy: self.test[row] }
    }
}
