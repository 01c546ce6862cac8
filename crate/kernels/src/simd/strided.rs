//! What a micro-kernel reads and writes step by step, checked once before its loop.

/// Windows of `width` elements of a slice, `step` elements from one to the next.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    values: &'a [f32],
    step: usize,
    width: usize,
    count: usize,
}

impl<'a> Strided<'a> {
    /// The first `count` windows.
    ///
    /// # Panics
    /// When the slice ends before the last of them.
    #[inline(always)]
    pub(crate) fn new(values: &'a [f32], step: usize, width: usize, count: usize) -> Self {
        check(values.len(), step, width, count);
        Self { values, step, width, count }
    }

    /// A window; in a loop over `0..count` the check costs nothing.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    #[expect(unsafe_code, reason = "a check in each step would take as long as the products")]
    pub(crate) fn at(&self, index: usize) -> &'a [f32] {
        assert!(index < self.count, "a window beyond the last one");
        let first = index * self.step;
        // Safety: the last window ends within the slice, as `new` has checked, and the others end before it.
        unsafe { self.values.get_unchecked(first..first + self.width) }
    }
}

/// As [`Strided`], to be changed.
pub(crate) struct StridedMut<'a> {
    values: &'a mut [f32],
    step: usize,
    width: usize,
    count: usize,
}

impl<'a> StridedMut<'a> {
    /// The first `count` windows.
    ///
    /// # Panics
    /// When the slice ends before the last of them.
    #[inline(always)]
    pub(crate) fn new(values: &'a mut [f32], step: usize, width: usize, count: usize) -> Self {
        check(values.len(), step, width, count);
        Self { values, step, width, count }
    }

    /// A window; in a loop over `0..count` the check costs nothing.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    #[expect(unsafe_code, reason = "a check in each step would take as long as the arithmetic")]
    pub(crate) fn at(&mut self, index: usize) -> &mut [f32] {
        assert!(index < self.count, "a window beyond the last one");
        let first = index * self.step;
        // Safety: the last window ends within the slice, as `new` has checked, and the others end before it.
        unsafe { self.values.get_unchecked_mut(first..first + self.width) }
    }
}

#[inline(always)]
fn check(len: usize, step: usize, width: usize, count: usize) {
    let end = count.saturating_sub(1).checked_mul(step).and_then(|last| last.checked_add(width));
    assert!(count == 0 || end.is_some_and(|end| end <= len), "windows beyond the slice");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_may_overlap_and_leave_gaps() {
        let values = [0.0, 1.0, 2.0, 3.0, 4.0];
        let starts = |step, width, count| {
            let windows = Strided::new(&values, step, width, count);
            (0..count).map(|index| windows.at(index).to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(starts(1, 3, 3), [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]);
        assert_eq!(starts(3, 2, 2), [[0.0, 1.0], [3.0, 4.0]]);
        assert!(starts(9, 5, 0).is_empty());
    }

    #[test]
    #[should_panic(expected = "beyond the slice")]
    fn a_last_window_that_does_not_fit_is_refused() {
        Strided::new(&[0.0; 5], 2, 2, 3);
    }

    #[test]
    #[should_panic(expected = "beyond the slice")]
    fn distances_do_not_wrap_around() {
        Strided::new(&[0.0; 5], usize::MAX / 2, 3, 3);
    }

    #[test]
    #[should_panic(expected = "beyond the last")]
    fn there_are_no_more_windows_than_asked_for() {
        Strided::new(&[0.0; 5], 1, 1, 3).at(3);
    }
}
