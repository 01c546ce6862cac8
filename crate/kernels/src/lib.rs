//! Forward and backward kernels on `f32` slices.
//!
//! # Layout
//! Activations are `[batch, height, width, channels]`, convolution weights
//! `[kernel_height, kernel_width, in_channels / groups, out_channels]`, dense weights
//! `[in_features, out_features]`. The innermost axis is always the one that vector lanes run over.
//!
//! # Conventions
//! - Every operator is a module with a pair `x_forward` / `x_backward` and, where it has sizes, an
//!   options value (`Conv2d`, `MaxPool`, …) whose constructor refuses sizes that cannot work. The
//!   options value also knows the length of each slice.
//! - Outputs are overwritten; **gradients accumulate** (`+=`), those of inputs as well as those of
//!   parameters: the caller clears them.
//! - Nothing allocates. An operator that needs working memory takes `scratch`, of at least
//!   `scratch_len()` elements and arbitrary content.
//! - A slice of the wrong length is a broken invariant and panics with both lengths.
//!
//! # Equal bits on every host
//! Lanes run over outputs; each output is summed in a fixed order, multiply then add. Blocking
//! depends on sizes only. A reduction to a scalar uses sixteen partial sums and one fixed tree
//! ([`reduce::sum`]). Transcendental functions come from `libm`. Selection is a comparison, never the
//! hardware's `max`, so that ±0 and NaN behave as documented.
//!
//! So the width of the registers is free: on x86-64 each kernel is compiled for every [`Level`], and the
//! widest that the host has is used.

#![expect(
    clippy::inline_always,
    reason = "a micro-kernel must be compiled into each caller, with its sizes as constants"
)]

pub mod activation;
pub mod adamw;
pub mod add;
pub mod attention;
pub mod avg_pool;
pub mod batch_norm;
pub mod channel_shuffle;
pub mod clip;
pub mod concat;
pub mod conv2d;
pub mod dense;
pub mod dropout;
mod error;
pub mod global_avg_pool;
mod lanes;
pub mod layer_norm;
mod matrix;
pub mod max_pool;
pub mod meta_kernel;
pub mod mixture;
pub mod multiply;
pub mod peak;
pub mod reduce;
pub mod resample;
pub mod sgd;
mod shape;
mod share;
mod simd;
mod softmax;
pub mod softmax_cross_entropy;
mod windows;

pub use activation::{ActivationFunction, LeakyRelu, Reads};
pub use adamw::{AdamW, adamw_step};
pub use add::{add_backward, add_forward};
pub use attention::{Attention, attention_backward, attention_forward};
pub use avg_pool::{AvgPool, avg_pool_backward, avg_pool_forward};
pub use batch_norm::{
    Affine, AffineGradient, BatchMoments, BatchNorm, BatchNormSaved, RunningStatistics, batch_norm_add_rows,
    batch_norm_apply, batch_norm_backward_add_rows, batch_norm_backward_in_place, batch_norm_finish,
    batch_norm_inference_statistics,
};
pub use channel_shuffle::{ChannelShuffle, channel_shuffle_backward, channel_shuffle_forward};
pub use clip::{clip_by_norm, clip_part};
pub use concat::{ConcatPart, concat_backward, concat_forward};
pub use conv2d::{Conv2d, conv2d_backward_input, conv2d_backward_parameters, conv2d_forward};
pub use dense::{Dense, dense_backward_input, dense_backward_parameters, dense_forward};
pub use dropout::{Dropout, dropout_backward, dropout_forward, dropout_in_place};
pub use error::ShapeError;
pub use global_avg_pool::{GlobalAvgPool, global_avg_pool_backward, global_avg_pool_forward};
pub use layer_norm::{LayerNorm, LayerNormSaved, RowStatistics, layer_norm_backward, layer_norm_forward};
pub use max_pool::{MaxPool, max_pool_backward, max_pool_forward};
pub use meta_kernel::{MAX_KERNEL_SIZES, MetaKernel, meta_kernel_backward, meta_kernel_forward};
pub use mixture::{
    mixture_backward_alpha, mixture_backward_input, mixture_backward_weight, mixture_forward_first,
    mixture_forward_next, mixture_weights,
};
pub use multiply::{Multiply, multiply_backward_left, multiply_backward_right, multiply_forward};
pub use resample::{
    Downsample, Upsample, downsample_backward, downsample_forward, upsample_backward, upsample_forward,
};
pub use sgd::{Sgd, sgd_step};
pub use shape::{Image, MAX_ELEMENTS, Window, WindowAxis};
pub use share::Share;
pub use simd::{Level, with_level};
pub use softmax_cross_entropy::{
    Loss, SoftmaxCrossEntropy, softmax_cross_entropy_backward, softmax_cross_entropy_forward,
};

/// Panics, naming the slice and both lengths, unless `found` is `expected`.
#[track_caller]
fn check_len(what: &str, found: usize, expected: usize) {
    assert!(found == expected, "{what} has {found} elements, its shape asks for {expected}");
}

/// The first `len` elements of `scratch`; panics, naming both lengths, when there are fewer.
#[track_caller]
fn take_scratch(scratch: &mut [f32], len: usize) -> &mut [f32] {
    let found = scratch.len();
    assert!(found >= len, "scratch has {found} elements, this operator asks for {len}");
    &mut scratch[..len]
}
