use nas_arch::{Contraction, Graph, INPUT_TENSOR, Inputs, Op, TensorId};
use serde::Serialize;
use smallvec::SmallVec;
use ts_rs::TS;

/// What becomes of a layer on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Execution {
    /// Runs as a step of its own.
    Step,
    /// A normalisation that is part of the weights of the layer before it.
    Folded,
    /// A ReLU or ReLU6 that the step before it applies as it writes.
    Fused,
    /// Passes its input on unchanged: nothing to do.
    Identity,
    /// Does not depend on the network's input: computed beforehand, and stored if a step reads it.
    Constant,
    /// Zero whatever the input is, without a parameter on the way: stored if a step reads it.
    Zero,
    /// The output does not depend on it: left away.
    Dead,
}

/// A value that steps read and write: 0 is the input, `k + 1` what step `k` writes.
pub(crate) type ValueId = usize;

/// What a step reads; most read one value or two.
pub(crate) type Values = SmallVec<[ValueId; 2]>;

/// What a device runs of a graph.
#[derive(Clone)]
pub(crate) struct Deployment {
    /// What becomes of each node.
    pub(crate) executions: Vec<Execution>,
    /// The steps in the order they run.
    pub(crate) steps: Vec<Step>,
    /// The value that is the network's output; the input if the output is a constant.
    pub(crate) output: ValueId,
    /// The nodes whose constant outputs are stored: a step reads them, or they are the network's output.
    pub(crate) stored: Vec<usize>,
}

/// One step of a deployed network.
#[derive(Clone)]
pub(crate) struct Step {
    /// The node it comes from.
    pub(crate) node: usize,
    /// The values it reads.
    pub(crate) reads: Values,
    /// Whether a normalisation is folded into it.
    pub(crate) has_folded_norm: bool,
}

impl Deployment {
    pub(crate) fn new(graph: &Graph) -> Self {
        let contraction = Contraction::for_inference(graph);
        let are_constant = constant_tensors(&contraction);
        let Contraction { sources, inputs, are_zero } = contraction;
        let is_live = live_tensors(graph, &sources, &inputs, &are_zero);
        let readers = reader_counts(graph, &sources, &inputs, &is_live);
        let mut deployment = Self {
            executions: Vec::with_capacity(graph.nodes.len()),
            steps: Vec::with_capacity(graph.nodes.len()),
            output: 0,
            stored: Vec::new(),
        };
        let mut values: Vec<ValueId> = vec![0; sources.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            let tensor = index + 1;
            let input = inputs[index][0];
            let execution = match &node.op {
                _ if !is_live[tensor] => Execution::Dead,
                _ if are_zero[tensor] => Execution::Zero,
                _ if sources[tensor] != tensor => Execution::Identity,
                _ if are_constant[tensor] => Execution::Constant,
                Op::BatchNorm(_) if readers[input] == 1 && deployment.takes_norms(graph, input) => {
                    Execution::Folded
                }
                Op::Relu | Op::Relu6 if readers[input] == 1 && input != INPUT_TENSOR => Execution::Fused,
                _ => Execution::Step,
            };
            deployment.executions.push(execution);
            match execution {
                Execution::Step => {
                    let mut reads = Values::new();
                    for &read in &inputs[index] {
                        if are_constant[read] {
                            deployment.store(read);
                        } else {
                            reads.push(values[read]);
                        }
                    }
                    deployment.steps.push(Step { node: index, reads, has_folded_norm: false });
                    values[tensor] = deployment.steps.len();
                }
                Execution::Folded => {
                    values[tensor] = values[input];
                    deployment.steps[values[input] - 1].has_folded_norm = true;
                }
                Execution::Fused => values[tensor] = values[input],
                Execution::Identity | Execution::Constant | Execution::Zero | Execution::Dead => {}
            }
        }
        let output = sources[graph.nodes.len()];
        if are_constant[output] {
            deployment.store(output);
        }
        deployment.output = values[output];
        deployment
    }

    /// Elements of the constants that are stored.
    pub(crate) fn stored_elements(&self, graph: &Graph) -> u64 {
        self.stored.iter().map(|&node| graph.nodes[node].shape.elements()).sum()
    }

    fn store(&mut self, constant: TensorId) {
        let node = constant - 1;
        if !self.stored.contains(&node) {
            self.stored.push(node);
        }
    }

    /// The same steps in another order, given by their places in this one.
    ///
    /// # Panics
    /// If the order is not one of all steps with each behind what it reads.
    pub(crate) fn reordered(self, order: &[usize]) -> Self {
        if order.is_sorted() {
            return self;
        }
        let mut places: Vec<Option<ValueId>> = vec![None; self.steps.len() + 1];
        places[0] = Some(0);
        let mut steps = Vec::with_capacity(order.len());
        for &index in order {
            let Step { node, ref reads, has_folded_norm } = self.steps[index];
            let place = |&value: &ValueId| places[value].expect("a step runs behind what it reads");
            let reads = reads.iter().map(place).collect();
            steps.push(Step { node, reads, has_folded_norm });
            places[index + 1] = Some(steps.len());
        }
        let output = places[self.output].expect("the output is a step or the input");
        Self { steps, output, ..self }
    }

    /// Whether a tensor is the affine output of a convolution or dense layer, normalised or not.
    fn takes_norms(&self, graph: &Graph, tensor: TensorId) -> bool {
        tensor.checked_sub(1).is_some_and(|node| match &graph.nodes[node].op {
            Op::Conv2d(_) | Op::MetaConv2d(_) | Op::Dense(_) => true,
            Op::BatchNorm(_) => self.executions[node] == Execution::Folded,
            _ => false,
        })
    }
}

/// Whether each tensor is the same for every input of the network.
fn constant_tensors(contraction: &Contraction) -> Vec<bool> {
    let mut are_constant = vec![false];
    for (node, inputs) in contraction.inputs.iter().enumerate() {
        let is_zero = contraction.are_zero[node + 1];
        are_constant.push(is_zero || inputs.iter().all(|&tensor| are_constant[tensor]));
    }
    are_constant
}

/// Whether the output depends on each tensor; of zeros, on the first ones of their shape.
fn live_tensors(graph: &Graph, sources: &[TensorId], inputs: &[Inputs], are_zero: &[bool]) -> Vec<bool> {
    let mut is_live = vec![false; graph.nodes.len() + 1];
    is_live[graph.nodes.len()] = true;
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        if is_live[index + 1] && !are_zero[index + 1] {
            let is_read = |input: &&TensorId| inputs[index].contains(&sources[**input]);
            node.inputs.iter().filter(is_read).for_each(|&input| is_live[input] = true);
        }
        is_live[sources[index + 1]] |= is_live[index + 1];
    }
    is_live
}

/// How often live nodes read each tensor, identities contracted. None of them reads the output.
fn reader_counts(graph: &Graph, sources: &[TensorId], inputs: &[Inputs], is_live: &[bool]) -> Vec<u32> {
    let mut readers = vec![0; sources.len()];
    for index in 0..graph.nodes.len() {
        if is_live[index + 1] && sources[index + 1] == index + 1 {
            for &input in &inputs[index] {
                readers[input] += 1;
            }
        }
    }
    readers
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;

    fn executions(layers: &str) -> String {
        let network =
            Network::from_json(&format!(r#"{{"input": [4, 6, 6], "layers": [{layers}]}}"#)).unwrap();
        let deployment = Deployment::new(&network.resolve().unwrap());
        let names = deployment.executions.iter().map(|execution| format!("{execution:?}").to_lowercase());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn norms_fold_and_activations_fuse_where_nobody_else_reads() {
        const CONV: &str = r#"{"name":"c","op":"conv2d","out_channels":4,"kernel":3}"#;
        // (what, layers behind the convolution, expected)
        let cases = [
            ("the usual block", r#"{"op":"batch-norm"},{"op":"relu"}"#, "step folded fused"),
            (
                "a norm of a norm is affine too",
                r#"{"op":"batch-norm"},{"op":"batch-norm"}"#,
                "step folded folded",
            ),
            ("through an identity", r#"{"op":"identity"},{"op":"batch-norm"}"#, "step identity folded"),
            ("not behind an activation", r#"{"op":"relu"},{"op":"batch-norm"}"#, "step fused step"),
            ("a relu6 clamps like a relu", r#"{"op":"batch-norm"},{"op":"relu6"}"#, "step folded fused"),
            ("other activations are looked up", r#"{"op":"hard-swish"},{"op":"relu6"}"#, "step step fused"),
            ("through a dropout", r#"{"op":"dropout"},{"op":"batch-norm"}"#, "step identity folded"),
            (
                "a zero is no summand, and nothing before it runs",
                r#"{"name":"z","op":"zero"},{"op":"add","inputs":["z","input"]},{"op":"relu"}"#,
                "dead dead identity step",
            ),
            ("a pool of zeros is zero", r#"{"op":"zero"},{"op":"max-pool","kernel":2}"#, "dead dead zero"),
            (
                "behind a zero, a layer that shifts is a constant",
                r#"{"op":"zero"},{"op":"batch-norm"},{"name":"r","op":"relu"},{"op":"concat","inputs":["r","c"]}"#,
                "step zero constant constant step",
            ),
            (
                "so may be the whole network",
                r#"{"op":"zero"},{"op":"dense","out_features":2},{"op":"relu"}"#,
                "dead zero constant constant",
            ),
            (
                "not behind a pool",
                r#"{"op":"max-pool","kernel":2},{"op":"batch-norm"},{"op":"relu"}"#,
                "step step step fused",
            ),
            (
                "not when the convolution is read again",
                r#"{"name":"n","op":"batch-norm"},{"op":"add","inputs":["c","n"]},{"op":"relu"}"#,
                "step step step fused",
            ),
            (
                "not when the activation's input is read again",
                r#"{"name":"r","op":"relu"},{"op":"concat","inputs":["c","r"]}"#,
                "step step step",
            ),
            (
                "a dead reader is none",
                r#"{"name":"d","op":"relu"},{"name":"n","op":"batch-norm","inputs":["c"]},{"op":"relu"}"#,
                "step dead folded fused",
            ),
            (
                "not when the convolution is the output",
                r#"{"name":"n","op":"batch-norm"},{"op":"identity","inputs":["c"]}"#,
                "step dead identity",
            ),
        ];
        for (what, layers, expected) in cases {
            assert_eq!(executions(&format!("{CONV},{layers}")), expected, "{what}");
        }
    }

    #[test]
    fn nothing_folds_or_fuses_into_the_input() {
        assert_eq!(executions(r#"{"op":"batch-norm"},{"op":"relu"}"#), "step fused");
        assert_eq!(executions(r#"{"op":"relu"}"#), "step");
        assert_eq!(executions(r#"{"op":"identity"}"#), "identity");
    }

    #[test]
    fn meta_kernels_take_norms() {
        let meta =
            r#"{"op":"meta-conv2d","out_channels":3,"sizes":[3,5]},{"op":"batch-norm"},{"op":"relu6"}"#;
        assert_eq!(executions(meta), "step folded fused");
    }

    #[test]
    fn dense_layers_take_norms() {
        assert_eq!(
            executions(r#"{"op":"dense","out_features":3},{"op":"batch-norm"},{"op":"relu"}"#),
            "step folded fused"
        );
    }
}
