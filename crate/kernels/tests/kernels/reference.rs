//! Convolution and pooling as the formulas say, one output and one tap after the other.

use std::collections::BTreeMap;

use nas_kernels::{Image, Window, WindowAxis};

/// The input index under a tap, if it is a real one.
fn input_index(axis: WindowAxis, len: usize, output: usize, tap: usize) -> Option<usize> {
    (output * axis.stride + tap * axis.dilation).checked_sub(axis.pad_before).filter(|&index| index < len)
}

/// Calls `visit(output pixel, tap, input pixel)` for all real pixels; pixels count over the batch.
pub(crate) fn for_each_tap(
    input: Image,
    output: Image,
    window: Window,
    mut visit: impl FnMut(usize, usize, usize),
) {
    for image in 0..input.batch {
        for (row, column) in
            (0..output.height).flat_map(|row| (0..output.width).map(move |column| (row, column)))
        {
            for tap in 0..window.height.kernel * window.width.kernel {
                let (tap_row, tap_column) = (tap / window.width.kernel, tap % window.width.kernel);
                let from_row = input_index(window.height, input.height, row, tap_row);
                let from_column = input_index(window.width, input.width, column, tap_column);
                if let (Some(from_row), Some(from_column)) = (from_row, from_column) {
                    visit(
                        (image * output.height + row) * output.width + column,
                        tap,
                        (image * input.height + from_row) * input.width + from_column,
                    );
                }
            }
        }
    }
}

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvolutionSizes {
    pub(crate) input: Image,
    pub(crate) output: Image,
    pub(crate) window: Window,
    pub(crate) groups: usize,
}

impl ConvolutionSizes {
    /// Calls `visit(output, input, weight)` with the elements of each product.
    fn for_each_product(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let group_inputs = self.input.channels / self.groups;
        let group_outputs = self.output.channels / self.groups;
        for_each_tap(self.input, self.output, self.window, |to, tap, from| {
            for channel_to in 0..self.output.channels {
                let group = channel_to / group_outputs;
                for channel_from in 0..group_inputs {
                    visit(
                        to * self.output.channels + channel_to,
                        from * self.input.channels + group * group_inputs + channel_from,
                        (tap * group_inputs + channel_from) * self.output.channels + channel_to,
                    );
                }
            }
        });
    }

    pub(crate) fn forward(&self, input: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let channels = self.output.channels;
        let mut output: Vec<f64> = (0..self.output.len())
            .map(|index| bias.map_or(0.0, |b| f64::from(b[index % channels])))
            .collect();
        self.for_each_product(|y, x, w| output[y] += f64::from(input[x]) * f64::from(weights[w]));
        to_f32(&output)
    }

    pub(crate) fn backward_input(&self, weights: &[f32], output_gradient: &[f32]) -> Vec<f32> {
        let mut gradient = vec![0.0; self.input.len()];
        self.for_each_product(|y, x, w| gradient[x] += f64::from(output_gradient[y]) * f64::from(weights[w]));
        to_f32(&gradient)
    }

    pub(crate) fn backward_weights(&self, input: &[f32], output_gradient: &[f32], len: usize) -> Vec<f32> {
        let mut gradient = vec![0.0; len];
        self.for_each_product(|y, x, w| gradient[w] += f64::from(output_gradient[y]) * f64::from(input[x]));
        to_f32(&gradient)
    }
}

/// For each element of the output, the elements of the input under its window, in the order of the taps.
pub(crate) fn pooled_elements(input: Image, output: Image, window: Window) -> BTreeMap<usize, Vec<usize>> {
    let mut elements: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let channels = input.channels;
    for_each_tap(input, output, window, |to, _, from| {
        for channel in 0..channels {
            elements.entry(to * channels + channel).or_default().push(from * channels + channel);
        }
    });
    elements
}

fn to_f32(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}
