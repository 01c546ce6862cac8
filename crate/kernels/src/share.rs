use std::ops::Range;

/// A share of what a kernel does on one image: one of so many that follow each other.
///
/// All shares in order, on the same slices and the same scratch, leave the bits that the whole leaves. The first one
/// prepares what the others find in scratch. Which elements a share writes is not promised; some may have nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    index: usize,
    of: usize,
}

impl Share {
    /// Everything at once.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Share `index` of `of`, counted from 0.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn new(index: usize, of: usize) -> Self {
        assert!(index < of, "share {index} of {of}");
        Self { index, of }
    }

    /// Whether no share comes before.
    #[must_use]
    pub const fn is_first(self) -> bool {
        self.index == 0
    }

    /// This share of `len` things in a row.
    #[must_use]
    pub const fn range(self, len: usize) -> Range<usize> {
        self.end_of(self.index, len)..self.end_of(self.index + 1, len)
    }

    /// End of the first `shares` shares.
    #[expect(clippy::cast_possible_truncation, reason = "it is at most `len`")]
    const fn end_of(self, shares: usize, len: usize) -> usize {
        (shares as u64 * len as u64 / self.of as u64) as usize
    }
}

/// The part of `range` that lies in the `index`-th row of `width`, counted from the row's beginning.
pub(crate) fn within_row(range: &Range<usize>, index: usize, width: usize) -> Range<usize> {
    within(range, index * width, width)
}

/// The part of `range` that lies in the `len` things from `first` on, counted from there.
pub(crate) fn within(range: &Range<usize>, first: usize, len: usize) -> Range<usize> {
    let start = range.start.saturating_sub(first).min(len);
    start..range.end.saturating_sub(first).min(len).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_each_other_and_leave_nothing_out() {
        for (len, of) in [(0, 3), (1, 4), (7, 3), (9, 9), (1 << 20, 7)] {
            let ends: Vec<Range<usize>> = (0..of).map(|index| Share::new(index, of).range(len)).collect();
            assert_eq!((ends[0].start, ends[of - 1].end), (0, len));
            assert!(ends.windows(2).all(|pair| pair[0].end == pair[1].start), "{len} in {of}");
            let lens: Vec<usize> = ends.iter().map(ExactSizeIterator::len).collect();
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "{lens:?}");
        }
    }

    #[test]
    fn a_row_has_its_part_of_a_range() {
        assert_eq!([0, 1, 2, 3].map(|row| within_row(&(3..9), row, 4)), [3..4, 0..4, 0..1, 0..0]);
    }
}
