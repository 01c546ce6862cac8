//! Two-dimensional convolution (cross-correlation, as everywhere in the field).
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, in_channels]`, `weights`, `weight_gradient`:
//! `[kernel_height, kernel_width, in_channels / groups, out_channels]`, `bias`, `bias_gradient`:
//! `[out_channels]`, `output`, `output_gradient`: `[batch, output_height, output_width, out_channels]`.
//!
//! Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning". With o the output channel,
//! i the input channels of its group, s the stride, d the dilation, p the padding:
//! ```text
//! y[n, h, w, o] = b[o] + Σ over (u, v, i) of x[n, h·s + u·d − p, w·s + v·d − p, i] · k[u, v, i, o]
//! ```

mod depthwise;
mod general;
mod padded;
mod phase;

use crate::check_len;
use crate::error::ShapeError;
use crate::matrix::LARGEST_PANEL_GROWTH;
use crate::reduce::{add_column_sums, fill_rows};
use crate::shape::{Image, Window, element_count, require_positive};
use crate::share::Share;

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    input: Image,
    output: Image,
    window: Window,
    groups: usize,
    share: Share,
}

impl Conv2d {
    /// A convolution of a batch of shape `input` to `out_channels` under `window`. With `groups` the channels
    /// of each group see only their own; `groups` = `in_channels` = `out_channels` is a depthwise
    /// convolution.
    ///
    /// # Errors
    /// Sizes of 0, a tensor that is too large, groups that do not divide both numbers of channels, or a
    /// kernel larger than the padded image.
    pub fn new(input: Image, out_channels: usize, window: Window, groups: usize) -> Result<Self, ShapeError> {
        let input = Image::new(input.batch, input.height, input.width, input.channels)?;
        require_positive("the number of output channels", out_channels)?;
        require_positive("the number of groups", groups)?;
        for (channels, what) in [(input.channels, "input channels"), (out_channels, "output channels")] {
            if channels % groups != 0 {
                return Err(ShapeError::Groups { groups, channels, what });
            }
        }
        let (height, width) = window.output_size(input)?;
        let output = Image::new(input.batch, height, width, out_channels)?;
        let convolution = Self { input, output, window, groups, share: Share::WHOLE };
        convolution.check_weights_and_scratch()?;
        Ok(convolution)
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self.output.batch = batch;
        self
    }

    /// The same, for that share of an image.
    ///
    /// # Panics
    /// If it is for several images.
    #[must_use]
    pub fn with_share(mut self, share: Share) -> Self {
        assert!(share == Share::WHOLE || self.input.batch == 1, "{share:?} of {} images", self.input.batch);
        self.share = share;
        self
    }

    /// Shape of the output.
    #[must_use]
    pub fn output(&self) -> Image {
        self.output
    }

    /// Elements of `weights` and `weight_gradient`.
    #[must_use]
    pub fn weights_len(&self) -> usize {
        self.taps() * self.group_in_channels() * self.output.channels
    }

    /// Elements of `bias` and `bias_gradient`.
    #[must_use]
    pub fn bias_len(&self) -> usize {
        self.output.channels
    }

    /// Elements of `scratch` that the largest of the three passes asks for.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        if self.is_depthwise() { 0 } else { general::scratch_len(self) }
    }

    /// Whether each channel sees only itself.
    #[must_use]
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.input.channels && self.groups == self.output.channels
    }

    fn taps(&self) -> usize {
        self.window.height.kernel * self.window.width.kernel
    }

    fn group_in_channels(&self) -> usize {
        self.input.channels / self.groups
    }

    fn group_out_channels(&self) -> usize {
        self.output.channels / self.groups
    }

    fn check_weights_and_scratch(&self) -> Result<(), ShapeError> {
        let Window { height, width } = self.window;
        element_count(
            "the convolution's weights",
            &[
                height.kernel,
                width.kernel,
                self.group_in_channels(),
                self.output.channels,
                LARGEST_PANEL_GROWTH,
            ],
        )?;
        for padded in [general::padded_input(self), general::padded_gradient(self)] {
            let sizes = [general::images_per_block(self), padded.height(), padded.row_len()];
            element_count("the convolution's padded images", &sizes)?;
        }
        Ok(())
    }
}

/// Writes the convolution; without a bias it counts as 0. Each output starts from the bias and sums over
/// kernel rows, kernel columns, input channels; padding counts as 0.
///
/// # Shapes
/// `input`: `[batch, height, width, in_channels]`; `weights`:
/// `[kernel_height, kernel_width, in_channels / groups, out_channels]`; `bias`: `[out_channels]`; `output`:
/// `[batch, output_height, output_width, out_channels]`; `scratch`: at least [`Conv2d::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn conv2d_forward(
    options: &Conv2d,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    check_len("input", input.len(), options.input.len());
    check_len("weights", weights.len(), options.weights_len());
    check_len("output", output.len(), options.output.len());
    if let Some(bias) = bias {
        check_len("bias", bias.len(), options.bias_len());
    }
    if options.is_depthwise() {
        let channels = options.output.channels;
        let pixels = options.share.range(output.len() / channels);
        fill_rows(&mut output[pixels.start * channels..pixels.end * channels], channels, bias);
        depthwise::forward(options, input, weights, output);
    } else {
        let scratch = crate::take_scratch(scratch, options.scratch_len());
        general::forward(options, input, weights, bias, output, scratch);
    }
}

/// Adds the gradient of the input: `dx[n, a, b, i] += Σ dy[n, h, w, o] · k[u, v, i, o]` over all outputs that
/// read the pixel.
///
/// # Shapes
/// `weights`: `[kernel_height, kernel_width, in_channels / groups, out_channels]`; `output_gradient`:
/// `[batch, output_height, output_width, out_channels]`; `input_gradient`:
/// `[batch, height, width, in_channels]`; `scratch`: at least [`Conv2d::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn conv2d_backward_input(
    options: &Conv2d,
    weights: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    scratch: &mut [f32],
) {
    check_len("weights", weights.len(), options.weights_len());
    check_len("output_gradient", output_gradient.len(), options.output.len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    if options.is_depthwise() {
        depthwise::backward_input(options, weights, output_gradient, input_gradient);
    } else {
        let scratch = crate::take_scratch(scratch, options.scratch_len());
        general::backward_input(options, weights, output_gradient, input_gradient, scratch);
    }
}

/// Adds the gradients of the parameters: `dk[u, v, i, o] += Σ x · dy` over the pixels (n, h, w), where x is the
/// input that the tap (u, v) meets at the pixel, and `db[o] += Σ dy`.
///
/// # Shapes
/// `input`: `[batch, height, width, in_channels]`; `output_gradient`:
/// `[batch, output_height, output_width, out_channels]`; `weight_gradient`:
/// `[kernel_height, kernel_width, in_channels / groups, out_channels]`; `bias_gradient`: `[out_channels]`;
/// `scratch`: at least [`Conv2d::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn conv2d_backward_parameters(
    options: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    bias_gradient: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    check_len("input", input.len(), options.input.len());
    check_len("output_gradient", output_gradient.len(), options.output.len());
    check_len("weight_gradient", weight_gradient.len(), options.weights_len());
    if let Some(bias_gradient) = bias_gradient.filter(|_| options.share.is_first()) {
        add_column_sums(output_gradient, options.output.channels, bias_gradient);
    }
    if options.is_depthwise() {
        depthwise::backward_weights(options, input, output_gradient, weight_gradient);
    } else {
        let scratch = crate::take_scratch(scratch, options.scratch_len());
        general::backward_weights(options, input, output_gradient, weight_gradient, scratch);
    }
}
