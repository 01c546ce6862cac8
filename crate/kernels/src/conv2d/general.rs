//! Convolution of any kernel, stride, dilation and groups, as products over padded images.
//!
//! Shapes as in [`super`].

use super::Conv2d;
use super::padded::Padded;
use super::phase::Phase;
use crate::matrix::{
    Grid, Start, Steps, Taps, accumulate_outer_product, pack_depth_row, packed_len, product,
};
use crate::shape::{Image, Window};

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
    let (panels, scratch) = scratch.split_at_mut(packed_weights_len(options));
    let group_outputs = options.group_out_channels();
    let taps = forward_taps(options);
    let to_pack = if options.share.is_first() { &mut *panels } else { &mut [] };
    for (group, panels) in to_pack.chunks_exact_mut(packed_len(taps.depth(), group_outputs)).enumerate() {
        for (index, row) in weights.chunks_exact(options.output.channels).enumerate() {
            let row = &row[group * group_outputs..][..group_outputs];
            pack_depth_row(panels, taps.depth(), group_outputs, index, |output| row[output]);
        }
    }
    let padded = padded_input(options);
    for (input, output) in image_blocks(options, input).zip(image_blocks_mut(options, output)) {
        let source = padded.view(input, scratch, options.share);
        let grid = output_grid(options, output.len());
        for (group, panels) in panels.chunks_exact(packed_len(taps.depth(), group_outputs)).enumerate() {
            product(
                (grid, options.share),
                (source, input_steps(options, group)),
                &taps,
                (panels, group_outputs),
                Start::Outputs(bias.map(|bias| &bias[group * group_outputs..])),
                (output, output_steps(options, group)),
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
    let (panels, scratch) = scratch.split_at_mut(packed_transposed_len(options));
    if options.share.is_first() {
        pack_transposed(options, weights, panels);
    }
    let padded = padded_gradient(options);
    let group_inputs = options.group_in_channels();
    for (gradient, target) in
        image_blocks(options, output_gradient).zip(image_blocks_mut(options, input_gradient))
    {
        let source = padded.view(gradient, scratch, options.share);
        let images = target.len() / (options.input.pixels() * options.input.channels);
        let mut rest: &[f32] = panels;
        for (group, rows, columns) in group_phases(options) {
            let taps = phase_taps(options, &padded, rows, columns);
            let (panels, behind) = rest.split_at(packed_len(taps.depth(), group_inputs));
            rest = behind;
            product(
                (Grid { images, rows: rows.inputs, columns: columns.inputs }, options.share),
                (source, phase_source_steps(options, &padded, group, rows, columns)),
                &taps,
                (panels, group_inputs),
                Start::Destination,
                (target, phase_target_steps(options, group, rows, columns)),
            );
        }
    }
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
fn group_phases(options: &Conv2d) -> impl Iterator<Item = (usize, Phase, Phase)> {
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

/// Packs, for each group and pair of phases, the matrix `[taps in reverse · outputs, inputs]`.
fn pack_transposed(options: &Conv2d, weights: &[f32], panels: &mut [f32]) {
    let (group_inputs, group_outputs) = (options.group_in_channels(), options.group_out_channels());
    let channels = options.output.channels;
    let kernel_width = options.window.width.kernel;
    let mut rest = panels;
    for (group, rows, columns) in group_phases(options) {
        let depth = rows.taps * columns.taps * group_outputs;
        let (panels, behind) = rest.split_at_mut(packed_len(depth, group_inputs));
        rest = behind;
        let mut index = 0;
        for row in rows.kernel_taps() {
            for column in columns.kernel_taps() {
                let tap = (row * kernel_width + column) * group_inputs * channels;
                for output in group * group_outputs..(group + 1) * group_outputs {
                    pack_depth_row(panels, depth, group_inputs, index, |input| {
                        weights[tap + input * channels + output]
                    });
                    index += 1;
                }
            }
        }
    }
}
