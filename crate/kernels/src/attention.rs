//! Multi-head self-attention without parameters.
//!
//! Shapes: `input`, `input_gradient`: `[batch, height, width, 3 · channels]`, queries, keys and values one after the
//! other, and in each of them the heads one after the other; `output`, `output_gradient`:
//! `[batch, height, width, channels]`; `probabilities`: `[batch, groups, heads, tokens, tokens]`, keys innermost.
//!
//! Vaswani et al. 2017, "Attention Is All You Need". With s the channels of a head, for each head
//! ```text
//! P = softmax over the keys of (Q · Kᵀ / √s), O = P · V
//! dV = Pᵀ · dO, dP = dO · Vᵀ, dS = P ∘ (dP − Σ over the keys of P ∘ dP) / √s, dQ = dS · K, dK = dSᵀ · Q
//! ```
//! The tokens are pixels. With a patch of p × q pixels only those at the same place within their patches attend to
//! each other, in p · q separate groups: the unfolding and folding of MobileViT (Mehta and Rastegari 2022,
//! "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer", section 3.1).

mod product;

use std::ops::Range;

use crate::check_len;
use crate::error::ShapeError;
use crate::reduce;
use crate::shape::{Image, element_count, require_positive};
use crate::share::{Share, within_row};
use crate::softmax::softmax;
use product::{Left, accumulate_product};

/// Sizes of a self-attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    input: Image,
    heads: usize,
    patch: [usize; 2],
    share: Share,
}

impl Attention {
    /// Attention among the pixels of each image of a batch of shape `input`, whose channels are three times those of
    /// the output, in `heads` heads. `patch` is the height and width of a patch; `[1, 1]` makes one group of all
    /// pixels.
    ///
    /// # Errors
    /// Sizes of 0, a tensor that is too large, three times the heads that do not divide the channels, or a patch
    /// that does not divide height and width.
    pub fn new(input: Image, heads: usize, patch: [usize; 2]) -> Result<Self, ShapeError> {
        let input = Image::new(input.batch, input.height, input.width, input.channels)?;
        require_positive("the number of heads", heads)?;
        let refused =
            |what, value: usize, range| Err(ShapeError::OutOfRange { what, value: value.to_string(), range });
        if input.channels % 3 != 0 || (input.channels / 3) % heads != 0 {
            return refused(
                "the number of queries', keys' and values' channels",
                input.channels,
                "a multiple of three times the heads",
            );
        }
        for (size, len) in patch.into_iter().zip([input.height, input.width]) {
            require_positive("the patch", size)?;
            if len % size != 0 {
                return refused("the patch", size, "a divisor of the image's size");
            }
        }
        let attention = Self { input, heads, patch, share: Share::WHOLE };
        let tokens = attention.tokens();
        element_count(
            "the attention's probabilities",
            &[input.batch, attention.groups(), heads, tokens, tokens],
        )?;
        element_count("the attention's scratch", &[tokens, tokens + 6 * attention.head_channels()])?;
        Ok(attention)
    }

    /// The same for another number of images, at most as many as it was made for.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.input.batch = batch;
        self
    }

    /// The same, for that share of each image's queries.
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
        Image { channels: self.channels(), ..self.input }
    }

    /// Elements of `probabilities`.
    #[must_use]
    pub fn probabilities_len(&self) -> usize {
        self.input.batch * self.groups() * self.heads * self.tokens() * self.tokens()
    }

    /// Elements of `scratch` that the larger of the two passes asks for.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        self.tokens() * (6 * self.head_channels() + self.tokens())
    }

    fn channels(&self) -> usize {
        self.input.channels / 3
    }

    fn head_channels(&self) -> usize {
        self.channels() / self.heads
    }

    fn groups(&self) -> usize {
        self.patch[0] * self.patch[1]
    }

    fn tokens(&self) -> usize {
        self.input.pixels() / self.groups()
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_channels() as f32).sqrt()
    }

    /// The pixels of the tokens of a group, in order; pixels count over the batch.
    fn pixels(&self, image: usize, group: usize) -> impl Iterator<Item = usize> + use<> {
        let Image { height, width, .. } = self.input;
        let [vertical, horizontal] = self.patch;
        let (row, column) = (group / horizontal, group % horizontal);
        (row..height).step_by(vertical).flat_map(move |row| {
            (column..width).step_by(horizontal).map(move |column| (image * height + row) * width + column)
        })
    }

    /// Image, group and head of each block of `probabilities`, and those of its queries that are in the share.
    fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let (groups, heads, tokens) = (self.groups(), self.heads, self.tokens());
        let share = self.share.range(groups * heads * tokens);
        (0..self.input.batch * groups * heads).map(move |index| {
            let queries = within_row(&share, index % (groups * heads), tokens);
            let (image, group) = (index / heads / groups, index / heads % groups);
            Block { image, group, head: index % heads, queries }
        })
    }

    /// Channels of the input that are the queries (0), keys (1) or values (2) of a head.
    fn input_channels(&self, part: usize, head: usize) -> Range<usize> {
        let first = part * self.channels() + head * self.head_channels();
        first..first + self.head_channels()
    }

    /// Copies the channels of a part of the block's tokens from the first that is wanted on: `[tokens, head channels]`.
    fn gather(&self, input: &[f32], block: &Block, part: usize, first: usize, rows: &mut [f32]) {
        let channels = self.input_channels(part, block.head);
        let tokens = self.pixels(block.image, block.group).skip(first);
        for (row, pixel) in rows.chunks_exact_mut(self.head_channels()).zip(tokens) {
            row.copy_from_slice(&input[pixel * self.input.channels..][channels.clone()]);
        }
    }

    /// As [`Self::gather`] of all tokens, transposed: `[head channels, tokens]`.
    fn gather_transposed(&self, input: &[f32], block: &Block, part: usize, columns: &mut [f32]) {
        let channels = self.input_channels(part, block.head);
        let tokens = self.tokens();
        for (token, pixel) in self.pixels(block.image, block.group).enumerate() {
            for (channel, &x) in input[pixel * self.input.channels..][channels.clone()].iter().enumerate() {
                columns[channel * tokens + token] = x;
            }
        }
    }

    /// Adds rows, `[tokens, head channels]`, to the channels of a part of the block's tokens from the first one on.
    fn scatter(&self, rows: &[f32], block: &Block, part: usize, first: usize, input_gradient: &mut [f32]) {
        let channels = self.input_channels(part, block.head);
        let tokens = self.pixels(block.image, block.group).skip(first);
        for (row, pixel) in rows.chunks_exact(self.head_channels()).zip(tokens) {
            let target = &mut input_gradient[pixel * self.input.channels..][channels.clone()];
            for (dx, row) in target.iter_mut().zip(row) {
                *dx += row;
            }
        }
    }
}

/// One head of one group of one image.
#[derive(Debug, Clone)]
struct Block {
    image: usize,
    group: usize,
    head: usize,
    /// The queries that are worked on.
    queries: Range<usize>,
}

/// Writes the attention and saves its probabilities. A score sums over the channels in order and is then scaled; a row
/// of scores becomes probabilities after its maximum is subtracted, with [`reduce::sum`] as the sum of the exponentials;
/// an output sums over the keys in order.
///
/// # Shapes
/// `input`: `[batch, height, width, 3 · channels]`; `output`: `[batch, height, width, channels]`; `probabilities`:
/// `[batch, groups, heads, tokens, tokens]`; `scratch`: at least [`Attention::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn attention_forward(
    options: &Attention,
    input: &[f32],
    output: &mut [f32],
    probabilities: &mut [f32],
    scratch: &mut [f32],
) {
    check_len("input", input.len(), options.input.len());
    check_len("output", output.len(), options.output().len());
    check_len("probabilities", probabilities.len(), options.probabilities_len());
    let (tokens, head_channels, channels) = (options.tokens(), options.head_channels(), options.channels());
    let scratch = crate::take_scratch(scratch, 4 * tokens * head_channels);
    let (queries, rest) = scratch.split_at_mut(tokens * head_channels);
    let (keys, rest) = rest.split_at_mut(tokens * head_channels);
    let (values, sums) = rest.split_at_mut(tokens * head_channels);
    for (block, probability) in options.blocks().zip(probabilities.chunks_exact_mut(tokens * tokens)) {
        if block.queries.is_empty() {
            continue;
        }
        let Range { start, end } = block.queries;
        let queries = &mut queries[..(end - start) * head_channels];
        options.gather(input, &block, 0, start, queries);
        options.gather_transposed(input, &block, 1, keys);
        options.gather(input, &block, 2, 0, values);
        let probability = &mut probability[start * tokens..end * tokens];
        probability.fill(0.0);
        accumulate_product(Left::Rows(queries), keys, (head_channels, tokens), probability);
        for row in probability.chunks_exact_mut(tokens) {
            softmax(row, options.scale());
        }
        let sums = &mut sums[..queries.len()];
        sums.fill(0.0);
        accumulate_product(Left::Rows(probability), values, (tokens, head_channels), sums);
        let first = block.head * head_channels;
        let pixels = options.pixels(block.image, block.group).skip(start);
        for (sum, pixel) in sums.chunks_exact(head_channels).zip(pixels) {
            output[pixel * channels + first..][..head_channels].copy_from_slice(sum);
        }
    }
}

/// Adds the gradients of queries, keys and values. Each is summed over the tokens in order, from 0, and then added.
///
/// # Shapes
/// `input`, `input_gradient`: `[batch, height, width, 3 · channels]`; `probabilities`:
/// `[batch, groups, heads, tokens, tokens]`; `output_gradient`: `[batch, height, width, channels]`; `scratch`: at least
/// [`Attention::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length.
pub fn attention_backward(
    options: &Attention,
    input: &[f32],
    probabilities: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    scratch: &mut [f32],
) {
    check_len("input", input.len(), options.input.len());
    check_len("probabilities", probabilities.len(), options.probabilities_len());
    check_len("output_gradient", output_gradient.len(), options.output().len());
    check_len("input_gradient", input_gradient.len(), options.input.len());
    let (tokens, head_channels, channels) = (options.tokens(), options.head_channels(), options.channels());
    let scratch = crate::take_scratch(scratch, options.scratch_len());
    let (score_gradient, rest) = scratch.split_at_mut(tokens * tokens);
    let (queries, rest) = rest.split_at_mut(tokens * head_channels);
    let (keys, rest) = rest.split_at_mut(tokens * head_channels);
    let (values, rest) = rest.split_at_mut(tokens * head_channels);
    let (sum_gradient, rest) = rest.split_at_mut(tokens * head_channels);
    // These two grow from share to share.
    let (value_gradient, key_gradient) = rest.split_at_mut(tokens * head_channels);
    for (block, probability) in options.blocks().zip(probabilities.chunks_exact(tokens * tokens)) {
        if block.queries.is_empty() {
            continue;
        }
        let Range { start, end } = block.queries;
        let probability = &probability[start * tokens..end * tokens];
        let score_gradient = &mut score_gradient[..probability.len()];
        let queries = &mut queries[..(end - start) * head_channels];
        let sum_gradient = &mut sum_gradient[..queries.len()];
        let by_head = (end - start, head_channels);
        options.gather(input, &block, 0, start, queries);
        options.gather(input, &block, 1, 0, keys);
        options.gather_transposed(input, &block, 2, values);
        let first = block.head * head_channels;
        let pixels = options.pixels(block.image, block.group).skip(start);
        for (dy, pixel) in sum_gradient.chunks_exact_mut(head_channels).zip(pixels) {
            dy.copy_from_slice(&output_gradient[pixel * channels + first..][..head_channels]);
        }
        if start == 0 {
            value_gradient.fill(0.0);
            key_gradient.fill(0.0);
        }

        accumulate_product(Left::Columns(probability), sum_gradient, by_head, value_gradient);

        score_gradient.fill(0.0);
        accumulate_product(Left::Rows(sum_gradient), values, (head_channels, tokens), score_gradient);
        let rows = score_gradient.chunks_exact_mut(tokens).zip(probability.chunks_exact(tokens));
        for (row, probability) in rows {
            softmax_backward(probability, row, options.scale());
        }

        accumulate_product(Left::Columns(score_gradient), queries, by_head, key_gradient);

        let query_gradient = queries;
        query_gradient.fill(0.0);
        accumulate_product(Left::Rows(score_gradient), keys, (tokens, head_channels), query_gradient);
        options.scatter(query_gradient, &block, 0, start, input_gradient);
        if end == tokens {
            options.scatter(key_gradient, &block, 1, 0, input_gradient);
            options.scatter(value_gradient, &block, 2, 0, input_gradient);
        }
    }
}

/// The gradient of a row of probabilities becomes that of its scores before scaling.
fn softmax_backward(probability: &[f32], gradient: &mut [f32], scale: f32) {
    let mean = reduce::dot(probability, gradient);
    for (gradient, probability) in gradient.iter_mut().zip(probability) {
        *gradient = probability * (*gradient - mean) * scale;
    }
}
