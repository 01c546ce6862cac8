//! The blocks that networks for small hardware are made of, one file each, as methods of
//! [`NetworkBuilder`](crate::NetworkBuilder).

mod basic_residual;
mod fire;
mod inverted_residual;
mod mobile_vit;
mod separable;
mod squeeze_excite;
mod transformer;

pub use basic_residual::BasicResidual;
pub use fire::{Bypass, Fire};
pub use inverted_residual::InvertedResidual;
pub use mobile_vit::MobileVit;
pub use separable::Separable;
pub use squeeze_excite::SqueezeExcite;
pub use transformer::Transformer;

/// Channels times a width multiplier in percent, as multiples of 8: the nearest, but at least 8 and not less than nine
/// tenths of the product (`_make_divisible` of `MobileNetV2`'s authors, Sandler et al. 2018).
#[must_use]
pub const fn scaled_channels(channels: u32, percent: u32) -> u32 {
    let exact_percent = channels as u64 * percent as u64;
    let nearest = (exact_percent + 400) / 800 * 8;
    let nearest = if nearest < 8 { 8 } else { nearest };
    let rounded = if 1000 * nearest < 9 * exact_percent { nearest + 8 } else { nearest };
    rounded as u32
}

#[cfg(test)]
mod tests {
    use super::scaled_channels;

    #[test]
    fn channels_are_scaled_as_torchvision_does() {
        // (channels, percent, torchvision.models._utils._make_divisible(channels * percent / 100, 8))
        let cases = [
            (32, 100, 32),
            // 11.2: 8 would be less than nine tenths.
            (32, 35, 16),
            (16, 35, 8),
            (24, 35, 8),
            (96, 35, 32),
            (160, 35, 56),
            (320, 35, 112),
            (24, 50, 16),
            (1280, 140, 1792),
            (1, 1, 8),
        ];
        for (channels, percent, expected) in cases {
            assert_eq!(scaled_channels(channels, percent), expected, "{channels} {percent}");
        }
    }
}
