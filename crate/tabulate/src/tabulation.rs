use nas_numerics::{Digest, Digester, NUMERICS_VERSION};
use nas_run::{DataFacts, Job, Outcome, Priced, Problem, RunConfig};
use nas_space::{Genotype, MAX_ENUMERATED, distinct};

use crate::known::config;
use crate::{Subject, TabulateError};

/// The most trainings of a table: some hours of one processor for the smallest networks.
pub const MAX_TRAININGS: u32 = 100_000;

/// A table that is to be made: every distinct network of a space, each trained several times.
pub struct Tabulation {
    problem: Problem,
    subject: Subject,
    /// By ascending digest.
    networks: Vec<(Digest, Vec<Genotype>)>,
}

impl Tabulation {
    /// Enumerates the networks of the space of this configuration, to be trained as a run of it would.
    ///
    /// # Errors
    /// If the configuration cannot be, or the space is too large.
    pub fn new(config: &RunConfig, data: &DataFacts, replicates: u32) -> Result<Self, TabulateError> {
        let problem = Problem::new(config, data)?;
        if problem.space().hardware().is_some() {
            return Err(TabulateError::Hardware { space: config.space.clone() });
        }
        let genotypes = problem.space().genes().size();
        let networks = distinct(problem.space(), MAX_ENUMERATED)
            .ok_or_else(|| TabulateError::TooManyGenotypes { genotypes: genotypes.to_string() })?;
        if networks.len() as u64 * u64::from(replicates) > u64::from(MAX_TRAININGS) {
            return Err(TabulateError::TooManyTrainings { networks: networks.len(), replicates });
        }
        let subject = Subject {
            numerics: NUMERICS_VERSION,
            data: problem.data().clone(),
            data_sha256: data.sha256.clone(),
            validation_images: data.validation_images,
            test_images: data.test_images,
            space: config.space.clone(),
            settings: config.settings.clone(),
            recipe: problem.recipe().clone(),
            seed: config.seed,
            replicates,
            genotypes: networks.iter().map(|(_, genotypes)| genotypes.len() as u32).sum(),
            networks: networks.len() as u32,
            genes: problem.space().genes().genes().iter().map(|gene| gene.id.clone()).collect(),
        };
        Ok(Self { problem, subject, networks })
    }

    /// The tabulation that a table came of.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(subject: &Subject, data: &DataFacts) -> Result<Self, TabulateError> {
        Self::new(&config(subject), data, subject.replicates)
    }

    /// What the table is about.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The problem that the networks are trained for.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Number of trainings.
    #[must_use]
    pub fn trainings(&self) -> u32 {
        self.subject.networks * self.subject.replicates
    }

    /// A training: all of one network stand together, networks in the order of their digests, which is as good as random.
    ///
    /// # Panics
    /// If there are not so many trainings.
    #[must_use]
    pub fn job(&self, training: u32) -> Job {
        let (network, replicate) = (training / self.subject.replicates, training % self.subject.replicates);
        let priced = self.priced(network);
        self.problem.training(&priced.canonical, priced.costs.macs, replicate)
    }

    /// Digest of everything that the trainings came to, in their order: the same if and only if all of them are.
    ///
    /// # Panics
    /// If there is not an outcome for each training.
    #[must_use]
    pub fn outcomes_digest(&self, outcomes: &[Outcome]) -> Digest {
        assert_eq!(outcomes.len() as u32, self.trainings(), "an outcome for each training");
        let digest = |digester: Digester, outcome: &Outcome| match outcome {
            Outcome::Trained { curve, test_accuracy, weights_sha256 } => {
                let scores: Vec<f32> = curve.iter().flat_map(|score| [score.loss, score.accuracy]).collect();
                let digester = digester.floats(&scores).floats(test_accuracy.as_slice());
                digester.text(weights_sha256)
            }
            other => digester.text(&format!("{other:?}")),
        };
        let start = Digester::new().number(u64::from(self.subject.numerics));
        outcomes.iter().fold(start, digest).finish()
    }

    /// The genotypes that stand for a network.
    pub(crate) fn genotypes(&self, network: u32) -> &[Genotype] {
        &self.networks[network as usize].1
    }

    /// A network with its costs.
    pub(crate) fn priced(&self, network: u32) -> Priced {
        let genotype = &self.genotypes(network)[0];
        self.problem.price(genotype).expect("an enumerated genotype is of the space")
    }
}
