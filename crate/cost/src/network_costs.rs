use nas_arch::{Graph, ParameterRole, Shape};
use serde::Serialize;
use ts_rs::TS;

use crate::deployment::Deployment;
use crate::memory::{Alive, Constants};
use crate::operations::Operations;
use crate::schedule::Schedule;
use crate::{CostError, Execution, MemoryCosts, StepWork};

/// The largest number that JavaScript holds exactly, and more than any device computes in a day.
const FLOPS_MAX: u64 = 1 << 53;

/// What a network costs on any device. The documentation of this crate says what is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct NetworkCosts {
    /// Trainable parameters.
    #[ts(type = "number")]
    pub params: u64,
    /// Trainable parameters and running statistics.
    #[ts(type = "number")]
    pub params_total: u64,
    /// Parameters left on a device.
    #[ts(type = "number")]
    pub params_deployed: u64,
    /// Multiply-accumulates of one inference.
    #[ts(type = "number")]
    pub macs: u64,
    /// Operations of one inference, two for each multiply-accumulate.
    #[ts(type = "number")]
    pub flops: u64,
    /// Weights and activations.
    pub memory: MemoryCosts,
    /// The part of each layer, in the network's order.
    pub layers: Vec<LayerCost>,
    /// What runs on a device, in the order of [`crate::Memory::timeline`].
    #[serde(skip)]
    #[ts(skip)]
    pub steps: Vec<StepWork>,
}

/// What one layer adds to the costs of its network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LayerCost {
    /// Its name.
    pub name: String,
    /// Identifier of its operator.
    pub op: &'static str,
    /// Shape of its output.
    pub shape: Shape,
    /// What becomes of it on a device.
    pub execution: Execution,
    /// Trainable parameters.
    #[ts(type = "number")]
    pub params: u64,
    /// Multiply-accumulates.
    #[ts(type = "number")]
    pub macs: u64,
    /// Operations.
    #[ts(type = "number")]
    pub flops: u64,
    /// Bytes of its record and constants at int8; 0 if it is no step.
    #[ts(type = "number")]
    pub flash_bytes_int8: u64,
    /// Bytes of activations alive while it runs, at int8; 0 if it is no step.
    #[ts(type = "number")]
    pub ram_bytes_int8: u64,
}

impl NetworkCosts {
    /// Counts what a network costs.
    ///
    /// # Errors
    /// If it takes more than 2^53 FLOPs.
    pub fn of(graph: &Graph) -> Result<Self, CostError> {
        let given = Deployment::new(graph);
        let schedule = Schedule::new(graph, &given);
        let deployment = given.reordered(&schedule.order);
        let constants: Vec<Constants> =
            deployment.steps.iter().map(|step| Constants::of(graph, step)).collect();
        let alive = Alive::new(graph, &deployment);
        let mut costs = Self {
            params: 0,
            params_total: 0,
            params_deployed: constants.iter().map(|step| step.params()).sum::<u64>()
                + deployment.stored_elements(graph),
            macs: 0,
            flops: 0,
            memory: MemoryCosts::new(graph, &deployment, &constants, &alive, &schedule),
            layers: Vec::with_capacity(graph.nodes.len()),
            steps: deployment.steps.iter().map(|step| StepWork::new(graph, step)).collect(),
        };
        for (index, &execution) in deployment.executions.iter().enumerate() {
            costs.add_layer(graph, index, execution)?;
        }
        for ((step, constants), alive) in deployment.steps.iter().zip(&constants).zip(&alive.during) {
            let layer = &mut costs.layers[step.node];
            layer.flash_bytes_int8 = constants.int8_bytes();
            layer.ram_bytes_int8 = *alive;
        }
        for &node in &deployment.stored {
            costs.layers[node].flash_bytes_int8 = graph.nodes[node].shape.elements();
        }
        Ok(costs)
    }

    fn add_layer(&mut self, graph: &Graph, index: usize, execution: Execution) -> Result<(), CostError> {
        let node = &graph.nodes[index];
        let mut layer = LayerCost {
            name: node.name.clone(),
            op: node.op.id(),
            shape: node.shape,
            execution,
            params: 0,
            macs: 0,
            flops: 0,
            flash_bytes_int8: 0,
            ram_bytes_int8: 0,
        };
        if !matches!(execution, Execution::Dead | Execution::Zero | Execution::Identity) {
            let Operations { macs, flops } = Operations::of(graph, index);
            (layer.macs, layer.flops) = (macs, flops);
            let count = |is_counted: fn(ParameterRole) -> bool| -> u64 {
                node.parameters
                    .iter()
                    .filter(|parameter| is_counted(parameter.role))
                    .map(nas_arch::Parameter::elements)
                    .sum()
            };
            layer.params = count(ParameterRole::is_trainable);
            self.params += layer.params;
            self.params_total += count(|_| true);
            self.macs += macs;
            self.flops += flops;
            if flops > FLOPS_MAX || self.flops > FLOPS_MAX {
                return Err(CostError::TooLarge { layer: layer.name });
            }
        }
        self.layers.push(layer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::{Network, canonical};

    use super::*;

    fn costs(input: &str, layers: &str) -> NetworkCosts {
        let network = Network::from_json(&format!(r#"{{"input": {input}, "layers": [{layers}]}}"#)).unwrap();
        NetworkCosts::of(&network.resolve().unwrap()).unwrap()
    }

    #[test]
    fn the_three_counts_of_parameters() {
        let block = r#"{"op":"conv2d","out_channels":8,"kernel":3,"bias":false},{"op":"batch-norm"},{"op":"relu"},
            {"op":"global-avg-pool"},{"op":"dense","out_features":10}"#;
        let costs = costs("[4,6,6]", block);
        // 8·4·9 + 8 + 8 + 10·8 + 10; running mean and variance 8 each; the norm becomes 8 biases.
        assert_eq!((costs.params, costs.params_total, costs.params_deployed), (394, 410, 386));
        let alone = r#"{"op":"max-pool","kernel":2},{"op":"batch-norm"}"#;
        let costs = self::costs("[4,6,6]", alone);
        assert_eq!((costs.params, costs.params_total, costs.params_deployed), (8, 16, 8));
    }

    #[test]
    fn layers_add_up() {
        let costs = costs(
            "[4,6,6]",
            r#"{"name":"c","op":"conv2d","out_channels":4,"kernel":3},{"name":"n","op":"batch-norm"},
            {"name":"d","op":"conv2d","out_channels":9,"kernel":3},{"name":"i","op":"identity","inputs":["n"]},
            {"op":"add","inputs":["i","input"]},{"op":"relu"},{"op":"avg-pool","kernel":2},{"op":"dense","out_features":2}"#,
        );
        let sum = |part: fn(&LayerCost) -> u64| costs.layers.iter().map(part).sum::<u64>();
        assert_eq!(costs.params, sum(|layer| layer.params));
        assert_eq!(costs.macs, sum(|layer| layer.macs));
        assert_eq!(costs.flops, sum(|layer| layer.flops));
        assert_eq!(costs.memory.int8.flash_bytes, 16 + sum(|layer| layer.flash_bytes_int8));
        assert_eq!(
            costs.memory.int8.peak_ram_bytes,
            costs.layers.iter().map(|layer| layer.ram_bytes_int8).max().unwrap()
        );
        assert_eq!(costs.params, 4 * 4 * 9 + 4 + 8 + 2 * 36 + 2);
        assert_eq!(costs.macs, 144 * 36 + 72);
        assert_eq!(costs.flops, 2 * costs.macs + 144 + 2 * 144 + 144 + 144 + 4 * 36 + 2);
    }

    #[test]
    fn what_canonical_networks_leave_away_costs_nothing() {
        let network = Network::from_json(
            r#"{"input": [4,6,6], "layers": [{"name":"c","op":"conv2d","out_channels":4,"kernel":3},
            {"op":"relu"},{"op":"relu"},{"op":"max-pool","kernel":1},{"name":"p","op":"global-avg-pool"},
            {"name":"dead","op":"dense","out_features":100,"inputs":["c"]},
            {"op":"global-avg-pool","inputs":["p"]},{"op":"add"},{"op":"dense","out_features":3}]}"#,
        )
        .unwrap();
        let graph = network.resolve().unwrap();
        let written = NetworkCosts::of(&graph).unwrap();
        let canonical = NetworkCosts::of(&canonical(&graph).graph).unwrap();
        assert_eq!(canonical.layers.len(), 4);
        let figures = |costs: &NetworkCosts| {
            (costs.params, costs.params_total, costs.params_deployed, costs.macs, costs.flops)
        };
        assert_eq!(figures(&written), figures(&canonical));
        assert_eq!(written.memory.int8.flash_bytes, canonical.memory.int8.flash_bytes);
        assert_eq!(written.memory.int8.peak_ram_bytes, canonical.memory.int8.peak_ram_bytes);
    }

    #[test]
    fn what_the_input_does_not_reach_is_counted_but_not_deployed() {
        let costs = costs(
            "[4,6,6]",
            r#"{"name":"dead","op":"conv2d","out_channels":4,"kernel":3},{"op":"zero"},
            {"name":"zero","op":"max-pool","kernel":2},{"op":"batch-norm"},
            {"op":"global-avg-pool"},{"op":"dense","out_features":2}"#,
        );
        let executions: Vec<Execution> = costs.layers.iter().map(|layer| layer.execution).collect();
        let constant = Execution::Constant;
        assert_eq!(
            executions,
            [Execution::Dead, Execution::Dead, Execution::Zero, constant, constant, constant]
        );
        assert_eq!((costs.params, costs.params_deployed), (8 + 10, 2));
        assert_eq!((costs.macs, costs.steps.len()), (8, 0));
    }

    #[test]
    fn more_operations_than_a_number_holds_are_refused_with_the_layer() {
        let refused = |layers: &str| {
            let text = format!(r#"{{"input": [16, 8192, 8192], "layers": [{layers}]}}"#);
            NetworkCosts::of(&Network::from_json(&text).unwrap().resolve().unwrap()).map(|costs| costs.flops)
        };
        // 2^30 outputs of 2^22 MACs each.
        let most = r#"{"op":"conv2d","out_channels":16,"groups":16,"kernel":2048,"bias":false}"#;
        assert_eq!(refused(most), Ok(1 << 53));
        let sum = refused(&format!(r#"{most},{{"name":"last straw","op":"relu"}}"#));
        assert_eq!(sum, Err(CostError::TooLarge { layer: "last straw".into() }));
        let alone = refused(r#"{"name":"giant","op":"conv2d","out_channels":1,"kernel":4096}"#);
        assert_eq!(alone, Err(CostError::TooLarge { layer: "giant".into() }));
    }
}
