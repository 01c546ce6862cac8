use nas_arch::{BatchNorm, Graph, INPUT_NAME, INPUT_TENSOR, Network, Op, ParameterRole, TensorId};

use crate::{NamedTensor, WeightsError};

/// A trained network as a device runs it: each batch normalization that is the only reader of a convolution or dense layer
/// becomes part of that layer's weights and bias (Jacob et al. 2018, "Quantization and Training of Neural Networks for
/// Efficient Integer-Arithmetic-Only Inference", section 3.2), and is gone.
///
/// With γ, β the scale and shift, μ, σ² the running statistics: `w′ = w · γ / √(σ² + ε)`, `b′ = (b − μ) · γ / √(σ² + ε) + β`,
/// computed in double precision and rounded once. In inference the network gives the same outputs as before, up to rounding.
///
/// # Errors
/// If a parameter of such a pair is not among the weights.
pub fn fold_batch_norms(
    graph: &Graph,
    weights: &[NamedTensor],
) -> Result<(Network, Vec<NamedTensor>), WeightsError> {
    let mut folded = Folded {
        network: Network::new(graph.input),
        weights: weights.to_vec(),
        names: vec![INPUT_NAME.into()],
    };
    let mut readers = vec![0; graph.nodes.len() + 1];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|&tensor| readers[tensor] += 1);
    for node in &graph.nodes {
        let input = node.inputs[0];
        let name = match &node.op {
            Op::BatchNorm(norm) if readers[input] == 1 && folded.takes_norm(input) => {
                folded.fold(&node.name, *norm, input)?
            }
            op => {
                let inputs: Vec<&str> =
                    node.inputs.iter().map(|&tensor| folded.names[tensor].as_str()).collect();
                folded.network.push_reading(node.name.clone(), op.clone(), &inputs)
            }
        };
        folded.names.push(name);
    }
    Ok((folded.network, folded.weights))
}

/// The network so far.
struct Folded {
    network: Network,
    weights: Vec<NamedTensor>,
    /// For each tensor of the graph, the layer that computes it now.
    names: Vec<String>,
}

impl Folded {
    /// Whether a tensor is the output of a layer of weights, normalized or not.
    fn takes_norm(&self, tensor: TensorId) -> bool {
        tensor != INPUT_TENSOR
            && self
                .network
                .layers
                .iter()
                .find(|layer| layer.name == self.names[tensor])
                .is_some_and(|layer| matches!(layer.op, Op::Conv2d(_) | Op::MetaConv2d(_) | Op::Dense(_)))
    }

    /// Makes a normalization part of the layer that computes its input; returns that layer's name.
    fn fold(&mut self, norm: &str, options: BatchNorm, input: TensorId) -> Result<String, WeightsError> {
        let roles = [
            ParameterRole::Scale,
            ParameterRole::Shift,
            ParameterRole::RunningMean,
            ParameterRole::RunningVariance,
        ];
        let mut of_norm = Vec::with_capacity(roles.len());
        for role in roles {
            of_norm.push(self.take(&path(norm, role))?.values);
        }
        let name = self.names[input].clone();
        let bias_path = path(&name, ParameterRole::Bias);
        let bias = self.take(&bias_path).map(|bias| bias.values).unwrap_or_default();
        let weight_path = path(&name, ParameterRole::Weight);
        let at = self.weights.iter().position(|tensor| tensor.path == weight_path);
        let at = at.ok_or(WeightsError::Missing(weight_path))?;

        let channels = of_norm[0].len();
        let mut folded_bias = Vec::with_capacity(channels);
        let weights = &mut self.weights[at].values;
        let per_channel = weights.len() / channels;
        for (channel, weights) in weights.chunks_exact_mut(per_channel).enumerate() {
            let [scale, shift, mean, variance] = [0, 1, 2, 3].map(|role| f64::from(of_norm[role][channel]));
            let factor = scale / libm::sqrt(variance + f64::from(options.epsilon));
            for weight in weights {
                *weight = (f64::from(*weight) * factor) as f32;
            }
            let bias = bias.get(channel).map_or(0.0, |&bias| f64::from(bias));
            folded_bias.push(((bias - mean) * factor + shift) as f32);
        }
        let bias = NamedTensor { path: bias_path, shape: vec![channels as u32], values: folded_bias };
        self.weights.insert(at + 1, bias);
        let layer = self.network.layers.iter_mut().find(|layer| layer.name == name);
        match layer.map(|layer| &mut layer.op) {
            Some(Op::Conv2d(conv)) => conv.bias = true,
            Some(Op::MetaConv2d(conv)) => conv.bias = true,
            Some(Op::Dense(dense)) => dense.bias = true,
            other => unreachable!("{other:?} has no weights"),
        }
        Ok(name)
    }

    fn take(&mut self, path: &str) -> Result<NamedTensor, WeightsError> {
        let at = self.weights.iter().position(|tensor| tensor.path == path);
        at.map(|at| self.weights.remove(at)).ok_or_else(|| WeightsError::Missing(path.to_owned()))
    }
}

fn path(layer: &str, role: ParameterRole) -> String {
    format!("{layer}.{}", role.suffix())
}
