use super::buffer::{Buffer, Element, Lifetime};

/// Places are multiples of so many elements: 64 bytes, a cache line.
const ALIGNMENT: u64 = 16;

/// Gives every buffer of a length a start such that buffers whose lifetimes meet do not overlap; returns the starts and
/// the lengths of the two arenas (floats, indices).
///
/// Greedy by size (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", section 5.2): the
/// largest buffer first, each into the tightest gap between those placed before whose lifetimes it meets.
pub(super) fn place(buffers: &[Buffer], lens: &[u64], lifetimes: &[Lifetime]) -> (Vec<u64>, [u64; 2]) {
    let sizes: Vec<u64> = lens.iter().map(|len| len.next_multiple_of(ALIGNMENT)).collect();
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_unstable_by_key(|&index| (core::cmp::Reverse(lens[index]), lifetimes[index].first, index));
    let mut starts = vec![0; buffers.len()];
    let arenas = [Element::Float, Element::Index].map(|element| {
        // Sorted by start.
        let mut placed: Vec<usize> = Vec::new();
        let mut len = 0;
        for &index in order.iter().filter(|&&index| buffers[index].element == element) {
            let neighbours = placed
                .iter()
                .filter(|&&other| lifetimes[index].meets(&lifetimes[other]))
                .map(|&other| (starts[other], starts[other] + sizes[other]));
            starts[index] = tightest_gap(neighbours, sizes[index]);
            len = len.max(starts[index] + sizes[index]);
            let at = placed.partition_point(|&other| starts[other] <= starts[index]);
            placed.insert(at, index);
        }
        len
    });
    (starts, arenas)
}

/// Start of the smallest gap of at least `size` between the taken ranges (sorted by start), else behind them all.
fn tightest_gap(taken: impl Iterator<Item = (u64, u64)>, size: u64) -> u64 {
    let mut end = 0;
    let mut best: Option<(u64, u64)> = None;
    for (start, next_end) in taken {
        if start >= end + size && best.is_none_or(|(gap, _)| start - end < gap) {
            best = Some((start - end, end));
        }
        end = end.max(next_end);
    }
    best.map_or(end, |(_, start)| start)
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;

    #[test]
    fn buffers_share_memory_when_their_lives_do_not_meet() {
        let float = Buffer { element: Element::Float, extent: Extent::Batch, elements: 1 };
        let live = |first, last| Lifetime { first, last };
        // The two large ones meet; the small one fits where the first was.
        let buffers = [float, float, float, Buffer { element: Element::Index, ..float }];
        let lifetimes = [live(0, 2), live(2, 5), live(3, 4), live(0, 5)];
        let (starts, lens) = place(&buffers, &[64, 48, 20, 5], &lifetimes);
        assert_eq!(starts, [0, 64, 0, 0]);
        assert_eq!(lens, [112, 16]);
    }

    #[test]
    fn the_tightest_gap_wins() {
        let taken = || [(0, 16), (64, 80), (112, 128)].into_iter();
        assert_eq!(tightest_gap(taken(), 32), 80);
        assert_eq!(tightest_gap(taken(), 48), 16);
        assert_eq!(tightest_gap(taken(), 64), 128);
    }
}
