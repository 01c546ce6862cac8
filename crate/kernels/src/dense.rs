//! Fully connected layer, y = x·W + b.
//!
//! Shapes: `input`, `input_gradient`: `[batch, in_features]`, `weights`, `weight_gradient`:
//! `[in_features, out_features]`, `bias`, `bias_gradient`: `[out_features]`, `output`, `output_gradient`:
//! `[batch, out_features]`.

use crate::check_len;
use crate::error::ShapeError;
use crate::matrix::{
    Grid, LARGEST_PANEL_GROWTH, Start, Steps, Taps, accumulate_outer_product, pack_depth_row, packed_len,
    product,
};
use crate::reduce::add_column_sums;
use crate::shape::{element_count, require_positive};
use crate::share::Share;

/// Sizes of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    batch: usize,
    in_features: usize,
    out_features: usize,
    share: Share,
}

impl Dense {
    /// A layer from `in_features` to `out_features` for `batch` rows.
    ///
    /// # Errors
    /// A size of 0, or a tensor that is too large.
    pub fn new(batch: usize, in_features: usize, out_features: usize) -> Result<Self, ShapeError> {
        require_positive("the batch", batch)?;
        require_positive("the number of input features", in_features)?;
        require_positive("the number of output features", out_features)?;
        element_count("the input", &[batch, in_features])?;
        element_count("the output", &[batch, out_features])?;
        let dense = Self { batch, in_features, out_features, share: Share::WHOLE };
        element_count("the dense layer's weights", &[in_features, out_features, LARGEST_PANEL_GROWTH])?;
        Ok(dense)
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// The same, for that share of the features that are written, or of the weights' inputs.
    ///
    /// # Panics
    /// If it is for several images.
    #[must_use]
    pub fn with_share(mut self, share: Share) -> Self {
        assert!(share == Share::WHOLE || self.batch == 1, "{share:?} of {} images", self.batch);
        self.share = share;
        self
    }

    /// Elements of `input` and `input_gradient`.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.batch * self.in_features
    }

    /// Elements of `output` and `output_gradient`.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.batch * self.out_features
    }

    /// Elements of `weights` and `weight_gradient`.
    #[must_use]
    pub fn weights_len(&self) -> usize {
        self.in_features * self.out_features
    }

    /// Elements of `bias` and `bias_gradient`.
    #[must_use]
    pub fn bias_len(&self) -> usize {
        self.out_features
    }

    /// Elements of `scratch` that the largest of the three passes asks for: the packed weights.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        packed_len(self.in_features, self.out_features).max(packed_len(self.out_features, self.in_features))
    }

    /// Rows as pixels of one image, `features` elements apart.
    fn rows(&self, features: usize) -> (Grid, Steps) {
        let grid = Grid { images: 1, rows: 1, columns: self.batch };
        (grid, Steps { first: 0, image: 0, row: 0, column: features })
    }
}

/// Writes `input · weights + bias`; without a bias it counts as 0.
///
/// # Shapes
/// `input`: `[batch, in_features]`; `weights`: `[in_features, out_features]`; `bias`: `[out_features]`;
/// `output`: `[batch, out_features]`; `scratch`: at least [`Dense::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn dense_forward(
    options: &Dense,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    let Dense { in_features, out_features, .. } = *options;
    check_len("input", input.len(), options.input_len());
    check_len("weights", weights.len(), options.weights_len());
    check_len("output", output.len(), options.output_len());
    if let Some(bias) = bias {
        check_len("bias", bias.len(), out_features);
    }
    let outputs = options.share.range(out_features);
    let panels = crate::take_scratch(scratch, packed_len(in_features, outputs.len()));
    for (index, row) in weights.chunks_exact(out_features).enumerate() {
        let row = &row[outputs.clone()];
        pack_depth_row(panels, in_features, outputs.len(), index, |output| row[output]);
    }
    let (grid, source_steps) = options.rows(in_features);
    let (_, destination_steps) = options.rows(out_features);
    product(
        (grid, 0..grid.len()),
        (input, source_steps),
        &Taps::contiguous(in_features),
        (panels, outputs.len()),
        Start::Outputs(bias.map(|bias| &bias[outputs.clone()])),
        (&mut output[outputs.start..], destination_steps),
    );
}

/// Adds the gradient of the input, dx += dy·Wᵀ.
///
/// # Shapes
/// `weights`: `[in_features, out_features]`; `output_gradient`: `[batch, out_features]`; `input_gradient`:
/// `[batch, in_features]`; `scratch`: at least [`Dense::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn dense_backward_input(
    options: &Dense,
    weights: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    scratch: &mut [f32],
) {
    let Dense { in_features, out_features, .. } = *options;
    check_len("weights", weights.len(), options.weights_len());
    check_len("output_gradient", output_gradient.len(), options.output_len());
    check_len("input_gradient", input_gradient.len(), options.input_len());
    let inputs = options.share.range(in_features);
    let panels = crate::take_scratch(scratch, packed_len(out_features, inputs.len()));
    for index in 0..out_features {
        pack_depth_row(panels, out_features, inputs.len(), index, |input| {
            weights[(inputs.start + input) * out_features + index]
        });
    }
    let (grid, source_steps) = options.rows(out_features);
    let (_, destination_steps) = options.rows(in_features);
    product(
        (grid, 0..grid.len()),
        (output_gradient, source_steps),
        &Taps::contiguous(out_features),
        (panels, inputs.len()),
        Start::Destination,
        (&mut input_gradient[inputs.start..], destination_steps),
    );
}

/// Adds the gradients of the parameters, dW += xᵀ·dy and db += Σ dy.
///
/// # Shapes
/// `input`: `[batch, in_features]`; `output_gradient`: `[batch, out_features]`; `weight_gradient`:
/// `[in_features, out_features]`; `bias_gradient`: `[out_features]`.
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn dense_backward_parameters(
    options: &Dense,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    bias_gradient: Option<&mut [f32]>,
) {
    let Dense { in_features, out_features, .. } = *options;
    check_len("input", input.len(), options.input_len());
    check_len("output_gradient", output_gradient.len(), options.output_len());
    check_len("weight_gradient", weight_gradient.len(), options.weights_len());
    if let Some(bias_gradient) = bias_gradient.filter(|_| options.share.is_first()) {
        add_column_sums(output_gradient, out_features, bias_gradient);
    }
    let inputs = options.share.range(in_features);
    let (grid, source_steps) = options.rows(in_features);
    let (_, gradient_steps) = options.rows(out_features);
    accumulate_outer_product(
        (grid, Share::WHOLE),
        (&input[inputs.start..], source_steps),
        &Taps::contiguous(inputs.len()),
        (output_gradient, gradient_steps),
        out_features,
        (&mut weight_gradient[inputs.start * out_features..], out_features),
    );
}
