use nas_space::Genotype;

/// Levels of splits.
const DEPTH: u32 = 3;
/// Curvature that counts against each leaf (λ in Chen and Guestrin 2016).
const PENALTY: f64 = 1.0;
/// Least gain of a split: below it is rounding.
const MIN_GAIN: f64 = 1e-9;

/// A regression tree over genes.
pub(super) enum Tree {
    /// What it adds to the score.
    Leaf(f64),
    /// Genotypes that the question holds for go to the first branch.
    Split(Question, Box<[Tree; 2]>),
}

/// What a split asks of a genotype.
#[derive(Clone, Copy)]
pub(super) struct Question {
    gene: usize,
    value: u16,
    /// Whether smaller values go with this one.
    is_ordinal: bool,
}

impl Question {
    fn holds(self, genotype: &Genotype) -> bool {
        let value = genotype.0[self.gene];
        if self.is_ordinal { value <= self.value } else { value == self.value }
    }
}

impl Tree {
    pub(super) fn value(&self, genotype: &Genotype) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Split(question, branches) => {
                branches[usize::from(!question.holds(genotype))].value(genotype)
            }
        }
    }
}

/// First and second derivative of the loss, summed over some genotypes.
#[derive(Clone, Copy, Default)]
pub(super) struct Slope {
    pub(super) gradient: f64,
    pub(super) curvature: f64,
}

impl Slope {
    pub(super) fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
    }

    fn without(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, curvature: self.curvature - other.curvature }
    }

    /// How much a leaf lowers the loss (Chen and Guestrin 2016, equation 6).
    fn quality(self) -> f64 {
        self.gradient * self.gradient / (self.curvature + PENALTY)
    }
}

/// Grows a tree that descends the loss by Newton steps (Chen and Guestrin 2016, "`XGBoost`: A Scalable Tree Boosting System",
/// equations 5 to 7).
pub(super) struct Grower<'a> {
    pub(super) genotypes: &'a [&'a Genotype],
    /// For each gene the number of choices and whether they have an order.
    pub(super) genes: &'a [(usize, bool)],
    pub(super) slopes: &'a [Slope],
}

impl Grower<'_> {
    pub(super) fn grow(&self) -> Tree {
        let all = (0..self.genotypes.len()).filter(|&at| self.slopes[at].curvature > 0.0).collect();
        self.branch(all, DEPTH)
    }

    fn branch(&self, members: Vec<usize>, depth: u32) -> Tree {
        let mut total = Slope::default();
        for &member in &members {
            total.add(self.slopes[member]);
        }
        let split = if depth > 0 { self.best_split(&members, total) } else { None };
        let Some(question) = split else {
            return Tree::Leaf((0.0 - total.gradient) / (total.curvature + PENALTY));
        };
        let (hold, rest): (Vec<usize>, Vec<usize>) =
            members.into_iter().partition(|&member| question.holds(self.genotypes[member]));
        Tree::Split(question, Box::new([self.branch(hold, depth - 1), self.branch(rest, depth - 1)]))
    }

    /// The split that gains most, if any gains anything; the first of equals.
    fn best_split(&self, members: &[usize], total: Slope) -> Option<Question> {
        let (mut most, mut best) = (MIN_GAIN, None);
        let mut slopes = Vec::new();
        for (gene, &(choices, is_ordinal)) in self.genes.iter().enumerate() {
            slopes.clear();
            slopes.resize(choices, Slope::default());
            for &member in members {
                slopes[usize::from(self.genotypes[member].0[gene])].add(self.slopes[member]);
            }
            let mut hold = Slope::default();
            for (value, &slope) in slopes.iter().enumerate() {
                if !is_ordinal {
                    hold = Slope::default();
                }
                hold.add(slope);
                let gain = hold.quality() + total.without(hold).quality() - total.quality();
                if gain > most {
                    (most, best) = (gain, Some(Question { gene, value: value as u16, is_ordinal }));
                }
            }
        }
        best
    }
}
