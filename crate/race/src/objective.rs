/// Which values of a column are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The larger.
    Max,
    /// The smaller.
    Min,
}

impl Direction {
    /// A value as one to be made small; the same turns it back.
    #[must_use]
    pub fn minimized(self, value: f64) -> f64 {
        match self {
            Self::Max => -value,
            Self::Min => value,
        }
    }
}

/// A column that is searched for its best values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// Its name.
    pub column: String,
    /// Which of its values are better.
    pub direction: Direction,
}

impl Objective {
    /// Reads `COLUMN`, `COLUMN:max` or `COLUMN:min`. Where nothing is said, the first objective (an accuracy) is to be large
    /// and the others (costs) are to be small.
    #[must_use]
    pub fn parse(text: &str, is_first: bool) -> Self {
        let (column, direction) = match text.rsplit_once(':') {
            Some((column, "max")) => (column, Direction::Max),
            Some((column, "min")) => (column, Direction::Min),
            _ => (text, if is_first { Direction::Max } else { Direction::Min }),
        };
        Self { column: column.to_owned(), direction }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_may_follow_the_name() {
        for (text, is_first, column, direction) in [
            ("accuracy", true, "accuracy", Direction::Max),
            ("macs", false, "macs", Direction::Min),
            ("error:min", true, "error", Direction::Min),
            ("score:max", false, "score", Direction::Max),
            ("a:b", true, "a:b", Direction::Max),
        ] {
            assert_eq!(Objective::parse(text, is_first), Objective { column: column.into(), direction });
        }
    }
}
