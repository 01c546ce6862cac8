use crate::{Activation, Conv2d, LayerNorm, NetworkBuilder, Op, Pair, Style, TensorId, Transformer};

/// A MobileViT block (Mehta and Rastegari 2022, "MobileViT", section 3.1): a convolution for what is near, transformer
/// layers for what is far, and a convolution that fuses both with the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MobileVit {
    /// Channels of the transformer layers.
    pub channels: u32,
    /// Number of transformer layers.
    pub depth: u32,
    /// Heads of each attention; they must divide `channels`.
    pub heads: u32,
    /// Channels in the middle of each perceptron: twice `channels` in the paper.
    pub hidden: u32,
    /// Size of a patch: 2×2 in the paper. Clamped to the largest size that divides the image.
    pub patch: Pair,
    /// Height and width of the kernels before and behind: 3×3 in the paper.
    pub kernel: Pair,
    /// Channels of its output.
    pub out_channels: u32,
}

impl NetworkBuilder {
    /// Adds a MobileViT block: `name.local`, `name.embed` (plain), the layers `name.transformer1` and on, `name.norm`,
    /// `name.fold`, `name.concat` with the input, and `name.fuse`; the perceptrons have the activation of the style.
    ///
    /// # Shapes
    /// `C×H×W` to `out_channels×H×W`.
    pub fn mobile_vit(&mut self, name: &str, block: MobileVit, style: Style) -> TensorId {
        let MobileVit { channels, depth, heads, hidden, patch, kernel, out_channels } = block;
        let input = self.newest();
        let in_channels = self.shape().channels;
        self.conv(&format!("{name}.local"), Conv2d::new(in_channels, kernel), style);
        let embed = Conv2d { bias: false, ..Conv2d::square(channels, 1) };
        self.push(format!("{name}.embed"), Op::Conv2d(embed));
        let activation = style.activation.unwrap_or(Activation::Silu);
        for layer in 1..=depth {
            let layer_name = format!("{name}.transformer{layer}");
            self.transformer(&layer_name, Transformer { heads, patch, hidden, activation });
        }
        self.push(format!("{name}.norm"), Op::LayerNorm(LayerNorm::default()));
        let folded = self.conv(&format!("{name}.fold"), Conv2d::square(in_channels, 1), style);
        self.push_reading(format!("{name}.concat"), Op::Concat, &[input, folded]);
        self.conv(&format!("{name}.fuse"), Conv2d::new(out_channels, kernel), style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn a_block_fits_any_image() {
        for (height, width) in [(8, 8), (7, 5), (1, 12), (1, 1)] {
            let mut builder = NetworkBuilder::new(Shape::new(6, height, width));
            let block = MobileVit {
                channels: 8,
                depth: 2,
                heads: 2,
                hidden: 16,
                patch: Pair::square(2),
                kernel: Pair::square(3),
                out_channels: 10,
            };
            builder.mobile_vit("vit", block, Style::normalized(Activation::Silu));
            let graph = builder.finish().unwrap().resolve().unwrap();
            assert_eq!(graph.output(), Shape::new(10, height, width));
        }
    }
}
