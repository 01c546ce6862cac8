use crate::{Graph, Op, Pair, TensorId};

/// What one value of a tensor sees of the input.
#[derive(Clone, Copy)]
struct View {
    /// Rows and columns of the input that it depends on.
    field: Pair,
    /// Rows and columns of the input between two neighbours.
    jump: Pair,
}

impl Graph {
    /// Rows and columns of the input that one value of the output depends on through windows (convolutions, pools) and
    /// attention, at most the whole image. What joins all pixels at once, global pooling and dense layers, is left aside: a
    /// classifier behind it always sees everything.
    ///
    /// By the recurrence of Araujo, Norris and Sim (2019), "Computing receptive fields of convolutional neural networks",
    /// section 2: a window of k adds (k − 1) · jump, a stride multiplies the jump; of several paths the widest counts.
    #[must_use]
    pub fn receptive_field(&self) -> Pair {
        let whole = Pair { vertical: self.input.height, horizontal: self.input.width };
        let mut views = vec![View { field: Pair::ONE, jump: Pair::ONE }];
        for node in &self.nodes {
            let widest = |read: fn(&View) -> u32| {
                let values = node.inputs.iter().map(|&tensor: &TensorId| read(&views[tensor]));
                values.max().unwrap_or(1)
            };
            let view = View {
                field: Pair {
                    vertical: widest(|view| view.field.vertical),
                    horizontal: widest(|view| view.field.horizontal),
                },
                jump: Pair {
                    vertical: widest(|view| view.jump.vertical),
                    horizontal: widest(|view| view.jump.horizontal),
                },
            };
            views.push(view.behind(&node.op, whole));
        }
        let Pair { vertical, horizontal } = views[self.nodes.len()].field;
        Pair { vertical: vertical.min(whole.vertical), horizontal: horizontal.min(whole.horizontal) }
    }
}

impl View {
    fn behind(self, op: &Op, whole: Pair) -> Self {
        match op {
            Op::Conv2d(conv) => self.through(conv.kernel, conv.dilation, conv.stride),
            Op::MetaConv2d(meta) => {
                let conv = meta.convolution();
                self.through(conv.kernel, conv.dilation, conv.stride)
            }
            Op::MaxPool(pool) | Op::AvgPool(pool) => self.through(pool.kernel, Pair::ONE, pool.stride()),
            Op::Downsample(resample) => self.through(Pair::ONE, Pair::ONE, resample.factor),
            Op::Zero(zero) => self.through(Pair::ONE, Pair::ONE, zero.stride),
            Op::Upsample(resample) => {
                let Pair { vertical, horizontal } = resample.factor;
                let jump = Pair {
                    vertical: (self.jump.vertical / vertical).max(1),
                    horizontal: (self.jump.horizontal / horizontal).max(1),
                };
                Self { jump, ..self }
            }
            Op::Attention(_) => Self { field: whole, ..self },
            _ => self,
        }
    }

    fn through(self, kernel: Pair, dilation: Pair, stride: Pair) -> Self {
        let reach = |field: u32, kernel: u32, dilation: u32, jump: u32| {
            field.saturating_add((kernel - 1).saturating_mul(dilation).saturating_mul(jump))
        };
        Self {
            field: Pair {
                vertical: reach(self.field.vertical, kernel.vertical, dilation.vertical, self.jump.vertical),
                horizontal: reach(
                    self.field.horizontal,
                    kernel.horizontal,
                    dilation.horizontal,
                    self.jump.horizontal,
                ),
            },
            jump: Pair {
                vertical: self.jump.vertical.saturating_mul(stride.vertical),
                horizontal: self.jump.horizontal.saturating_mul(stride.horizontal),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Network, Pair};

    fn field(layers: &str) -> Pair {
        let text = format!(r#"{{"input": [1,64,48], "layers": [{layers}]}}"#);
        Network::from_json(&text).unwrap().resolve().unwrap().receptive_field()
    }

    #[test]
    fn windows_strides_and_branches_add_up_by_hand() {
        let conv = r#"{"name":"a","op":"conv2d","out_channels":2,"kernel":3}"#;
        // (what, layers, rows, columns)
        let cases = [
            ("a window", conv.to_owned(), 3, 3),
            ("two windows", format!(r#"{conv},{{"op":"conv2d","out_channels":2,"kernel":3}}"#), 5, 5),
            (
                "a window behind a stride",
                format!(
                    r#"{conv},{{"op":"max-pool","kernel":2}},{{"op":"conv2d","out_channels":2,"kernel":3}}"#
                ),
                3 + 1 + 4,
                8,
            ),
            (
                "rows and columns apart, and a dilation",
                r#"{"op":"conv2d","out_channels":2,"kernel":[1,5],"dilation":[1,3]}"#.to_owned(),
                1,
                13,
            ),
            (
                "the wider branch",
                format!(
                    r#"{conv},{{"name":"b","op":"conv2d","out_channels":2,"kernel":7,"inputs":["input"]}},{{"op":"add","inputs":["a","b"]}}"#
                ),
                7,
                7,
            ),
            ("no more than the image", r#"{"op":"conv2d","out_channels":2,"kernel":59}"#.to_owned(), 59, 48),
            (
                "a classifier is left aside",
                format!(r#"{conv},{{"op":"global-avg-pool"}},{{"op":"dense","out_features":3}}"#),
                3,
                3,
            ),
            (
                "attention sees everything",
                r#"{"op":"conv2d","out_channels":3,"kernel":1},{"op":"attention"}"#.to_owned(),
                64,
                48,
            ),
        ];
        for (what, layers, vertical, horizontal) in cases {
            assert_eq!(field(&layers), Pair { vertical, horizontal }, "{what}");
        }
    }
}
