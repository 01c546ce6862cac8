/// One choice of a search space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gene {
    /// What it decides: `layer3.operator`.
    pub id: String,
    /// What it may choose from; a genotype holds the index.
    pub choices: Vec<String>,
    /// Whether the choices have an order, so that neighbours in the list are alike: sizes and depths are ordinal,
    /// operators are categorical.
    pub is_ordinal: bool,
    /// If its choices are operators: those without parameters.
    pub weightless: Option<Vec<u16>>,
    /// When it matters at all; always, if none.
    pub parent: Option<Parent>,
}

/// The condition of a gene: it is active when an earlier, active gene has one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Index of the earlier gene.
    pub gene: usize,
    /// Its values (indices of choices) under which this gene is active.
    pub values: Vec<u16>,
}

impl Gene {
    /// A categorical gene that always matters.
    #[must_use]
    pub fn new(id: impl Into<String>, choices: impl IntoIterator<Item = impl ToString>) -> Self {
        let choices = choices.into_iter().map(|choice| choice.to_string()).collect();
        Self { id: id.into(), choices, is_ordinal: false, weightless: None, parent: None }
    }

    /// An ordinal gene that always matters; its choices come in their order.
    #[must_use]
    pub fn ordinal(id: impl Into<String>, choices: impl IntoIterator<Item = impl ToString>) -> Self {
        Self { is_ordinal: true, ..Self::new(id, choices) }
    }

    /// The same gene, whose choices are operators; these of them have no parameters.
    #[must_use]
    pub fn of_operators(self, weightless: impl IntoIterator<Item = u16>) -> Self {
        Self { weightless: Some(weightless.into_iter().collect()), ..self }
    }

    /// The same gene, active only when gene `gene` has one of `values`.
    #[must_use]
    pub fn when(mut self, gene: usize, values: impl IntoIterator<Item = u16>) -> Self {
        self.parent = Some(Parent { gene, values: values.into_iter().collect() });
        self
    }
}
