//! Convolution of any kernel, stride, dilation and groups, as products over padded images.
//!
//! Shapes as in [`super`].

use std::ops::Range;

use super::Conv2d;
use super::padded::Padded;
use super::phase::Phase;
use crate::matrix::{
    Grid, SLAB_OUTPUTS, Start, Steps, Taps, accumulate_outer_product, pack_depth_row, packed_len, product,
};
use crate::shape::{Image, Window};
use crate::share::{Share, within};

/// Small images are taken together until a block has at least this many output pixels, so that the packed
/// weights are read from memory only once for all of them.
const PIXELS_PER_BLOCK: usize = 64;

/// Elements of scratch for the largest of the passes: the packed weights and a block of padded images.
pub(super) fn scratch_len(options: &Conv2d) -> usize {
    let images = images_per_block(options);
    let forward = packed_weights_len(options) + padded_input(options).scratch_len(images);
    let backward = packed_transposed_len(options) + padded_gradient(options).scratch_len(images);
    forward.max(backward)
}

/// The input with the padding of the window.
pub(super) fn padded_input(options: &Conv2d) -> Padded {
    let Window { height, width } = options.window;
    Padded {
        image: options.input,
        top: height.pad_before,
        left: width.pad_before,
        bottom: height.pad_after,
        right: width.pad_after,
    }
}

/// The output gradient with the border that the input gradient's phases read.
pub(super) fn padded_gradient(options: &Conv2d) -> Padded {
    let Conv2d { input, output, window, .. } = *options;
    let (top, bottom) = Phase::padding(window.height, input.height, output.height);
    let (left, right) = Phase::padding(window.width, input.width, output.width);
    Padded { image: output, top, left, bottom, right }
}

/// output = bias + convolution of the input.
pub(super) fn forward(
    options: &Conv2d,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    let (packed, scratch) = scratch.split_at_mut(packed_weights_len(options));
    let group_outputs = options.group_out_channels();
    let taps = forward_taps(options);
    let padded = padded_input(options);
    let blocks = image_blocks(options, input).zip(image_blocks_mut(options, output));
    for (block, (input, output)) in blocks.enumerate() {
        let source = padded.view(input, scratch, options.share);
        let grid = output_grid(options, output.len());
        let groups = (0..options.groups).map(|group| Part {
            of: group,
            depth: taps.depth(),
            outputs: group_outputs,
            pixels: grid.len(),
        });
        for Slab { of: group, outputs, pixels, place } in slabs(options.share, groups) {
            let first = group * group_outputs + outputs.start;
            let panels = &mut packed[place];
            if block == 0 && pixels.start == 0 {
                for (index, row) in weights.chunks_exact(options.output.channels).enumerate() {
                    pack_depth_row(panels, taps.depth(), outputs.len(), index, |output| row[first + output]);
                }
            }
            product(
                (grid, pixels),
                (source, input_steps(options, group)),
                &taps,
                (panels, outputs.len()),
                Start::Outputs(bias.map(|bias| &bias[first..])),
                (output, output_steps(options, group).moved(outputs.start)),
            );
        }
    }
}

/// `weight_gradient` += outer products of the input with the output gradient.
pub(super) fn backward_weights(
    options: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    scratch: &mut [f32],
) {
    let group_outputs = options.group_out_channels();
    let taps = forward_taps(options);
    let padded = padded_input(options);
    for (input, gradient) in image_blocks(options, input).zip(image_blocks(options, output_gradient)) {
        let source = padded.view(input, scratch, options.share);
        let grid = output_grid(options, gradient.len());
        for group in 0..options.groups {
            accumulate_outer_product(
                (grid, options.share),
                (source, input_steps(options, group)),
                &taps,
                (gradient, output_steps(options, group)),
                group_outputs,
                (&mut weight_gradient[group * group_outputs..], options.output.channels),
            );
        }
    }
}

/// `input_gradient` += for each phase, a convolution of the padded output gradient with the phase's taps in
/// reverse.
pub(super) fn backward_input(
    options: &Conv2d,
    weights: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    scratch: &mut [f32],
) {
    let (packed, scratch) = scratch.split_at_mut(packed_transposed_len(options));
    let padded = padded_gradient(options);
    let blocks = image_blocks(options, output_gradient).zip(image_blocks_mut(options, input_gradient));
    for (block, (gradient, target)) in blocks.enumerate() {
        let source = padded.view(gradient, scratch, options.share);
        let images = target.len() / (options.input.pixels() * options.input.channels);
        let phases = group_phases(options).map(|(group, rows, columns)| Part {
            of: (group, rows, columns),
            depth: rows.taps * columns.taps * options.group_out_channels(),
            outputs: options.group_in_channels(),
            pixels: images * rows.inputs * columns.inputs,
        });
        for Slab { of: (group, rows, columns), outputs: inputs, pixels, place } in
            slabs(options.share, phases)
        {
            let panels = &mut packed[place];
            if block == 0 && pixels.start == 0 {
                pack_transposed(options, (group, rows, columns), &inputs, weights, panels);
            }
            product(
                (Grid { images, rows: rows.inputs, columns: columns.inputs }, pixels),
                (source, phase_source_steps(options, &padded, group, rows, columns)),
                &phase_taps(options, &padded, rows, columns),
                (panels, inputs.len()),
                Start::Destination,
                (target, phase_target_steps(options, group, rows, columns).moved(inputs.start)),
            );
        }
    }
}

/// One of the products that a pass consists of: its right side is `[depth, outputs]`, packed, its left side has so many pixels.
struct Part<T> {
    of: T,
    depth: usize,
    outputs: usize,
    pixels: usize,
}

/// Some pixels' product with one slab of a part's outputs, and where its panels lie.
struct Slab<T> {
    of: T,
    outputs: Range<usize>,
    pixels: Range<usize>,
    place: Range<usize>,
}

/// What a share has of all parts, slab by slab and pixel by pixel. The panels of a slab are packed by whoever begins it.
fn slabs<T: Copy>(
    share: Share,
    parts: impl Iterator<Item = Part<T>> + Clone,
) -> impl Iterator<Item = Slab<T>> {
    let range =
        share.range(parts.clone().map(|part| part.outputs.div_ceil(SLAB_OUTPUTS) * part.pixels).sum());
    let (mut items, mut packed) = (0, 0);
    let of_part = move |Part { of, depth, outputs, pixels }| {
        let (range, first_item, first_place) = (range.clone(), items, packed);
        items += outputs.div_ceil(SLAB_OUTPUTS) * pixels;
        packed += packed_len(depth, outputs);
        (0..outputs).step_by(SLAB_OUTPUTS).map(move |first| {
            let outputs = first..outputs.min(first + SLAB_OUTPUTS);
            let start = first_place + first * depth;
            let place = start..start + packed_len(depth, outputs.len());
            let pixels = within(&range, first_item + first / SLAB_OUTPUTS * pixels, pixels);
            Slab { of, outputs, pixels, place }
        })
    };
    parts.flat_map(of_part).filter(|slab| !slab.pixels.is_empty())
}

/// Images whose padded copies lie in scratch together.
pub(super) fn images_per_block(options: &Conv2d) -> usize {
    PIXELS_PER_BLOCK.div_ceil(options.output.pixels()).min(options.input.batch)
}

fn image_blocks<'a>(options: &Conv2d, images: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
    images.chunks(images.len() / options.input.batch * images_per_block(options))
}

fn image_blocks_mut<'a>(
    options: &Conv2d,
    images: &'a mut [f32],
) -> impl Iterator<Item = &'a mut [f32]> + use<'a> {
    images.chunks_mut(images.len() / options.input.batch * images_per_block(options))
}

fn packed_weights_len(options: &Conv2d) -> usize {
    options.groups * packed_len(options.taps() * options.group_in_channels(), options.group_out_channels())
}

fn packed_transposed_len(options: &Conv2d) -> usize {
    options.groups * packed_len(options.taps() * options.group_out_channels(), options.group_in_channels())
}

/// What an output pixel sums over, relative to the pixel of the padded input under the kernel's first tap.
fn forward_taps(options: &Conv2d) -> Taps {
    let Window { height, width } = options.window;
    let channels = options.input.channels;
    Taps::new(
        (height.kernel, height.dilation * padded_input(options).row_len()),
        (width.kernel, width.dilation * channels),
        options.group_in_channels(),
    )
}

fn output_grid(options: &Conv2d, block_len: usize) -> Grid {
    let Image { height, width, channels, .. } = options.output;
    Grid { images: block_len / (height * width * channels), rows: height, columns: width }
}

/// Where in the padded input the output pixels find their first tap.
fn input_steps(options: &Conv2d, group: usize) -> Steps {
    let padded = padded_input(options);
    let Window { height, width } = options.window;
    Steps {
        first: group * options.group_in_channels(),
        image: padded.image_len(),
        row: height.stride * padded.row_len(),
        column: width.stride * options.input.channels,
    }
}

/// Where in the output the output pixels lie.
fn output_steps(options: &Conv2d, group: usize) -> Steps {
    let Image { width, channels, .. } = options.output;
    Steps {
        first: group * options.group_out_channels(),
        image: options.output.pixels() * channels,
        row: width * channels,
        column: channels,
    }
}

/// Each group with each pair of phases, in the order of their panels.
fn group_phases(options: &Conv2d) -> impl Iterator<Item = (usize, Phase, Phase)> + Clone + use<> {
    let Conv2d { input, window, groups, .. } = *options;
    (0..groups).flat_map(move |group| {
        Phase::all(window.height, input.height).flat_map(move |rows| {
            Phase::all(window.width, input.width).map(move |columns| (group, rows, columns))
        })
    })
}

/// What an input pixel of the phases sums over, relative to the pixel of the padded output gradient under the
/// last tap.
fn phase_taps(options: &Conv2d, padded: &Padded, rows: Phase, columns: Phase) -> Taps {
    Taps::new(
        (rows.taps, rows.output_step * padded.row_len()),
        (columns.taps, columns.output_step * options.output.channels),
        options.group_out_channels(),
    )
}

fn phase_source_steps(options: &Conv2d, padded: &Padded, group: usize, rows: Phase, columns: Phase) -> Steps {
    let channels = options.output.channels;
    let row = (rows.first_output + padded.top as i64) as usize;
    let column = (columns.first_output + padded.left as i64) as usize;
    Steps {
        first: row * padded.row_len() + column * channels + group * options.group_out_channels(),
        image: padded.image_len(),
        row: padded.row_len(),
        column: channels,
    }
}

fn phase_target_steps(options: &Conv2d, group: usize, rows: Phase, columns: Phase) -> Steps {
    let Image { width, channels, .. } = options.input;
    let Window { height: row_axis, width: column_axis } = options.window;
    Steps {
        first: (rows.first_input * width + columns.first_input) * channels
            + group * options.group_in_channels(),
        image: options.input.pixels() * channels,
        row: row_axis.stride * width * channels,
        column: column_axis.stride * channels,
    }
}

/// Packs, for some inputs of a group and a pair of phases, the matrix `[taps in reverse · outputs, inputs]`.
fn pack_transposed(
    options: &Conv2d,
    (group, rows, columns): (usize, Phase, Phase),
    inputs: &Range<usize>,
    weights: &[f32],
    panels: &mut [f32],
) {
    let (group_inputs, group_outputs) = (options.group_in_channels(), options.group_out_channels());
    let channels = options.output.channels;
    let depth = rows.taps * columns.taps * group_outputs;
    let mut index = 0;
    for row in rows.kernel_taps() {
        for column in columns.kernel_taps() {
            let tap = (row * options.window.width.kernel + column) * group_inputs + inputs.start;
            for output in group * group_outputs..(group + 1) * group_outputs {
                pack_depth_row(panels, depth, inputs.len(), index, |input| {
                    weights[(tap + input) * channels + output]
                });
                index += 1;
            }
        }
    }
}
