//! Channel shuffle, upsampling and downsampling.

use nas_kernels::{
    ChannelShuffle, Downsample, Image, ShapeError, Upsample, channel_shuffle_backward,
    channel_shuffle_forward, downsample_backward, downsample_forward, upsample_backward, upsample_forward,
};
use serde::Deserialize;

use crate::support::{
    LINEAR, assert_close, assert_gradient, assert_same_bits, golden, normal_values, weighted_sum,
};

/// Copying rounds nothing, and sums of a few multiples of 1/16 are exact.
const EXACT: f32 = 0.0;

/// An operator on a batch of images: forward, backward, and the length of its output.
#[derive(Debug, Clone, Copy)]
enum Operator {
    Shuffle(ChannelShuffle),
    Up(Upsample),
    Down(Downsample),
}

impl Operator {
    fn new(name: &str, image: Image, factor: &[usize]) -> Self {
        match name {
            "channel-shuffle" => {
                let rows = image.batch * image.pixels();
                Self::Shuffle(ChannelShuffle::new(rows, image.channels, factor[0]).unwrap())
            }
            "upsample" => Self::Up(Upsample::new(image, [factor[0], factor[1]]).unwrap()),
            "downsample" => Self::Down(Downsample::new(image, [factor[0], factor[1]]).unwrap()),
            other => panic!("the golden has an operator {other} that this test does not know"),
        }
    }

    fn forward(&self, input: &[f32]) -> Vec<f32> {
        let len = match self {
            Self::Shuffle(_) => input.len(),
            Self::Up(options) => options.output().len(),
            Self::Down(options) => options.output().len(),
        };
        let mut output = vec![f32::NAN; len];
        match self {
            Self::Shuffle(options) => channel_shuffle_forward(options, input, &mut output),
            Self::Up(options) => upsample_forward(options, input, &mut output),
            Self::Down(options) => downsample_forward(options, input, &mut output),
        }
        output
    }

    fn backward(&self, output_gradient: &[f32], gradient: &mut [f32]) {
        match self {
            Self::Shuffle(options) => channel_shuffle_backward(options, output_gradient, gradient),
            Self::Up(options) => upsample_backward(options, output_gradient, gradient),
            Self::Down(options) => downsample_backward(options, output_gradient, gradient),
        }
    }
}

fn every_operator(image: Image) -> [Operator; 3] {
    [("channel-shuffle", [2, 0]), ("upsample", [2, 3]), ("downsample", [2, 3])]
        .map(|(name, factor)| Operator::new(name, image, &factor))
}

#[test]
fn worked_by_hand() {
    let image = Image::new(1, 1, 1, 6).unwrap();
    let shuffle = Operator::new("channel-shuffle", image, &[2]);
    assert_eq!(shuffle.forward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let mut dx = [10.0; 6];
    shuffle.backward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut dx);
    assert_eq!(dx, [11.0, 13.0, 15.0, 12.0, 14.0, 16.0]);

    let image = Image::new(1, 1, 2, 1).unwrap();
    let upsample = Operator::new("upsample", image, &[2, 2]);
    assert_eq!(upsample.forward(&[1.0, 2.0]), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
    let mut dx = [100.0, 200.0];
    upsample.backward(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &mut dx);
    assert_eq!(dx, [114.0, 222.0]);

    let image = Image::new(1, 3, 3, 1).unwrap();
    let downsample = Operator::new("downsample", image, &[2, 2]);
    assert_eq!(downsample.forward(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), [0.0, 2.0, 6.0, 8.0]);
    let mut dx = [1.0; 9];
    downsample.backward(&[1.0, 2.0, 3.0, 4.0], &mut dx);
    assert_eq!(dx, [2.0, 1.0, 3.0, 1.0, 1.0, 1.0, 4.0, 1.0, 5.0]);
}

#[derive(Deserialize)]
struct GoldenCase {
    name: String,
    reason: String,
    image: [usize; 4],
    factor: Vec<usize>,
    input: Vec<f32>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
}

#[test]
fn agrees_with_pytorch() {
    for case in golden!("rearrangements", GoldenCase) {
        let what = format!("{} ({})", case.name, case.reason);
        let [batch, height, width, channels] = case.image;
        let image = Image::new(batch, height, width, channels).unwrap();
        let operator = Operator::new(&case.name, image, &case.factor);
        assert_close(&what, &operator.forward(&case.input), &case.output, EXACT);
        let mut gradient = vec![0.0; case.input.len()];
        operator.backward(&case.output_gradient, &mut gradient);
        assert_close(&what, &gradient, &case.input_gradient, EXACT);
    }
}

#[test]
fn gradients_are_difference_quotients() {
    let image = Image::new(2, 3, 4, 2).unwrap();
    let x = normal_values(image.len(), 1);
    for operator in every_operator(image) {
        let dy = normal_values(operator.forward(&x).len(), 2);
        let mut dx = vec![0.0; x.len()];
        operator.backward(&dy, &mut dx);
        let what = format!("{operator:?}");
        assert_gradient(&what, LINEAR, &x, &dx, |x| weighted_sum(&operator.forward(x), &dy));
    }
}

#[test]
fn a_batch_is_a_loop_over_single_images() {
    let one = Image::new(1, 3, 5, 14).unwrap();
    let x = normal_values(3 * one.len(), 1);
    let operators = every_operator(Image { batch: 3, ..one }).into_iter().zip(every_operator(one));
    for (whole, single) in operators {
        let (output, what) = (whole.forward(&x), format!("{single:?}"));
        let alone: Vec<f32> = x.chunks_exact(one.len()).flat_map(|x| single.forward(x)).collect();
        assert_same_bits(&what, &alone, &output);
        let mut together = vec![0.0; x.len()];
        whole.backward(&output, &mut together);
        let mut alone = vec![0.0; x.len()];
        let parts = output.chunks_exact(output.len() / 3).zip(alone.chunks_exact_mut(one.len()));
        parts.for_each(|(dy, dx)| single.backward(dy, dx));
        assert_same_bits(&what, &together, &alone);
    }
}

#[test]
fn a_shuffle_is_undone_by_the_other_factor_and_downsampling_undoes_upsampling() {
    let image = Image::new(2, 3, 2, 12).unwrap();
    let x = normal_values(image.len(), 1);
    let shuffled = Operator::new("channel-shuffle", image, &[3]).forward(&x);
    assert_same_bits("shuffle", &Operator::new("channel-shuffle", image, &[4]).forward(&shuffled), &x);
    let upsample = Upsample::new(image, [3, 2]).unwrap();
    let large = Operator::Up(upsample).forward(&x);
    let downsample = Operator::new("downsample", upsample.output(), &[3, 2]);
    assert_same_bits("sample", &downsample.forward(&large), &x);
}

#[test]
fn factors_of_one_and_single_pixels_pass_on() {
    for shape in [[1, 1, 1, 1], [2, 1, 1, 9], [1, 4, 3, 1]] {
        let [batch, height, width, channels] = shape;
        let image = Image::new(batch, height, width, channels).unwrap();
        let x = normal_values(image.len(), 1);
        for name in ["channel-shuffle", "upsample", "downsample"] {
            assert_same_bits(name, &Operator::new(name, image, &[1, 1]).forward(&x), &x);
        }
    }
}

#[test]
fn unsound_sizes_are_refused() {
    let image = Image::new(1, 2, 2, 4).unwrap();
    assert_eq!(Upsample::new(image, [0, 1]), Err(ShapeError::Zero { what: "the factor" }));
    assert_eq!(Downsample::new(image, [1, 0]), Err(ShapeError::Zero { what: "the factor" }));
    assert!(matches!(Upsample::new(image, [usize::MAX, 2]), Err(ShapeError::TooLarge { .. })));
    let groups = ShapeError::Groups { groups: 3, channels: 4, what: "channels" };
    assert_eq!(ChannelShuffle::new(4, 4, 3), Err(groups));
}
