/// For each of `target` equal stretches of a line of `native` pixels, the pixels it covers and by how much.
///
/// With a pixel `target` units long and a stretch `native` units long, every overlap is a whole number and the
/// overlaps of one stretch add up to `native`.
fn overlaps(native: usize, target: usize) -> Vec<Vec<(usize, u64)>> {
    let stretch = |at: usize| {
        let (begin, end) = (at * native, (at + 1) * native);
        let overlap = |pixel: usize| {
            let covered = end.min((pixel + 1) * target) - begin.max(pixel * target);
            (pixel, covered as u64)
        };
        (begin / target..end.div_ceil(target)).map(overlap).collect()
    };
    (0..target).map(stretch).collect()
}

/// Shrinks square images by area averaging: each new pixel is the mean of the area that it covers, computed in
/// whole numbers and rounded once, half up.
///
/// # Shapes
/// `pixels`: `[n, native, native, channels]` → `[n, target, target, channels]`, with 1 ≤ `target` ≤ `native`.
pub(crate) fn area_average(pixels: &[u16], channels: usize, native: usize, target: usize) -> Vec<u16> {
    let lines = overlaps(native, target);
    let area = (native * native) as u64;
    let mut averaged = Vec::with_capacity(pixels.len() / (native * native) * (target * target));
    for image in pixels.chunks_exact(native * native * channels) {
        for rows in &lines {
            for columns in &lines {
                for channel in 0..channels {
                    let mut sum = 0;
                    for &(row, height) in rows {
                        for &(column, width) in columns {
                            let pixel = image[(row * native + column) * channels + channel];
                            sum += height * width * u64::from(pixel);
                        }
                    }
                    averaged.push(((sum + area / 2) / area) as u16);
                }
            }
        }
    }
    averaged
}

/// Shrinks square images of normalized values by area averaging: what a network does to an image that is larger than
/// its own input. Each sum runs over rows, then columns.
///
/// # Shapes
/// `images`: `[n, from, from, channels]`, `shrunk`: `[n, to, to, channels]`, with 1 ≤ `to` ≤ `from`
///
/// # Panics
/// If `to` is 0 or larger than `from`, or the buffers hold different numbers of images.
pub fn shrink(images: &[f32], channels: usize, from: usize, to: usize, shrunk: &mut [f32]) {
    assert!((1..=from).contains(&to), "images of side {from} cannot be shrunk to {to}");
    let (image_values, shrunk_values) = (from * from * channels, to * to * channels);
    assert_eq!(images.len() / image_values, shrunk.len() / shrunk_values, "as many images as before");
    let lines = overlaps(from, to);
    let area = (from * from) as f32;
    for (image, shrunk) in images.chunks_exact(image_values).zip(shrunk.chunks_exact_mut(shrunk_values)) {
        for (at, value) in shrunk.iter_mut().enumerate() {
            let (row, column, channel) = (at / (to * channels), at / channels % to, at % channels);
            let mut sum = 0.0;
            for &(y, height) in &lines[row] {
                for &(x, width) in &lines[column] {
                    sum += (height * width) as f32 * image[(y * from + x) * channels + channel];
                }
            }
            *value = sum / area;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_averages_four_pixels() {
        #[rustfmt::skip]
        let image = [
            0, 4,  8,  8,
            8, 4,  8,  9,
            1, 2, 10, 20,
            3, 4, 30, 40,
        ];
        // 16/4; 33/4 = 8.25; 10/4 = 2.5, which rounds up; 100/4.
        assert_eq!(area_average(&image, 1, 4, 2), [4, 8, 3, 25]);
        // 159/16 = 9.94.
        assert_eq!(area_average(&image, 1, 4, 1), [10]);
    }

    #[test]
    fn a_side_that_does_not_divide_shares_the_pixels_in_between() {
        #[rustfmt::skip]
        let image = [
            90, 18,  0,
            18, 36, 18,
             0, 18, 90,
        ];
        // A new pixel covers 1.5 × 1.5 old ones: (90 + 18/2 + 18/2 + 36/4) / 2.25 = 52, and
        // (18/2 + 0 + 36/4 + 18/2) / 2.25 = 12.
        assert_eq!(area_average(&image, 1, 3, 2), [52, 12, 12, 52]);
    }

    #[test]
    fn values_are_shrunk_as_pixels_are() {
        #[rustfmt::skip]
        let two_images = [
            0, 4,  8,  8,    8, 4,  8,  9,    1, 2, 10, 20,    3, 4, 30, 40,
            7, 7,  7,  7,    7, 7,  7,  7,    7, 7,  7,  7,    7, 7,  7,  7,
        ].map(|value: u8| f32::from(value));
        let mut shrunk = [0.0; 8];
        shrink(&two_images, 1, 4, 2, &mut shrunk);
        assert_eq!(shrunk, [4.0, 8.25, 2.5, 25.0, 7.0, 7.0, 7.0, 7.0]);
        #[rustfmt::skip]
        let image = [90, 18, 0, 18, 36, 18, 0, 18, 90].map(|value: u8| f32::from(value));
        shrink(&image, 1, 3, 2, &mut shrunk[..4]);
        assert_eq!(shrunk[..4], [52.0, 12.0, 12.0, 52.0]);
        let colors = [0, 100, 2, 200, 4, 300, 6, 400].map(|value: u16| f32::from(value));
        shrink(&colors, 2, 2, 1, &mut shrunk[..2]);
        assert_eq!(shrunk[..2], [3.0, 250.0]);
        shrink(&colors, 2, 2, 2, &mut shrunk);
        assert_eq!(shrunk, colors, "the same side changes nothing");
    }

    #[test]
    fn channels_do_not_mix() {
        let image = [0, 100, 2, 200, 4, 300, 6, 400];
        assert_eq!(area_average(&image, 2, 2, 1), [3, 250]);
    }

    #[test]
    fn one_image_does_not_leak_into_the_next() {
        assert_eq!(area_average(&[1, 1, 1, 1, 9, 9, 9, 9], 1, 2, 1), [1, 9]);
    }

    #[test]
    fn every_stretch_covers_the_same_area_and_every_pixel_is_shared_out_once() {
        for native in 1..=32 {
            for target in 1..=native {
                let lines = overlaps(native, target);
                let mut shared = vec![0; native];
                for line in &lines {
                    assert_eq!(line.iter().map(|&(_, covered)| covered).sum::<u64>(), native as u64);
                    for &(pixel, covered) in line {
                        shared[pixel] += covered;
                    }
                }
                assert!(shared.iter().all(|&covered| covered == target as u64), "{native} to {target}");
            }
        }
    }
}
