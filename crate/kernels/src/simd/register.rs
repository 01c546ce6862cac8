//! What the micro-kernels do with a register.

/// The most lanes of all registers.
pub(crate) const LANES_MAX: usize = 32;

/// Added to a whole number k from −126 to 127 it leaves the exponent's bits of 2^k, k + 127, as the last ones of the sum.
pub(super) const EXPONENT_LAST: f32 = 8_388_608.0 + 127.0;

/// Registers of `LANES` lanes. The value itself is only the proof that the host has them.
pub(crate) trait Register: Copy {
    const LANES: usize;
    type Vector: Copy;

    /// The same value in every lane.
    fn splat(self, value: f32) -> Self::Vector;

    /// The first values of the slice; panics when there are fewer than lanes.
    fn load(self, values: &[f32]) -> Self::Vector;

    /// The first `count` values of the slice and zeros; panics when there are fewer, or more than lanes.
    fn load_first(self, values: &[f32], count: usize) -> Self::Vector;

    /// Overwrites the first values of the slice; panics when there are fewer than lanes.
    fn store(self, vector: Self::Vector, values: &mut [f32]);

    /// Overwrites the first `count` values of the slice; panics when there are fewer, or more than lanes.
    fn store_first(self, vector: Self::Vector, values: &mut [f32], count: usize);

    fn add(self, left: Self::Vector, right: Self::Vector) -> Self::Vector;

    fn multiply(self, left: Self::Vector, right: Self::Vector) -> Self::Vector;

    fn subtract(self, left: Self::Vector, right: Self::Vector) -> Self::Vector;

    fn divide(self, left: Self::Vector, right: Self::Vector) -> Self::Vector;

    /// 2^k of whole numbers k from −126 to 127.
    fn power_of_two(self, k: Self::Vector) -> Self::Vector;

    /// Whether left ≤ right in every lane; a NaN is at most nothing.
    fn are_at_most(self, left: Self::Vector, right: Self::Vector) -> bool;

    /// In each lane left ≤ right ? then : otherwise; a NaN is at most nothing.
    fn select_at_most(
        self,
        left: Self::Vector,
        right: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    /// The function of each lane, one after the other: for functions that have no instruction.
    #[inline(always)]
    fn map(self, vector: Self::Vector, function: impl Fn(f32) -> f32) -> Self::Vector {
        let mut values = [0.0; LANES_MAX];
        self.store(vector, &mut values);
        for value in &mut values[..Self::LANES] {
            *value = function(*value);
        }
        self.load(&values)
    }

    /// e^x of each lane, as [`libm::expf`] gives it.
    #[inline(always)]
    fn exp(self, x: Self::Vector) -> Self::Vector {
        super::exp::exp(self, x)
    }

    /// sum + left · right, rounded twice.
    #[inline(always)]
    fn add_product(self, sum: Self::Vector, left: Self::Vector, right: Self::Vector) -> Self::Vector {
        self.add(sum, self.multiply(left, right))
    }
}

/// Lanes in an array, which the compiler keeps in registers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Array<const L: usize>(());

impl<const L: usize> Register for Array<L> {
    const LANES: usize = L;
    type Vector = [f32; L];

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; L] {
        [value; L]
    }

    #[inline(always)]
    fn load(self, values: &[f32]) -> [f32; L] {
        *crate::lanes::lanes(values, 0)
    }

    #[inline(always)]
    fn load_first(self, values: &[f32], count: usize) -> [f32; L] {
        first_of(&values[..count])
    }

    #[inline(always)]
    fn store(self, vector: [f32; L], values: &mut [f32]) {
        *crate::lanes::lanes_mut(values, 0) = vector;
    }

    #[inline(always)]
    fn store_first(self, vector: [f32; L], values: &mut [f32], count: usize) {
        copy_first(&vector, &mut values[..count]);
    }

    #[inline(always)]
    fn add(self, mut left: [f32; L], right: [f32; L]) -> [f32; L] {
        for lane in 0..L {
            left[lane] += right[lane];
        }
        left
    }

    #[inline(always)]
    fn multiply(self, mut left: [f32; L], right: [f32; L]) -> [f32; L] {
        for lane in 0..L {
            left[lane] *= right[lane];
        }
        left
    }

    #[inline(always)]
    fn subtract(self, mut left: [f32; L], right: [f32; L]) -> [f32; L] {
        for lane in 0..L {
            left[lane] -= right[lane];
        }
        left
    }

    #[inline(always)]
    fn divide(self, mut left: [f32; L], right: [f32; L]) -> [f32; L] {
        for lane in 0..L {
            left[lane] /= right[lane];
        }
        left
    }

    #[inline(always)]
    fn power_of_two(self, mut k: [f32; L]) -> [f32; L] {
        for k in &mut k {
            *k = f32::from_bits((*k + EXPONENT_LAST).to_bits() << 23);
        }
        k
    }

    #[inline(always)]
    fn are_at_most(self, left: [f32; L], right: [f32; L]) -> bool {
        left.iter().zip(&right).all(|(left, right)| left <= right)
    }

    #[inline(always)]
    fn exp(self, x: [f32; L]) -> [f32; L] {
        self.map(x, libm::expf)
    }

    #[inline(always)]
    fn select_at_most(
        self,
        left: [f32; L],
        right: [f32; L],
        then: [f32; L],
        mut otherwise: [f32; L],
    ) -> [f32; L] {
        for lane in 0..L {
            otherwise[lane] = if left[lane] <= right[lane] { then[lane] } else { otherwise[lane] };
        }
        otherwise
    }
}

/// The values and zeros. A loop of `L` steps is unrolled, where copying the slice would call a function.
#[inline(always)]
pub(super) fn first_of<const L: usize>(values: &[f32]) -> [f32; L] {
    assert!(values.len() <= L, "a register of fewer lanes");
    let mut vector = [0.0; L];
    for (lane, value) in vector.iter_mut().enumerate() {
        if lane < values.len() {
            *value = values[lane];
        }
    }
    vector
}

/// Overwrites the values by as many of the vector.
#[inline(always)]
pub(super) fn copy_first<const L: usize>(vector: &[f32; L], values: &mut [f32]) {
    assert!(values.len() <= L, "a register of fewer lanes");
    for (lane, value) in vector.iter().enumerate() {
        if lane < values.len() {
            values[lane] = *value;
        }
    }
}

/// Two registers as one of twice the lanes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<R>(pub(crate) R);

impl<R: Register> Register for Pair<R> {
    const LANES: usize = 2 * R::LANES;
    type Vector = [R::Vector; 2];

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        [self.0.splat(value); 2]
    }

    #[inline(always)]
    fn load(self, values: &[f32]) -> Self::Vector {
        let (left, right) = values.split_at(R::LANES);
        [self.0.load(left), self.0.load(right)]
    }

    #[inline(always)]
    fn load_first(self, values: &[f32], count: usize) -> Self::Vector {
        let (left, right) = values[..count].split_at(count.min(R::LANES));
        [self.0.load_first(left, left.len()), self.0.load_first(right, right.len())]
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, values: &mut [f32]) {
        let (left, right) = values.split_at_mut(R::LANES);
        self.0.store(vector[0], left);
        self.0.store(vector[1], right);
    }

    #[inline(always)]
    fn store_first(self, vector: Self::Vector, values: &mut [f32], count: usize) {
        let (left, right) = values[..count].split_at_mut(count.min(R::LANES));
        self.0.store_first(vector[0], left, left.len());
        self.0.store_first(vector[1], right, right.len());
    }

    #[inline(always)]
    fn add(self, left: Self::Vector, right: Self::Vector) -> Self::Vector {
        [self.0.add(left[0], right[0]), self.0.add(left[1], right[1])]
    }

    #[inline(always)]
    fn multiply(self, left: Self::Vector, right: Self::Vector) -> Self::Vector {
        [self.0.multiply(left[0], right[0]), self.0.multiply(left[1], right[1])]
    }

    #[inline(always)]
    fn subtract(self, left: Self::Vector, right: Self::Vector) -> Self::Vector {
        [self.0.subtract(left[0], right[0]), self.0.subtract(left[1], right[1])]
    }

    #[inline(always)]
    fn divide(self, left: Self::Vector, right: Self::Vector) -> Self::Vector {
        [self.0.divide(left[0], right[0]), self.0.divide(left[1], right[1])]
    }

    #[inline(always)]
    fn power_of_two(self, k: Self::Vector) -> Self::Vector {
        [self.0.power_of_two(k[0]), self.0.power_of_two(k[1])]
    }

    #[inline(always)]
    fn are_at_most(self, left: Self::Vector, right: Self::Vector) -> bool {
        self.0.are_at_most(left[0], right[0]) && self.0.are_at_most(left[1], right[1])
    }

    #[inline(always)]
    fn exp(self, x: Self::Vector) -> Self::Vector {
        [self.0.exp(x[0]), self.0.exp(x[1])]
    }

    #[inline(always)]
    fn select_at_most(
        self,
        left: Self::Vector,
        right: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector {
        [
            self.0.select_at_most(left[0], right[0], then[0], otherwise[0]),
            self.0.select_at_most(left[1], right[1], then[1], otherwise[1]),
        ]
    }
}
