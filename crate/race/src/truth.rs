use nas_search::{dominates, hypervolume};

use crate::{Direction, Objective, RaceError, Table};

/// What a table says of the objectives of a race, and of the best there is.
pub(crate) struct Truth {
    directions: Vec<Direction>,
    /// [row, objective]: each to be made small.
    values: Vec<Vec<f64>>,
    goal: Goal,
}

/// What a race strives for.
enum Goal {
    /// The best value of the only objective; all its values, ascending.
    Best { ascending: Vec<f64> },
    /// The front; the space it dominates up to the reference.
    Front { reference: Vec<f64>, volume: f64 },
}

/// The candidates that a strategy has reason to believe the best: none it knows of beats them by what it was told.
#[derive(Default)]
pub(crate) struct Belief(Vec<(Vec<f64>, usize)>);

impl Belief {
    /// Takes in what was told of a row; whether that changes what is believed. Of equals the first one stays.
    pub(crate) fn offer(&mut self, told: &[f64], row: usize) -> bool {
        if self.0.iter().any(|(member, _)| member == told || dominates(member, told)) {
            return false;
        }
        self.0.retain(|(member, _)| !dominates(told, member));
        self.0.push((told.to_vec(), row));
        true
    }
}

impl Truth {
    pub(crate) fn new(
        table: &Table,
        objectives: &[Objective],
        reference: Option<&[f64]>,
    ) -> Result<Self, RaceError> {
        let directions: Vec<Direction> = objectives.iter().map(|objective| objective.direction).collect();
        let columns = objectives
            .iter()
            .map(|objective| table.column(&objective.column))
            .collect::<Result<Vec<_>, _>>()?;
        let minimized = |row: usize| -> Vec<f64> {
            directions
                .iter()
                .zip(&columns)
                .map(|(direction, column)| direction.minimized(column[row]))
                .collect()
        };
        let values: Vec<Vec<f64>> = (0..table.rows()).map(minimized).collect();
        let goal = match (objectives.len(), reference) {
            (1, None) => Goal::best(&values),
            (1, Some(_)) => return Err(RaceError::NeedlessReference),
            (2 | 3, Some(reference)) if reference.len() == objectives.len() => {
                Goal::front(&values, &directions, reference)?
            }
            (2 | 3, _) => {
                let found = reference.map_or(0, <[f64]>::len);
                return Err(RaceError::Reference { objectives: objectives.len(), found });
            }
            (found, _) => return Err(RaceError::Objectives(found)),
        };
        Ok(Self { directions, values, goal })
    }

    /// The objectives of a row, each to be made small.
    pub(crate) fn values(&self, row: usize) -> &[f64] {
        &self.values[row]
    }

    /// The first objective's least power of ten, from 1, that no value exceeds.
    pub(crate) fn unit(&self) -> f64 {
        let largest = self.values.iter().map(|values| values[0].abs()).fold(0.0, f64::max);
        let mut unit = 1.0;
        while unit < largest {
            unit *= 10.0;
        }
        unit
    }

    pub(crate) fn direction(&self) -> Direction {
        self.directions[0]
    }

    /// What the believed best are worth in truth: the value of the objective in the column's own unit or, of several, the share
    /// of the true front's hypervolume.
    pub(crate) fn worth(&self, belief: &Belief) -> f64 {
        match &self.goal {
            Goal::Best { .. } => self.direction().minimized(self.values[belief.0[0].1][0]),
            Goal::Front { reference, volume } => {
                let points: Vec<Vec<f64>> =
                    belief.0.iter().map(|(_, row)| self.values[*row].clone()).collect();
                hypervolume(&points, reference) / volume
            }
        }
    }

    /// How far a worth is from the best, as a share of the distance between the best and the worst.
    pub(crate) fn regret(&self, worth: f64) -> f64 {
        match &self.goal {
            Goal::Best { ascending } => {
                let (best, worst) = (ascending[0], ascending[ascending.len() - 1]);
                let range = if worst > best { worst - best } else { 1.0 };
                (self.direction().minimized(worth) - best) / range
            }
            Goal::Front { .. } => 1.0 - worth,
        }
    }

    /// One more than the number of rows that are better; none for several objectives.
    pub(crate) fn rank(&self, worth: f64) -> Option<u32> {
        match &self.goal {
            Goal::Best { ascending } => {
                let value = self.direction().minimized(worth);
                Some(ascending.partition_point(|better| *better < value) as u32 + 1)
            }
            Goal::Front { .. } => None,
        }
    }
}

impl Goal {
    fn best(values: &[Vec<f64>]) -> Self {
        let mut ascending: Vec<f64> = values.iter().map(|values| values[0]).collect();
        ascending.sort_unstable_by(f64::total_cmp);
        Self::Best { ascending }
    }

    fn front(values: &[Vec<f64>], directions: &[Direction], reference: &[f64]) -> Result<Self, RaceError> {
        let reference: Vec<f64> =
            directions.iter().zip(reference).map(|(direction, value)| direction.minimized(*value)).collect();
        let volume = hypervolume(values, &reference);
        if volume > 0.0 { Ok(Self::Front { reference, volume }) } else { Err(RaceError::ReferenceTooGood) }
    }
}
