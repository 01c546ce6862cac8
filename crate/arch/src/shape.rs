use core::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Shape of one image's tensor, without the batch. As JSON: `[channels, height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(from = "[u32; 3]", into = "[u32; 3]")]
#[ts(export, type = "[channels: number, height: number, width: number]")]
pub struct Shape {
    /// Number of channels.
    pub channels: u32,
    /// Height in pixels.
    pub height: u32,
    /// Width in pixels.
    pub width: u32,
}

impl Shape {
    /// A shape.
    #[must_use]
    pub const fn new(channels: u32, height: u32, width: u32) -> Self {
        Self { channels, height, width }
    }

    /// Number of elements.
    #[must_use]
    pub fn elements(self) -> u64 {
        u64::from(self.channels) * self.pixels()
    }

    /// Number of pixels of one channel.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.height) * u64::from(self.width)
    }
}

impl From<[u32; 3]> for Shape {
    fn from([channels, height, width]: [u32; 3]) -> Self {
        Self { channels, height, width }
    }
}

impl From<Shape> for [u32; 3] {
    fn from(shape: Shape) -> Self {
        [shape.channels, shape.height, shape.width]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}×{}×{}", self.channels, self.height, self.width)
    }
}

/// A vertical and a horizontal size. As JSON one number for both, or `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(from = "PairForm", into = "PairForm")]
#[ts(export, type = "number | [vertical: number, horizontal: number]")]
pub struct Pair {
    /// Along the height.
    pub vertical: u32,
    /// Along the width.
    pub horizontal: u32,
}

impl Pair {
    /// One and one.
    pub const ONE: Self = Self::square(1);

    /// The same size in both directions.
    #[must_use]
    pub const fn square(size: u32) -> Self {
        Self { vertical: size, horizontal: size }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}×{}", self.vertical, self.horizontal)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or [vertical, horizontal]")]
enum PairForm {
    Square(u32),
    Both([u32; 2]),
}

impl From<PairForm> for Pair {
    fn from(form: PairForm) -> Self {
        match form {
            PairForm::Square(size) => Self::square(size),
            PairForm::Both([vertical, horizontal]) => Self { vertical, horizontal },
        }
    }
}

impl From<Pair> for PairForm {
    fn from(pair: Pair) -> Self {
        if pair.vertical == pair.horizontal {
            Self::Square(pair.vertical)
        } else {
            Self::Both([pair.vertical, pair.horizontal])
        }
    }
}

/// Rows and columns added around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Insets {
    /// Rows above.
    pub top: u32,
    /// Columns to the left.
    pub left: u32,
    /// Rows below.
    pub bottom: u32,
    /// Columns to the right.
    pub right: u32,
}

/// Padding of a convolution or a pool. As JSON `"same"`, `"valid"`, a number, `[vertical, horizontal]` or
/// `[top, left, bottom, right]`.
///
/// `same` adds `dilation·(kernel − 1)` rows, half of them (rounded down) above: with stride 1 the size is
/// kept, with stride s it becomes ⌈size / s⌉; for odd kernels it is `PyTorch`'s `padding=kernel // 2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(try_from = "PaddingForm", into = "PaddingForm")]
#[ts(export, type = "\"same\" | \"valid\" | number | [number, number] | [number, number, number, number]")]
pub enum Padding {
    /// Keeps the size at stride 1.
    Same,
    /// None.
    Valid,
    /// So many rows and columns.
    Explicit(Insets),
}

impl Padding {
    /// The rows and columns added for this kernel.
    #[must_use]
    pub fn insets(self, kernel: Pair, dilation: Pair) -> Insets {
        match self {
            Self::Valid => Insets::default(),
            Self::Explicit(insets) => insets,
            Self::Same => {
                let vertical = dilation.vertical * (kernel.vertical - 1);
                let horizontal = dilation.horizontal * (kernel.horizontal - 1);
                Insets {
                    top: vertical / 2,
                    left: horizontal / 2,
                    bottom: vertical - vertical / 2,
                    right: horizontal - horizontal / 2,
                }
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"same\", \"valid\", a number, [vertical, horizontal] or [top, left, bottom, right]"
)]
enum PaddingForm {
    Word(String),
    Uniform(u32),
    Both([u32; 2]),
    Sides([u32; 4]),
}

impl TryFrom<PaddingForm> for Padding {
    type Error = String;

    fn try_from(form: PaddingForm) -> Result<Self, String> {
        let [top, left, bottom, right] = match form {
            PaddingForm::Word(word) => {
                return match word.as_str() {
                    "same" => Ok(Self::Same),
                    "valid" => Ok(Self::Valid),
                    _ => Err(format!("unknown padding \"{word}\": use \"same\", \"valid\" or numbers")),
                };
            }
            PaddingForm::Uniform(size) => [size; 4],
            PaddingForm::Both([vertical, horizontal]) => [vertical, horizontal, vertical, horizontal],
            PaddingForm::Sides(sides) => sides,
        };
        Ok(Self::Explicit(Insets { top, left, bottom, right }))
    }
}

impl From<Padding> for PaddingForm {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Same => Self::Word("same".into()),
            Padding::Valid => Self::Word("valid".into()),
            Padding::Explicit(Insets { top, left, bottom, right }) => {
                if (top, left) != (bottom, right) {
                    Self::Sides([top, left, bottom, right])
                } else if top == left {
                    Self::Uniform(top)
                } else {
                    Self::Both([top, left])
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_row_below() {
        let insets = Padding::Same.insets(Pair::square(4), Pair::ONE);
        assert_eq!(insets, Insets { top: 1, left: 1, bottom: 2, right: 2 });
    }

    #[test]
    fn padding_is_written_as_short_as_it_can_be() {
        for text in ["\"same\"", "\"valid\"", "2", "[1,2]", "[0,0,1,1]"] {
            let padding: Padding = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&padding).unwrap(), text);
        }
        let wrong = serde_json::from_str::<Padding>("\"sane\"").unwrap_err();
        assert!(wrong.to_string().contains("unknown padding \"sane\""), "{wrong}");
    }
}
