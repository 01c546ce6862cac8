use crate::{Activation, Attention, Conv2d, LayerNorm, NetworkBuilder, Op, Pair, Shape, TensorId};

/// One layer of a transformer over pixels: attention, then a perceptron for each pixel, each behind a layer
/// normalization and beside a shortcut (Vaswani et al. 2017; normalized first as in Dosovitskiy et al. 2021, "`ViT`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transformer {
    /// Heads of the attention; they must divide the channels.
    pub heads: u32,
    /// Pixels at the same place within patches of this size attend to each other (Mehta and Rastegari 2022,
    /// "MobileViT", section 3.1); 1×1: all do. Clamped to the largest size that divides the image.
    pub patch: Pair,
    /// Channels in the middle of the perceptron.
    pub hidden: u32,
    /// The perceptron's activation.
    pub activation: Activation,
}

impl NetworkBuilder {
    /// Adds a transformer layer: `name.attention.norm`, `.qkv`, `.heads`, `.project` and their sum with the input
    /// `name.attention.add`, then `name.mlp.norm`, `.expand`, `.act`, `.project` and `name.mlp.add`.
    ///
    /// # Shapes
    /// They stay.
    pub fn transformer(&mut self, name: &str, block: Transformer) -> TensorId {
        let Transformer { heads, hidden, activation, .. } = block;
        let input = self.newest();
        let Shape { channels, height, width } = self.shape();
        let patch = Pair {
            vertical: largest_divisor(height, block.patch.vertical),
            horizontal: largest_divisor(width, block.patch.horizontal),
        };
        let dense = |channels| Op::Conv2d(Conv2d::square(channels, 1));
        self.push(format!("{name}.attention.norm"), Op::LayerNorm(LayerNorm::default()));
        self.push(format!("{name}.attention.qkv"), dense(channels.saturating_mul(3)));
        self.push(format!("{name}.attention.heads"), Op::Attention(Attention { heads, patch }));
        let attended = self.push(format!("{name}.attention.project"), dense(channels));
        let attended = self.push_reading(format!("{name}.attention.add"), Op::Add, &[attended, input]);
        self.push(format!("{name}.mlp.norm"), Op::LayerNorm(LayerNorm::default()));
        self.push(format!("{name}.mlp.expand"), dense(hidden));
        self.push(format!("{name}.mlp.act"), activation.op());
        let mixed = self.push(format!("{name}.mlp.project"), dense(channels));
        self.push_reading(format!("{name}.mlp.add"), Op::Add, &[mixed, attended])
    }
}

/// The largest divisor of `value` that is not above `limit`.
fn largest_divisor(value: u32, limit: u32) -> u32 {
    (1..=limit.min(value)).rev().find(|&size| value.is_multiple_of(size)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_clamped_to_what_divides_the_image() {
        for (value, limit, expected) in [(8, 2, 2), (7, 2, 1), (9, 4, 3), (1, 8, 1), (6, 8, 6), (5, 0, 1)] {
            assert_eq!(largest_divisor(value, limit), expected, "{value} {limit}");
        }
    }

    #[test]
    fn heads_that_do_not_divide_the_channels_are_refused() {
        let build = |heads| {
            let mut builder = NetworkBuilder::new(Shape::new(8, 4, 3));
            let block =
                Transformer { heads, patch: Pair::square(2), hidden: 16, activation: Activation::Silu };
            builder.transformer("block", block);
            builder.finish()
        };
        assert_eq!(build(2).unwrap().resolve().unwrap().output(), Shape::new(8, 4, 3));
        assert!(build(3).unwrap_err().to_string().contains("'block.attention.heads'"));
    }
}
