//! Batch normalisation over the rows of each channel, and the activation behind it.
//!
//! Shapes: `input`, `output`, `output_gradient`: `[rows, channels]` with rows = batch · height · width; everything
//! else: `[channels]`.
//!
//! Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1 and section 3, with PyTorch's conventions:
//! the batch is normalised with its biased variance, the running variance follows the unbiased one.
//!
//! A batch may come in pieces, each while it is in the cache: [`batch_norm_add_rows`] for each piece, then
//! [`batch_norm_finish`], then [`batch_norm_apply`] for each piece; backward
//! [`batch_norm_backward_add_rows`] and [`batch_norm_backward_in_place`] likewise.

use core::ops::Range;

use crate::activation::{Activation, ActivationFunction, Reads, Relu, Relu6};
use crate::check_len;
use crate::error::ShapeError;
use crate::lanes::{for_each_band, for_each_lanes, lanes, lanes_mut};
use crate::reduce::ROWS_PER_PARTIAL_SUM;
use crate::shape::require_positive;
use crate::simd::{Register, Strided, StridedMut, vectorize};

/// Settings of a batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    channels: usize,
    epsilon: f32,
    momentum: f32,
}

/// The learnt affine map, `y = scale · normalised + shift`, or sums for its gradient; each `[channels]`.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// γ of the paper.
    pub scale: &'a [f32],
    /// β of the paper.
    pub shift: &'a [f32],
}

/// Gradients of the affine map; each `[channels]`.
#[derive(Debug)]
pub struct AffineGradient<'a> {
    /// Gradient of γ.
    pub scale: &'a mut [f32],
    /// Gradient of β.
    pub shift: &'a mut [f32],
}

/// Statistics that follow the batches and serve inference; each `[channels]`. They start as 0 and 1.
#[derive(Debug)]
pub struct RunningStatistics<'a> {
    /// Running mean.
    pub mean: &'a mut [f32],
    /// Running unbiased variance.
    pub variance: &'a mut [f32],
}

/// Moments of the rows so far; each `[channels]`.
#[derive(Debug)]
pub struct BatchMoments<'a> {
    /// Mean of the rows.
    pub mean: &'a mut [f32],
    /// Sum of the squared distances from it; behind [`batch_norm_finish`] 1 / √(biased variance + ε).
    pub squares: &'a mut [f32],
}

/// A piece of the input, and the statistics that it is normalised with.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormSaved<'a> {
    /// The input, `[rows, channels]`.
    pub input: &'a [f32],
    /// Mean, `[channels]`.
    pub mean: &'a [f32],
    /// 1 / √(variance + ε), `[channels]`.
    pub inverse_std: &'a [f32],
}

impl BatchNorm {
    /// Normalises each of `channels` channels. PyTorch's defaults are `epsilon` 1e-5 and `momentum` 0.1 (the weight of
    /// the newest batch in the running statistics).
    ///
    /// # Errors
    /// No channels, an epsilon that is not positive, a momentum outside 0 to 1.
    pub fn new(channels: usize, epsilon: f32, momentum: f32) -> Result<Self, ShapeError> {
        require_positive("the number of channels", channels)?;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(ShapeError::OutOfRange {
                what: "the epsilon of batch normalisation",
                value: epsilon.to_string(),
                range: "positive",
            });
        }
        if !(0.0..=1.0).contains(&momentum) {
            return Err(ShapeError::OutOfRange {
                what: "the momentum of batch normalisation",
                value: momentum.to_string(),
                range: "between 0 and 1",
            });
        }
        Ok(Self { channels, epsilon, momentum })
    }

    /// Whether an activation can be applied with the normalisation: a rectifier, which is so cheap
    /// that computing it twice costs less than a pass over memory.
    #[must_use]
    pub const fn takes(activation: ActivationFunction) -> bool {
        matches!(activation, ActivationFunction::Relu | ActivationFunction::Relu6)
    }

    fn check_rows(&self, what: &str, found: usize) {
        assert!(
            found.is_multiple_of(self.channels),
            "{what} has {found} elements, which is no number of rows of {} channels",
            self.channels
        );
    }

    fn check_channels(&self, what: &str, found: usize) {
        check_len(what, found, self.channels);
    }

    fn check_saved(&self, saved: BatchNormSaved<'_>) {
        self.check_rows("saved.input", saved.input.len());
        self.check_channels("saved.mean", saved.mean.len());
        self.check_channels("saved.inverse_std", saved.inverse_std.len());
    }

    fn check_affine(&self, affine: Affine<'_>) {
        self.check_channels("affine.scale", affine.scale.len());
        self.check_channels("affine.shift", affine.shift.len());
    }
}

/// No activation at all.
#[derive(Clone, Copy)]
struct Linear;

impl Activation for Linear {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn values<R: Register>(&self, _register: R, x: R::Vector) -> R::Vector {
        x
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, _register: R, _read: R::Vector, dy: R::Vector) -> R::Vector {
        dy
    }
}

/// Gradients before an activation, from the values before it and the gradients behind it.
#[inline(always)]
fn gradients_before<A: Activation, R: Register>(
    activation: A,
    register: R,
    before: R::Vector,
    behind: R::Vector,
) -> R::Vector {
    let read = match A::READS {
        Reads::Input => before,
        Reads::Output => activation.values(register, before),
    };
    activation.gradients(register, read, behind)
}

/// Evaluates `$body` with `$activation` a value of the function's own type: the body is compiled for each of the
/// functions that [`BatchNorm::takes`].
macro_rules! with_fused {
    ($function:expr, |$activation:ident| $body:expr) => {
        match $function {
            None => {
                let $activation = Linear;
                $body
            }
            Some(ActivationFunction::Relu) => {
                let $activation = Relu;
                $body
            }
            Some(ActivationFunction::Relu6) => {
                let $activation = Relu6;
                $body
            }
            Some(other) => panic!("{other:?} is not applied with a normalisation"),
        }
    };
}

/// Brings further rows into the moments. Blocks of 64 rows have a mean and squares of their own,
/// which are merged in order (Chan, Golub and Le Veque 1979, "Updating formulae and a pairwise algorithm for computing
/// sample variances").
///
/// # Shapes
/// `input`: `[n, channels]`, any n; `moments`: `[channels]` each, of arbitrary content when `rows_before` is 0.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_add_rows(
    options: &BatchNorm,
    input: &[f32],
    rows_before: usize,
    BatchMoments { mean: all_mean, squares: all_squares }: BatchMoments<'_>,
) {
    let channels = options.channels;
    options.check_rows("input", input.len());
    options.check_channels("moments.mean", all_mean.len());
    options.check_channels("moments.squares", all_squares.len());
    let mut before = rows_before;
    for block in input.chunks(ROWS_PER_PARTIAL_SUM * channels) {
        let rows = block.len() / channels;
        let weights = Merge::new(before, rows);
        vectorize!(|simd| for_each_lanes!(simd, channels, |first, L| {
            let (mean, squares) = block_moments::<L>(block, channels, first);
            let all_mean = lanes_mut::<L>(all_mean, first);
            let all_squares = lanes_mut::<L>(all_squares, first);
            for lane in 0..L {
                if before == 0 {
                    (all_mean[lane], all_squares[lane]) = (mean[lane], squares[lane]);
                } else {
                    let distance = mean[lane] - all_mean[lane];
                    all_mean[lane] += distance * weights.share;
                    all_squares[lane] += squares[lane] + distance * distance * weights.between;
                }
            }
        }));
        before += rows;
    }
}

/// How a block's moments join those before it.
struct Merge {
    /// n₂ / (n₁ + n₂)
    share: f32,
    /// n₁·n₂ / (n₁ + n₂)
    between: f32,
}

impl Merge {
    fn new(before: usize, rows: usize) -> Self {
        let (before, rows) = (before as f32, rows as f32);
        let share = rows / (before + rows);
        Self { share, between: before * share }
    }
}

/// Mean and squared distances from it of a block's rows, for `L` channels.
#[inline(always)]
fn block_moments<const L: usize>(block: &[f32], channels: usize, first: usize) -> ([f32; L], [f32; L]) {
    let rows = (block.len() / channels) as f32;
    let mut mean = [0.0_f32; L];
    for row in block.chunks_exact(channels) {
        let x = lanes::<L>(row, first);
        for lane in 0..L {
            mean[lane] += x[lane];
        }
    }
    for mean in &mut mean {
        *mean /= rows;
    }
    let mut squares = [0.0_f32; L];
    for row in block.chunks_exact(channels) {
        let x = lanes::<L>(row, first);
        for lane in 0..L {
            let distance = x[lane] - mean[lane];
            squares[lane] += distance * distance;
        }
    }
    (mean, squares)
}

/// Turns the squares of all `rows` rows into the inverse deviation, and lets the running statistics follow:
/// running ← (1 − momentum) · running + momentum · batch. With a single row the unbiased variance, 0/0, counts as 0.
///
/// # Shapes
/// `moments`, `running`: `[channels]` each.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_finish(
    options: &BatchNorm,
    rows: usize,
    BatchMoments { mean, squares }: BatchMoments<'_>,
    running: RunningStatistics<'_>,
) {
    let RunningStatistics { mean: running_mean, variance: running_variance } = running;
    options.check_channels("running.mean", running_mean.len());
    options.check_channels("running.variance", running_variance.len());
    options.check_channels("moments.mean", mean.len());
    options.check_channels("moments.squares", squares.len());
    let unbiased_rows = rows.saturating_sub(1).max(1) as f32;
    let momentum = options.momentum;
    for (running, mean) in running_mean.iter_mut().zip(mean.iter()) {
        *running = (1.0 - momentum) * *running + momentum * mean;
    }
    for (running, squares) in running_variance.iter_mut().zip(squares.iter_mut()) {
        *running = (1.0 - momentum) * *running + momentum * (*squares / unbiased_rows);
        *squares = 1.0 / (*squares / rows as f32 + options.epsilon).sqrt();
    }
}

/// Writes 1 / √(variance + ε).
///
/// # Shapes
/// `variance`, `inverse_std`: `[channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_inference_statistics(options: &BatchNorm, variance: &[f32], inverse_std: &mut [f32]) {
    options.check_channels("variance", variance.len());
    options.check_channels("inverse_std", inverse_std.len());
    for (inverse_std, variance) in inverse_std.iter_mut().zip(variance) {
        *inverse_std = 1.0 / (variance + options.epsilon).sqrt();
    }
}

/// Writes f((x − mean) · inverse deviation · scale + shift) for a piece of the input, with f the activation.
///
/// # Shapes
/// `saved.input`, `output`: `[n, channels]`, any n; the others: `[channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_apply(
    options: &BatchNorm,
    activation: Option<ActivationFunction>,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    output: &mut [f32],
) {
    options.check_saved(saved);
    options.check_affine(affine);
    check_len("output", output.len(), saved.input.len());
    with_fused!(activation, |activation| {
        vectorize!(|simd| for_each_band!(simd, options.channels, |band, register, N| {
            apply::<_, _, N>(activation, register, saved, affine, band, output);
        }));
    });
}

/// The bands of at most `N` registers in a band.
#[inline(always)]
fn narrow_bands<R: Register, const N: usize>(band: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    band.clone().step_by(N * R::LANES).map(move |first| first..band.end.min(first + N * R::LANES))
}

/// The registers of a band of channels.
#[inline(always)]
fn registers<'a, R: Register>(values: &'a [f32], band: &Range<usize>) -> Strided<'a> {
    Strided::new(&values[band.clone()], R::LANES, R::LANES, band.len() / R::LANES)
}

/// As [`registers`], to be changed.
#[inline(always)]
fn registers_mut<'a, R: Register>(values: &'a mut [f32], band: &Range<usize>) -> StridedMut<'a> {
    StridedMut::new(&mut values[band.clone()], R::LANES, R::LANES, band.len() / R::LANES)
}

/// The normalisation of a register's channels as one multiplication and one addition: y = factor · (x − mean) + shift.
#[derive(Clone, Copy)]
struct Normalise<R: Register> {
    register: R,
    mean: R::Vector,
    factor: R::Vector,
    shift: R::Vector,
}

impl<R: Register> Normalise<R> {
    #[inline(always)]
    fn new(register: R, saved: BatchNormSaved<'_>, affine: Affine<'_>, first: usize) -> Self {
        let load = |values: &[f32]| register.load(&values[first..]);
        let factor = register.multiply(load(affine.scale), load(saved.inverse_std));
        Self { register, mean: load(saved.mean), factor, shift: load(affine.shift) }
    }

    /// Those of a band; behind its end any.
    #[inline(always)]
    fn of_band<const N: usize>(
        register: R,
        saved: BatchNormSaved<'_>,
        affine: Affine<'_>,
        band: &Range<usize>,
    ) -> [Self; N] {
        let mut all = [Self::new(register, saved, affine, band.start); N];
        for (normalise, first) in all.iter_mut().zip(band.clone().step_by(R::LANES)) {
            *normalise = Self::new(register, saved, affine, first);
        }
        all
    }

    /// Distances from the mean, and what is behind the normalisation.
    #[inline(always)]
    fn of(&self, x: &[f32]) -> (R::Vector, R::Vector) {
        let distance = self.register.subtract(self.register.load(x), self.mean);
        (distance, self.register.add_product(self.shift, self.factor, distance))
    }
}

#[inline(always)]
fn apply<A: Activation, R: Register, const N: usize>(
    activation: A,
    register: R,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    band: Range<usize>,
    output: &mut [f32],
) {
    let channels = saved.mean.len();
    for band in narrow_bands::<R, N>(band) {
        let normalise = Normalise::of_band::<N>(register, saved, affine, &band);
        for (x, y) in saved.input.chunks_exact(channels).zip(output.chunks_exact_mut(channels)) {
            let (x, mut y) = (registers::<R>(x, &band), registers_mut::<R>(y, &band));
            for (index, normalise) in normalise.iter().enumerate().take(band.len() / R::LANES) {
                let (_, values) = normalise.of(x.at(index));
                register.store(activation.values(register, values), y.at(index));
            }
        }
    }
}

/// Adds the sums over a piece's rows that the gradients are made of, with dz the gradient before the activation and x̂
/// the normalised input: Σ dz to the shift's, Σ dz·x̂ to the scale's. Partial sums of 64 rows are
/// added in order.
///
/// # Shapes
/// `saved.input`, `output_gradient`: `[n, channels]`, any n; the others: `[channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_backward_add_rows(
    options: &BatchNorm,
    activation: Option<ActivationFunction>,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    output_gradient: &[f32],
    AffineGradient { scale: scale_sums, shift: shift_sums }: AffineGradient<'_>,
) {
    let channels = options.channels;
    options.check_saved(saved);
    options.check_affine(affine);
    options.check_channels("sums.scale", scale_sums.len());
    options.check_channels("sums.shift", shift_sums.len());
    check_len("output_gradient", output_gradient.len(), saved.input.len());
    let block = ROWS_PER_PARTIAL_SUM * channels;
    with_fused!(activation, |activation| {
        for (input, dy) in saved.input.chunks(block).zip(output_gradient.chunks(block)) {
            let saved = BatchNormSaved { input, ..saved };
            vectorize!(|simd| for_each_band!(simd, channels, |band, register, N| {
                add_sums::<_, _, N>(activation, register, saved, affine, dy, band, (scale_sums, shift_sums));
            }));
        }
    });
}

#[inline(always)]
fn add_sums<A: Activation, R: Register, const N: usize>(
    activation: A,
    register: R,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    output_gradient: &[f32],
    band: Range<usize>,
    (scale_sums, shift_sums): (&mut [f32], &mut [f32]),
) {
    let channels = saved.mean.len();
    for band in narrow_bands::<R, N>(band) {
        let normalise = Normalise::of_band::<N>(register, saved, affine, &band);
        let mut sums = [(register.splat(0.0), register.splat(0.0)); N];
        for (x, dy) in saved.input.chunks_exact(channels).zip(output_gradient.chunks_exact(channels)) {
            let (x, dy) = (registers::<R>(x, &band), registers::<R>(dy, &band));
            for index in 0..band.len() / R::LANES {
                let (distance, value) = normalise[index].of(x.at(index));
                let dz = gradients_before(activation, register, value, register.load(dy.at(index)));
                let (shift, scale) = &mut sums[index];
                *shift = register.add(*shift, dz);
                *scale = register.add_product(*scale, dz, distance);
            }
        }
        for ((shift, scale), first) in sums.into_iter().zip(band.step_by(R::LANES)) {
            let inverse_std = register.load(&saved.inverse_std[first..]);
            let (shift_sums, scale_sums) = (&mut shift_sums[first..], &mut scale_sums[first..]);
            register.store(register.add(register.load(shift_sums), shift), shift_sums);
            register.store(register.add_product(register.load(scale_sums), scale, inverse_std), scale_sums);
        }
    }
}

/// Turns the output's gradient of a piece into the input's: dx = γ/σ · (dz − Σ dz / rows − x̂ · Σ dz·x̂ / rows), with the
/// sums of [`batch_norm_backward_add_rows`] over all `rows` rows of the batch.
///
/// # Shapes
/// `saved.input`, `gradient`: `[n, channels]`, any n; the others: `[channels]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn batch_norm_backward_in_place(
    options: &BatchNorm,
    activation: Option<ActivationFunction>,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    (sums, rows): (Affine<'_>, usize),
    gradient: &mut [f32],
) {
    options.check_saved(saved);
    options.check_affine(affine);
    options.check_affine(sums);
    check_len("gradient", gradient.len(), saved.input.len());
    with_fused!(activation, |activation| {
        vectorize!(|simd| for_each_band!(simd, options.channels, |band, register, N| {
            backward_in_place::<_, _, N>(activation, register, saved, affine, (sums, rows), band, gradient);
        }));
    });
}

#[inline(always)]
fn backward_in_place<A: Activation, R: Register, const N: usize>(
    activation: A,
    register: R,
    saved: BatchNormSaved<'_>,
    affine: Affine<'_>,
    (sums, rows): (Affine<'_>, usize),
    band: Range<usize>,
    gradient: &mut [f32],
) {
    let channels = saved.mean.len();
    let per_row = register.splat(1.0 / rows as f32);
    for band in narrow_bands::<R, N>(band) {
        let normalise = Normalise::of_band::<N>(register, saved, affine, &band);
        // dx = factor · (dz − offset − slope · (x − mean))
        let mut offsets_and_slopes = [(per_row, per_row); N];
        for ((offset, slope), first) in offsets_and_slopes.iter_mut().zip(band.clone().step_by(R::LANES)) {
            let load = |values: &[f32]| register.load(&values[first..]);
            *offset = register.multiply(load(sums.shift), per_row);
            *slope = register.multiply(register.multiply(load(sums.scale), per_row), load(saved.inverse_std));
        }
        for (x, gradient) in saved.input.chunks_exact(channels).zip(gradient.chunks_exact_mut(channels)) {
            let (x, mut gradient) = (registers::<R>(x, &band), registers_mut::<R>(gradient, &band));
            for index in 0..band.len() / R::LANES {
                let gradient = gradient.at(index);
                let (offset, slope) = offsets_and_slopes[index];
                let (distance, value) = normalise[index].of(x.at(index));
                let dz = gradients_before(activation, register, value, register.load(gradient));
                let centred =
                    register.subtract(register.subtract(dz, offset), register.multiply(slope, distance));
                register.store(register.multiply(normalise[index].factor, centred), gradient);
            }
        }
    }
}
