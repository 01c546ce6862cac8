//! The effective kernel of a mixture of kernels of several sizes, each the centre of one large kernel.
//!
//! Shapes: `weights`, `effective` and their gradients: `[largest, largest, in_channels / groups, out_channels]`; `alpha`
//! and its gradient: `[sizes]`.
//!
//! The meta-kernels of García López et al. 2020, "E-DNAS: Differentiable Neural Architecture Search for Embedded Systems".
//! With w = softmax(α) and the ring m of a tap (the larger of its distances from the middle row and column), the kernels
//! that cover the tap are those of size at least 2m + 1:
//! ```text
//! effective[tap] = f(m) · weights[tap], f(m) = Σ of wᵢ over the sizes ≥ 2m + 1
//! dweights[tap] = f(m) · deffective[tap], dwᵢ = Σ of deffective · weights over the taps with 2m + 1 ≤ sizeᵢ
//! ```
//! Convolution is linear in its kernel, so one convolution with the effective kernel is the weighted sum of all of them.

use crate::check_len;
use crate::error::ShapeError;
use crate::mixture::{mixture_backward_alpha, mixture_weights};
use crate::reduce;
use crate::shape::{element_count, require_positive};

/// The most sizes of one mixture.
pub const MAX_KERNEL_SIZES: usize = 8;

/// Sizes of a mixture of kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaKernel {
    sizes: [usize; MAX_KERNEL_SIZES],
    count: usize,
    tap_len: usize,
}

impl MetaKernel {
    /// Mixes square kernels of these sizes, odd and ascending; `in_channels` are those of one group.
    ///
    /// # Errors
    /// No size or more than [`MAX_KERNEL_SIZES`], a size that is even or not larger than the one before, channels of 0,
    /// or a kernel that is too large.
    pub fn new(sizes: &[usize], in_channels: usize, out_channels: usize) -> Result<Self, ShapeError> {
        require_positive("the number of input channels", in_channels)?;
        require_positive("the number of output channels", out_channels)?;
        let are_sound = (1..=MAX_KERNEL_SIZES).contains(&sizes.len())
            && sizes.iter().all(|size| size % 2 == 1)
            && sizes.is_sorted_by(|a, b| a < b);
        if !are_sound {
            return Err(ShapeError::OutOfRange {
                what: "the list of kernel sizes",
                value: format!("{sizes:?}"),
                range: "one to eight odd numbers in ascending order",
            });
        }
        let largest = sizes[sizes.len() - 1];
        element_count("the mixed kernels", &[largest, largest, in_channels, out_channels])?;
        let mut kernel =
            Self { sizes: [0; MAX_KERNEL_SIZES], count: sizes.len(), tap_len: in_channels * out_channels };
        kernel.sizes[..sizes.len()].copy_from_slice(sizes);
        Ok(kernel)
    }

    /// Elements of `weights` and of `effective`.
    #[must_use]
    pub fn weights_len(&self) -> usize {
        self.largest() * self.largest() * self.tap_len
    }

    /// Elements of `alpha`.
    #[must_use]
    pub fn alpha_len(&self) -> usize {
        self.count
    }

    fn largest(&self) -> usize {
        self.sizes[self.count - 1]
    }

    /// Ring of each tap, in the order of the taps.
    fn rings(&self) -> impl Iterator<Item = usize> + use<> {
        let (largest, middle) = (self.largest(), self.largest() / 2);
        (0..largest).flat_map(move |row| {
            (0..largest).map(move |column| row.abs_diff(middle).max(column.abs_diff(middle)))
        })
    }

    /// Index of the smallest kernel that covers a ring; all larger ones do too.
    fn first_over(&self, ring: usize) -> usize {
        self.sizes[..self.count].partition_point(|&size| size < 2 * ring + 1)
    }

    /// Sum of the weights of the kernels that cover a ring, in the order of the sizes.
    fn factor(&self, weights: &[f32], ring: usize) -> f32 {
        weights[self.first_over(ring)..].iter().fold(0.0, |sum, weight| sum + weight)
    }
}

/// Writes the effective kernel.
///
/// # Shapes
/// `weights`, `effective`: `[largest, largest, in_channels / groups, out_channels]`; `alpha`: `[sizes]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn meta_kernel_forward(options: &MetaKernel, weights: &[f32], alpha: &[f32], effective: &mut [f32]) {
    check_len("weights", weights.len(), options.weights_len());
    check_len("effective", effective.len(), options.weights_len());
    let (shares, count) = shares(options, alpha);
    let taps = weights.chunks_exact(options.tap_len).zip(effective.chunks_exact_mut(options.tap_len));
    for ((weights, effective), ring) in taps.zip(options.rings()) {
        let factor = options.factor(&shares[..count], ring);
        for (effective, weight) in effective.iter_mut().zip(weights) {
            *effective = factor * weight;
        }
    }
}

/// Adds the gradients of the large kernel and of α. The gradient of a size's share is a [`reduce::dot`] for each tap,
/// added in the order of the taps.
///
/// # Shapes
/// `weights`, `effective_gradient`, `weight_gradient`: `[largest, largest, in_channels / groups, out_channels]`; `alpha`,
/// `alpha_gradient`: `[sizes]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn meta_kernel_backward(
    options: &MetaKernel,
    weights: &[f32],
    alpha: &[f32],
    effective_gradient: &[f32],
    weight_gradient: &mut [f32],
    alpha_gradient: &mut [f32],
) {
    check_len("weights", weights.len(), options.weights_len());
    check_len("effective_gradient", effective_gradient.len(), options.weights_len());
    check_len("weight_gradient", weight_gradient.len(), options.weights_len());
    check_len("alpha_gradient", alpha_gradient.len(), options.count);
    let (shares, count) = shares(options, alpha);
    let mut share_gradient = [0.0_f32; MAX_KERNEL_SIZES];
    let taps = weights
        .chunks_exact(options.tap_len)
        .zip(effective_gradient.chunks_exact(options.tap_len))
        .zip(weight_gradient.chunks_exact_mut(options.tap_len));
    for (((weights, effective_gradient), weight_gradient), ring) in taps.zip(options.rings()) {
        let factor = options.factor(&shares[..count], ring);
        for (dw, de) in weight_gradient.iter_mut().zip(effective_gradient) {
            *dw += factor * de;
        }
        let of_tap = reduce::dot(effective_gradient, weights);
        for gradient in &mut share_gradient[options.first_over(ring)..count] {
            *gradient += of_tap;
        }
    }
    mixture_backward_alpha(&shares[..count], &share_gradient[..count], alpha_gradient);
}

/// softmax(α), and how many of the array's elements it is.
fn shares(options: &MetaKernel, alpha: &[f32]) -> ([f32; MAX_KERNEL_SIZES], usize) {
    check_len("alpha", alpha.len(), options.count);
    let mut shares = [0.0; MAX_KERNEL_SIZES];
    mixture_weights(alpha, &mut shares[..options.count]);
    (shares, options.count)
}
