use nas_numerics::Rng;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DataError, Dataset};

/// How training images are changed at random, anew in each epoch. All at their defaults change nothing.
///
/// What moves from outside into an image is black. Values are changed after normalization, so that brightness and noise
/// are not cut at black and white.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct Augmentation {
    /// Most pixels by which an image is moved, right or left and down or up: any whole number up to it, equally likely.
    pub shift_pixels: u32,
    /// Probability of being mirrored, left to right.
    pub flip_probability: f32,
    /// Largest angle by which an image is turned about its center, either way.
    pub rotation_degrees: f32,
    /// Largest share by which an image is made larger or smaller, about its center.
    pub scale: f32,
    /// Largest share by which an image is made brighter or darker: all pixels times one number.
    pub brightness: f32,
    /// Standard deviation of a normal number added to each value, in standard deviations of the training pixels.
    pub noise: f32,
    /// Side of a square that is set to the mean of the training pixels, its center anywhere in the image (`DeVries` and
    /// Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout").
    pub cutout_pixels: u32,
}

impl Augmentation {
    /// Largest angle: either way around.
    pub const MAX_ROTATION_DEGREES: f32 = 180.0;
    /// Largest change of size: a tenth of height and width is left.
    pub const MAX_SCALE: f32 = 0.9;
    /// Largest change of brightness: from black to twice as bright.
    pub const MAX_BRIGHTNESS: f32 = 1.0;
    /// Noise that drowns every image.
    pub const MAX_NOISE: f32 = 10.0;

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// Checks it for images of `resolution` × `resolution` pixels.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] when a value is out of bounds, or leaves nothing to be seen.
    pub fn check(&self, resolution: u32) -> Result<(), DataError> {
        let check = |field, value: f32, holds: bool, rule: String| {
            if holds { Ok(()) } else { Err(DataError::Augmentation { field, value, rule }) }
        };
        let below = |field, pixels: u32| {
            let rule = format!("less than the {resolution} pixels of an image");
            check(field, pixels as f32, pixels == 0 || pixels < resolution, rule)
        };
        let within = |field, value: f32, most: f32| {
            check(field, value, (0.0..=most).contains(&value), format!("from 0 to {most}"))
        };
        below("shift", self.shift_pixels)?;
        within("flip", self.flip_probability, 1.0)?;
        within("rotate", self.rotation_degrees, Self::MAX_ROTATION_DEGREES)?;
        within("scale", self.scale, Self::MAX_SCALE)?;
        within("brightness", self.brightness, Self::MAX_BRIGHTNESS)?;
        within("noise", self.noise, Self::MAX_NOISE)?;
        below("cutout", self.cutout_pixels)
    }

    fn moves_pixels(&self) -> bool {
        self.shift_pixels > 0
            || self.flip_probability > 0.0
            || self.rotation_degrees > 0.0
            || self.scale > 0.0
    }
}

/// Changes the images of a dataset.
#[derive(Debug, Clone)]
pub struct Augmenter {
    augmentation: Augmentation,
    side: usize,
    channels: usize,
    /// What black is after normalization.
    black: f32,
    /// The image as it was.
    original: Vec<f32>,
}

/// What is drawn for one image. Everything is drawn whether it is used or not, so that turning one change on leaves the
/// others as they were.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Draws {
    shift: [f32; 2],
    is_flipped: bool,
    angle: f32,
    scale: f32,
    brightness: f32,
    /// Center of the square, row and column.
    cutout: [u32; 2],
}

impl Draws {
    fn new(augmentation: &Augmentation, side: u32, rng: &mut Rng) -> Self {
        // A multiplication instead of a range without bias, which may draw more than once: off by one in 2³² at most.
        let mut below = |bound: u32| ((u64::from(rng.next_u32()) * u64::from(bound)) >> 32) as u32;
        let [right, down] = [(); 2].map(|()| below(2 * augmentation.shift_pixels + 1));
        let cutout = [(); 2].map(|()| below(side));
        let shift = [right, down].map(|steps| steps as f32 - augmentation.shift_pixels as f32);
        let is_flipped = rng.happens(augmentation.flip_probability);
        let mut either_way = |most: f32| most * (2.0 * rng.unit() - 1.0);
        Self {
            shift,
            is_flipped,
            angle: either_way(augmentation.rotation_degrees) * (core::f32::consts::PI / 180.0),
            scale: 1.0 + either_way(augmentation.scale),
            brightness: 1.0 + either_way(augmentation.brightness),
            cutout,
        }
    }
}

impl Augmenter {
    /// One for images of this dataset.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] when the augmentation does not fit its images.
    pub fn new(augmentation: Augmentation, dataset: &Dataset) -> Result<Self, DataError> {
        augmentation.check(dataset.resolution())?;
        let normalization = dataset.normalization();
        Ok(Self {
            augmentation,
            side: dataset.resolution() as usize,
            channels: dataset.channels() as usize,
            black: -normalization.mean / normalization.standard_deviation,
            original: Vec::new(),
        })
    }

    /// Changes one image, as [`Dataset::fill_batch`] writes it: it is mirrored, scaled, turned, moved, made brighter or
    /// darker, covered by noise and cut out, in this order. What is done depends on `rng` alone.
    ///
    /// # Shapes
    /// `image`: `[height, width, channels]`
    ///
    /// # Panics
    /// If the image is of another shape.
    pub fn change(&mut self, image: &mut [f32], rng: &mut Rng) {
        let values = self.side * self.side * self.channels;
        assert_eq!(image.len(), values, "the image must hold {values} values");
        let draws = Draws::new(&self.augmentation, self.side as u32, rng);
        if self.augmentation.moves_pixels() {
            self.resample(image, &draws);
        }
        if self.augmentation.brightness > 0.0 {
            for value in &mut *image {
                *value = self.black + draws.brightness * (*value - self.black);
            }
        }
        if self.augmentation.noise > 0.0 {
            for value in &mut *image {
                *value += self.augmentation.noise * rng.normal();
            }
        }
        if self.augmentation.cutout_pixels > 0 {
            self.cut_out(image, draws.cutout);
        }
    }

    /// Each pixel looks where it comes from: moved back, turned back, scaled back, mirrored back, all about the center.
    /// Between pixels values are interpolated bilinearly; a move by whole pixels alone is exact.
    fn resample(&mut self, image: &mut [f32], draws: &Draws) {
        self.original.clear();
        self.original.extend_from_slice(image);
        let (sine, cosine) = (libm::sinf(draws.angle), libm::cosf(draws.angle));
        let center = 0.5 * (self.side - 1) as f32;
        let pixels = image.chunks_exact_mut(self.channels);
        for (at, output) in pixels.enumerate() {
            let x = (at % self.side) as f32 - center - draws.shift[0];
            let y = (at / self.side) as f32 - center - draws.shift[1];
            let source_x = (cosine * x + sine * y) / draws.scale;
            let source_y = (cosine * y - sine * x) / draws.scale;
            let source_x = if draws.is_flipped { -source_x } else { source_x };
            self.interpolate(source_y + center, source_x + center, output);
        }
    }

    /// The value between four pixels of the original, each channel by itself.
    fn interpolate(&self, row: f32, column: f32, output: &mut [f32]) {
        let (top, left) = (row.floor(), column.floor());
        let (down, right) = (row - top, column - left);
        let value = |row: f32, column: f32, channel: usize| {
            let inside = 0.0..self.side as f32;
            if inside.contains(&row) && inside.contains(&column) {
                let pixel = row as usize * self.side + column as usize;
                self.original[pixel * self.channels + channel]
            } else {
                self.black
            }
        };
        for (channel, output) in output.iter_mut().enumerate() {
            let along = |row: f32| {
                let (left_value, right_value) = (value(row, left, channel), value(row, left + 1.0, channel));
                left_value + right * (right_value - left_value)
            };
            let (upper, lower) = (along(top), along(top + 1.0));
            *output = upper + down * (lower - upper);
        }
    }

    /// A square of even side reaches one pixel farther up and left of its center; at the border it is cut off.
    fn cut_out(&self, image: &mut [f32], [row, column]: [u32; 2]) {
        let side = self.augmentation.cutout_pixels as usize;
        let span = |center: u32| {
            let end = center as usize + side.div_ceil(2);
            end.saturating_sub(side)..end.min(self.side)
        };
        for row in span(row) {
            let columns = span(column);
            let start = (row * self.side + columns.start) * self.channels;
            image[start..start + columns.len() * self.channels].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::sha256;

    use super::*;

    const BLACK: f32 = -1.5;
    const STILL: Draws = Draws {
        shift: [0.0, 0.0],
        is_flipped: false,
        angle: 0.0,
        scale: 1.0,
        brightness: 1.0,
        cutout: [0, 0],
    };

    fn augmenter(side: usize, channels: usize, augmentation: Augmentation) -> Augmenter {
        augmentation.check(side as u32).unwrap();
        Augmenter { augmentation, side, channels, black: BLACK, original: Vec::new() }
    }

    fn rng(index: u64) -> Rng {
        Rng::for_purpose(7, "augmentation", index)
    }

    fn everything() -> Augmentation {
        Augmentation {
            shift_pixels: 2,
            flip_probability: 0.5,
            rotation_degrees: 20.0,
            scale: 0.2,
            brightness: 0.3,
            noise: 0.1,
            cutout_pixels: 3,
        }
    }

    /// 0, 1, 2, …
    fn ramp(values: usize) -> Vec<f32> {
        (0..values).map(|value| value as f32).collect()
    }

    fn resampled(side: usize, channels: usize, draws: Draws) -> Vec<f32> {
        let mut image = ramp(side * side * channels);
        augmenter(side, channels, Augmentation::default()).resample(&mut image, &draws);
        image
    }

    #[test]
    fn nothing_changes_nothing() {
        assert!(Augmentation::default().is_identity() && !everything().is_identity());
        let mut image = ramp(32);
        augmenter(4, 2, Augmentation::default()).change(&mut image, &mut rng(0));
        assert_eq!(image, ramp(32));
        assert_eq!(resampled(4, 2, STILL), ramp(32));
    }

    #[test]
    fn movements_by_hand() {
        const B: f32 = BLACK;
        let quarter = core::f32::consts::FRAC_PI_2;
        let cases: [(&str, Draws, [f32; 9]); 7] = [
            ("right", Draws { shift: [1.0, 0.0], ..STILL }, [B, 0.0, 1.0, B, 3.0, 4.0, B, 6.0, 7.0]),
            ("up and left", Draws { shift: [-1.0, -1.0], ..STILL }, [4.0, 5.0, B, 7.0, 8.0, B, B, B, B]),
            ("mirrored", Draws { is_flipped: true, ..STILL }, [2.0, 1.0, 0.0, 5.0, 4.0, 3.0, 8.0, 7.0, 6.0]),
            (
                "mirrored, then moved to the right",
                Draws { is_flipped: true, shift: [1.0, 0.0], ..STILL },
                [B, 2.0, 1.0, B, 5.0, 4.0, B, 8.0, 7.0],
            ),
            (
                "a quarter turn clockwise",
                Draws { angle: quarter, ..STILL },
                [6.0, 3.0, 0.0, 7.0, 4.0, 1.0, 8.0, 5.0, 2.0],
            ),
            // One pixel from the center is half a pixel there: between 4 and its neighbor.
            ("twice as large", Draws { scale: 2.0, ..STILL }, [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0]),
            ("half as large", Draws { scale: 0.5, ..STILL }, [B, B, B, B, 4.0, B, B, B, B]),
        ];
        for (name, draws, expected) in cases {
            let image = resampled(3, 1, draws);
            for (found, expected) in image.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{name}: {image:?}");
            }
        }
    }

    #[test]
    fn channels_move_together() {
        let image = resampled(2, 2, Draws { is_flipped: true, ..STILL });
        assert_eq!(image, [2.0, 3.0, 0.0, 1.0, 6.0, 7.0, 4.0, 5.0]);
    }

    #[test]
    fn squares_by_hand() {
        // Side, center, rows and columns that are cut out of 4 × 4.
        let cases = [
            (1, [2, 3], [2..3, 3..4]),
            (2, [2, 2], [1..3, 1..3]),
            (3, [0, 3], [0..2, 2..4]),
            (3, [1, 2], [0..3, 1..4]),
        ];
        for (cutout_pixels, center, [rows, columns]) in cases {
            let augmenter = augmenter(4, 2, Augmentation { cutout_pixels, ..Augmentation::default() });
            let mut image = vec![1.0; 32];
            augmenter.cut_out(&mut image, center);
            for (at, value) in image.iter().enumerate() {
                let (row, column) = (at / 8, at / 2 % 4);
                let is_cut = rows.contains(&row) && columns.contains(&column);
                assert_eq!(*value == 0.0, is_cut, "{cutout_pixels} at {center:?}: {image:?}");
            }
        }
    }

    #[test]
    fn brightness_is_one_factor_from_black() {
        let mut augmenter = augmenter(4, 1, Augmentation { brightness: 0.3, ..Augmentation::default() });
        let mut factors = Vec::new();
        for index in 0..200 {
            let mut image = ramp(16);
            augmenter.change(&mut image, &mut rng(index));
            let factor = (image[0] - BLACK) / -BLACK;
            for (value, original) in image.iter().zip(ramp(16)) {
                assert!((value - BLACK - factor * (original - BLACK)).abs() < 1e-4);
            }
            factors.push(factor);
        }
        assert!(factors.iter().all(|factor| (0.699..1.301).contains(factor)));
        let mean = factors.iter().sum::<f32>() / 200.0;
        // Four standard errors: 4 · 0.3/√3 / √200.
        assert!((mean - 1.0).abs() < 0.049, "{mean}");
    }

    #[test]
    fn noise_has_its_standard_deviation() {
        let mut augmenter = augmenter(50, 1, Augmentation { noise: 0.25, ..Augmentation::default() });
        let mut image = vec![0.0; 2500];
        augmenter.change(&mut image, &mut rng(0));
        let mean = image.iter().sum::<f32>() / 2500.0;
        let variance = image.iter().map(|value| value * value).sum::<f32>() / 2500.0;
        // Four standard errors: 4·σ/√n and 4·σ²·√(2/n).
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 0.0625).abs() < 0.0071, "{variance}");
    }

    #[test]
    fn draws_have_the_frequencies_that_were_asked_for() {
        const DRAWS: u64 = 7000;
        let augmentation = Augmentation { shift_pixels: 3, flip_probability: 0.3, ..everything() };
        let (mut shifts, mut flips, mut rows) = ([0_u32; 7], 0_u32, [0_u32; 5]);
        for index in 0..DRAWS {
            let draws = Draws::new(&augmentation, 5, &mut rng(index));
            shifts[(draws.shift[0] + 3.0) as usize] += 1;
            rows[draws.cutout[0] as usize] += 1;
            flips += u32::from(draws.is_flipped);
            assert!((-3.0..=3.0).contains(&draws.shift[1]) && draws.cutout[1] < 5);
            assert!(draws.angle.abs() <= 20.1_f32.to_radians());
            assert!((0.8..=1.2).contains(&draws.scale));
        }
        // Four standard deviations of a binomial number.
        let expected = |count: u32, chance: f64| {
            let (mean, variance) = (7000.0 * chance, 7000.0 * chance * (1.0 - chance));
            assert!((f64::from(count) - mean).abs() < 4.0 * variance.sqrt(), "{count} for {mean}");
        };
        for count in shifts {
            expected(count, 1.0 / 7.0);
        }
        for count in rows {
            expected(count, 0.2);
        }
        expected(flips, 0.3);
    }

    #[test]
    fn one_change_does_not_stir_the_others() {
        let alone = Augmentation { shift_pixels: 2, ..Augmentation::default() };
        for index in 0..20 {
            let [first, second] =
                [alone, everything()].map(|augmentation| Draws::new(&augmentation, 8, &mut rng(index)).shift);
            assert_eq!(first, second);
        }
    }

    #[test]
    fn every_value_stays_a_number() {
        for index in 0..500 {
            let mut settings = rng(index);
            let mut share = |most: f32| [0.0, most, most * settings.unit()][settings.below(3) as usize];
            let augmentation = Augmentation {
                shift_pixels: share(4.0) as u32,
                flip_probability: share(1.0),
                rotation_degrees: share(Augmentation::MAX_ROTATION_DEGREES),
                scale: share(Augmentation::MAX_SCALE),
                brightness: share(Augmentation::MAX_BRIGHTNESS),
                noise: share(Augmentation::MAX_NOISE),
                cutout_pixels: share(4.0) as u32,
            };
            let mut image = ramp(75);
            augmenter(5, 3, augmentation).change(&mut image, &mut settings);
            assert!(image.iter().all(|value| value.is_finite()), "{augmentation:?}");
        }
    }

    /// Without noise and brightness no value is brighter than the brightest or darker than black.
    #[test]
    fn movement_stays_between_what_is_there() {
        let augmentation = Augmentation { noise: 0.0, brightness: 0.0, ..everything() };
        for index in 0..200 {
            let mut image = ramp(64);
            augmenter(8, 1, augmentation).change(&mut image, &mut rng(index));
            assert!(image.iter().all(|value| (BLACK - 1e-3..=63.001).contains(value)), "{image:?}");
        }
    }

    /// The same on every machine, natively and in wasm.
    #[test]
    fn the_bits_are_pinned() {
        let mut augmenter = augmenter(8, 2, everything());
        let mut bytes = Vec::new();
        for index in 0..20 {
            let mut image = ramp(128);
            augmenter.change(&mut image, &mut rng(index));
            bytes.extend(image.iter().flat_map(|value| value.to_le_bytes()));
        }
        assert_eq!(sha256(&bytes).short(16), "5452e2f154137eca");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let identity = Augmentation::default();
        let cases = [
            (
                Augmentation { shift_pixels: 8, ..identity },
                "shift is 8: choose a number less than the 8 pixels",
            ),
            (Augmentation { cutout_pixels: 9, ..identity }, "cutout is 9: choose a number less than"),
            (Augmentation { flip_probability: 1.5, ..identity }, "flip is 1.5: choose a number from 0 to 1"),
            (
                Augmentation { rotation_degrees: -1.0, ..identity },
                "rotate is -1: choose a number from 0 to 180",
            ),
            (Augmentation { scale: f32::NAN, ..identity }, "scale is NaN"),
            (Augmentation { brightness: f32::INFINITY, ..identity }, "brightness is inf"),
            (Augmentation { noise: 11.0, ..identity }, "noise is 11: choose a number from 0 to 10"),
        ];
        for (augmentation, expected) in cases {
            let message = augmentation.check(8).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
        assert_eq!(Augmentation { shift_pixels: 7, cutout_pixels: 7, ..everything() }.check(8), Ok(()));
    }
}
