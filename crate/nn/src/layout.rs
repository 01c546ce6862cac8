use core::ops::Range;

use nas_arch::{Conv2d, Graph, Op, ParameterRole, Shape};

use crate::plan::Flow;

/// Which flat buffer a parameter lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// What gradients change.
    Parameters,
    /// Running statistics.
    Statistics,
}

/// Where one parameter tensor lies, and in which order its elements stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its path: `conv1.weight`.
    pub path: String,
    /// The layer, as an index into the graph's nodes.
    pub node: usize,
    /// What it is for.
    pub role: ParameterRole,
    /// Shape in `PyTorch`'s order.
    pub shape: Vec<u32>,
    /// Number of inputs that each output sums.
    pub fan_in: u64,
    /// The buffer it lies in.
    pub storage: Storage,
    /// Its place in the buffer.
    pub range: Range<usize>,
    order: Order,
}

/// Where each parameter of a network lies in the flat buffers of a trainer.
///
/// Weights, which decay, stand before the other trained parameters, so that the optimiser runs over two
/// unbroken ranges. Layers that the output does not depend on have no slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterLayout {
    slots: Vec<Slot>,
    decaying: usize,
    parameters: usize,
    statistics: usize,
}

impl ParameterLayout {
    /// Lays out the parameters of a network.
    ///
    /// # Panics
    /// If the parameters have more elements than this machine can address.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let flow = Flow::new(graph);
        let mut slots = Vec::new();
        for (node, layer) in graph.nodes.iter().enumerate().filter(|&(node, _)| flow.is_live(node)) {
            let order = Order::of(&layer.op, graph.input_shape(node));
            for parameter in &layer.parameters {
                let trained = parameter.role.is_trainable();
                slots.push(Slot {
                    path: format!("{}.{}", layer.name, parameter.role.suffix()),
                    node,
                    role: parameter.role,
                    shape: parameter.shape.to_vec(),
                    fan_in: parameter.fan_in(),
                    storage: if trained { Storage::Parameters } else { Storage::Statistics },
                    range: 0..usize::try_from(parameter.elements())
                        .expect("a parameter fits the address space"),
                    order: if parameter.role == ParameterRole::Weight { order } else { Order::Same },
                });
            }
        }
        let mut ends = [0_usize; 2];
        for decaying in [true, false] {
            for slot in slots.iter_mut().filter(|slot| decays(slot.role) == decaying) {
                let end = &mut ends[slot.storage as usize];
                let start = *end;
                *end = start.checked_add(slot.range.len()).expect("parameters fit the address space");
                slot.range = start..*end;
            }
        }
        let [parameters, statistics] = ends;
        let decaying = slots.iter().filter(|slot| decays(slot.role)).map(|slot| slot.range.len()).sum();
        Self { slots, decaying, parameters, statistics }
    }

    /// All parameters, in the order of the layers.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The parameter of a path.
    #[must_use]
    pub fn slot(&self, path: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.path == path)
    }

    /// Number of trained elements.
    #[must_use]
    pub const fn parameters_len(&self) -> usize {
        self.parameters
    }

    /// Number of elements of running statistics.
    #[must_use]
    pub const fn statistics_len(&self) -> usize {
        self.statistics
    }

    /// The first so many trained elements decay, the others do not.
    #[must_use]
    pub const fn decaying_len(&self) -> usize {
        self.decaying
    }

    /// Place of the parameter of this role of a layer.
    pub(crate) fn range(&self, node: usize, role: ParameterRole) -> Option<Range<usize>> {
        self.slots.iter().find(|slot| slot.node == node && slot.role == role).map(|slot| slot.range.clone())
    }
}

/// Decay pulls towards zero what multiplies inputs; biases, scales and shifts are left alone.
fn decays(role: ParameterRole) -> bool {
    role == ParameterRole::Weight
}

impl Slot {
    /// The tensor's elements in `PyTorch`'s order, from the flat buffer it lies in.
    pub fn read<'a>(&'a self, buffer: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let values = &buffer[self.range.clone()];
        (0..values.len()).map(|index| values[self.order.native_index(index)])
    }

    /// Writes the tensor's elements, given in `PyTorch`'s order, into the flat buffer it lies in.
    ///
    /// # Panics
    /// If there are fewer values than elements.
    pub fn write(&self, buffer: &mut [f32], values: impl IntoIterator<Item = f32>) {
        self.write_part(buffer, 0..self.range.len(), values);
    }

    /// Writes the tensor's elements, given in `PyTorch`'s order, into a buffer of its own.
    ///
    /// # Panics
    /// If there are fewer values than elements.
    pub(crate) fn write_as(&self, tensor: &mut [f32], values: impl Iterator<Item = f32>) {
        assert_eq!(tensor.len(), self.range.len(), "a tensor of this slot");
        for (index, value) in values.enumerate() {
            tensor[self.order.native_index(index)] = value;
        }
    }

    /// The three dimensions in which the elements stand in the flat buffer: those of the kernel, inputs, outputs. Tensors whose
    /// kernels have equal dimensions are corners of one another; where that has no meaning, all elements are those of the
    /// kernel.
    pub(crate) fn extents(&self) -> [usize; 3] {
        match self.order {
            Order::Conv2d { out, inputs: middle, taps: last }
            | Order::Dense { out, channels: middle, pixels: last } => [last, middle, out],
            Order::Same if self.shape.len() == 1 => [1, 1, self.range.len()],
            Order::Same => [self.range.len(), 1, 1],
        }
    }

    /// As [`Self::write`], but those elements only that stand at `part` in `PyTorch`'s order.
    pub(crate) fn write_part(
        &self,
        buffer: &mut [f32],
        part: Range<usize>,
        values: impl IntoIterator<Item = f32>,
    ) {
        let mut values = values.into_iter();
        let place = &mut buffer[self.range.clone()];
        for index in part {
            place[self.order.native_index(index)] = values.next().expect("a value for each element");
        }
    }
}

/// How `PyTorch`'s order of elements becomes that of the kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// One dimension.
    Same,
    /// `[out, in, taps]` to `[taps, in, out]`.
    Conv2d { out: usize, inputs: usize, taps: usize },
    /// `[out, channels, pixels]` to `[pixels, channels, out]`: inputs are flattened channels first in
    /// `PyTorch`, channels last here.
    Dense { out: usize, channels: usize, pixels: usize },
}

impl Order {
    fn of(op: &Op, input: Shape) -> Self {
        let conv2d = |conv: &Conv2d| Self::Conv2d {
            out: conv.out_channels as usize,
            inputs: (input.channels / conv.groups) as usize,
            taps: conv.kernel.vertical as usize * conv.kernel.horizontal as usize,
        };
        match op {
            Op::MetaConv2d(meta) => conv2d(&meta.convolution()),
            Op::Conv2d(conv) => conv2d(conv),
            Op::Dense(dense) => Self::Dense {
                out: dense.out_features as usize,
                channels: input.channels as usize,
                pixels: input.height as usize * input.width as usize,
            },
            _ => Self::Same,
        }
    }

    /// Where the element stands that is number `index` in `PyTorch`'s order.
    const fn native_index(self, index: usize) -> usize {
        match self {
            Self::Same => index,
            // Both reverse three dimensions.
            Self::Conv2d { out, inputs: middle, taps: last }
            | Self::Dense { out, channels: middle, pixels: last } => {
                let (first, middle_index, last_index) =
                    (index / (middle * last), index / last % middle, index % last);
                (last_index * middle + middle_index) * out + first
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::{BatchNorm, Conv2d, Dense, Network};

    use super::*;

    fn layout() -> ParameterLayout {
        let mut network = Network::new(Shape::new(2, 2, 2));
        network.push("conv", Op::Conv2d(Conv2d::square(3, 1)));
        network.push("norm", Op::BatchNorm(BatchNorm::default()));
        network.push_reading("aside", Op::Conv2d(Conv2d::square(3, 1)), &["input"]);
        network.push_reading("head", Op::Dense(Dense { out_features: 2, bias: true }), &["norm"]);
        ParameterLayout::new(&network.resolve().unwrap())
    }

    #[test]
    fn weights_come_first_and_dead_layers_not_at_all() {
        let layout = layout();
        let places: Vec<_> =
            layout.slots().iter().map(|slot| (slot.path.as_str(), slot.range.clone())).collect();
        let expected = [
            ("conv.weight", 0..6),
            ("conv.bias", 30..33),
            ("norm.weight", 33..36),
            ("norm.bias", 36..39),
            ("norm.running_mean", 0..3),
            ("norm.running_var", 3..6),
            ("head.weight", 6..30),
            ("head.bias", 39..41),
        ];
        assert_eq!(places, expected);
        assert_eq!((layout.decaying_len(), layout.parameters_len(), layout.statistics_len()), (30, 41, 6));
    }

    #[test]
    fn only_what_multiplies_inputs_decays() {
        let network = Network::from_json(
            r#"{"input": [4, 4, 4], "layers": [
                {"name": "conv", "op": "conv2d", "out_channels": 4, "kernel": 1},
                {"name": "norm", "op": "layer-norm"},
                {"name": "mixture", "op": "mixture", "inputs": ["conv", "norm"]},
                {"name": "meta", "op": "meta-conv2d", "sizes": [1, 3], "out_channels": 4},
                {"name": "head", "op": "dense", "out_features": 2}
            ]}"#,
        );
        let layout = ParameterLayout::new(&network.unwrap().resolve().unwrap());
        let decaying: Vec<&str> = (layout.slots().iter())
            .filter(|slot| slot.range.end <= layout.decaying_len())
            .map(|slot| slot.path.as_str())
            .collect();
        assert_eq!(decaying, ["conv.weight", "meta.weight", "head.weight"]);
        let mixtures = layout.slots().iter().filter(|slot| slot.role == ParameterRole::Mixture).count();
        assert_eq!(mixtures, 2);
    }

    #[test]
    fn orders_are_those_of_the_kernels() {
        // [out 2, in 3, taps 2]: element (o, i, t) is 100·o + 10·i + t.
        let conv = Order::Conv2d { out: 2, inputs: 3, taps: 2 };
        let pytorch = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121];
        let mut native = [0; 12];
        for (index, value) in pytorch.into_iter().enumerate() {
            native[conv.native_index(index)] = value;
        }
        assert_eq!(native, [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let layout = layout();
        let mut buffer = vec![0.0; layout.parameters_len()];
        let head = layout.slot("head.weight").unwrap();
        let values: Vec<f32> = (0..24).map(|value| value as f32).collect();
        head.write(&mut buffer, values.iter().copied());
        assert_eq!(head.read(&buffer).collect::<Vec<_>>(), values);
        // Output 1, channel 1, pixel 2 of [2, 3, 4] is 12 + 4 + 2; here pixel 2, channel 1, output 1.
        assert_eq!(buffer[6 + (2 * 3 + 1) * 2 + 1], 18.0);
    }
}
