use nas_arch::Graph;

use super::{Accelerator, ArrayWork, MatrixProduct};
use crate::{Execution, NetworkCosts};

const CYCLES_PER_MS_AND_MHZ: f64 = 1e3;
const PJ_PER_MJ: f64 = 1e9;

/// What one inference of a network costs on an accelerator. docs/accelerator.md says what it leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceleratorCosts {
    /// The layers that run on the array, in the network's order.
    pub layers: Vec<LayerOnArray>,
    /// The work of all of them.
    pub work: ArrayWork,
    /// Time of one inference in milliseconds, waiting for memory included.
    pub latency_ms: f64,
    /// Energy of one inference.
    pub energy: Energy,
    /// Silicon of units and memories in square millimeters.
    pub area_mm2: f64,
}

/// A layer on the array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerOnArray {
    /// Its name.
    pub name: String,
    /// Identifier of its operator.
    pub op: &'static str,
    /// The matrix products it is made of.
    pub products: Vec<MatrixProduct>,
    /// What the array does for it.
    pub work: ArrayWork,
}

/// Energy in millijoules, by where it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energy {
    /// Multiplications and additions.
    pub mac_mj: f64,
    /// Accesses to the memories beside the array.
    pub sram_mj: f64,
    /// Bytes to and from the DRAM.
    pub dram_mj: f64,
}

impl Energy {
    /// All of it.
    #[must_use]
    pub fn total_mj(&self) -> f64 {
        self.mac_mj + self.sram_mj + self.dram_mj
    }

    fn of(work: &ArrayWork, accelerator: &Accelerator) -> Self {
        let technology = &accelerator.technology;
        let (operand, sum) = (accelerator.bits, accelerator.accumulator_bits());
        let accesses =
            |count: u64, bits, kib| count as f64 * technology.sram_access_pj(bits, kib) / PJ_PER_MJ;
        let sums = work.sram.output_reads + work.sram.output_writes;
        Self {
            mac_mj: work.macs as f64 * technology.mac_pj(operand, sum) / PJ_PER_MJ,
            sram_mj: accesses(work.sram.input_reads, operand, accelerator.input_sram_kib)
                + accesses(work.sram.filter_reads, operand, accelerator.filter_sram_kib)
                + accesses(sums, sum, accelerator.output_sram_kib),
            dram_mj: work.dram.total() as f64 * technology.dram_byte_pj() / PJ_PER_MJ,
        }
    }
}

impl AcceleratorCosts {
    /// Prices a network on an accelerator, layer after layer. Layers that the output does not depend on cost nothing.
    ///
    /// # Panics
    /// If the costs are those of another network. (Whose costs can be counted, its cycles and bytes do not overflow.)
    #[must_use]
    pub fn of(graph: &Graph, costs: &NetworkCosts, accelerator: &Accelerator) -> Self {
        assert_eq!(graph.nodes.len(), costs.layers.len(), "costs of another network");
        let mut layers = Vec::new();
        let mut work = ArrayWork::default();
        for (index, layer) in costs.layers.iter().enumerate() {
            let products = match layer.execution {
                Execution::Step => MatrixProduct::of(graph, index),
                _ => Vec::new(),
            };
            if !products.is_empty() {
                let part = ArrayWork::of(&products, accelerator);
                work += part;
                layers.push(LayerOnArray { name: layer.name.clone(), op: layer.op, products, work: part });
            }
        }
        Self {
            layers,
            work,
            latency_ms: work.total_cycles() as f64
                / (accelerator.technology.clock_mhz * CYCLES_PER_MS_AND_MHZ),
            energy: Energy::of(&work, accelerator),
            area_mm2: accelerator.area_mm2(),
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::Technology;

    fn costs(layers: &str, accelerator: &Accelerator) -> AcceleratorCosts {
        let text = format!(r#"{{"input": [4,6,5], "layers": [{layers}]}}"#);
        let graph = Network::from_json(&text).unwrap().resolve().unwrap();
        AcceleratorCosts::of(&graph, &NetworkCosts::of(&graph).unwrap(), accelerator)
    }

    const BLOCK: &str = r#"{"name":"conv","op":"conv2d","out_channels":8,"kernel":3},{"op":"batch-norm"},{"op":"relu"},
        {"op":"global-avg-pool"},{"name":"head","op":"dense","out_features":10}"#;

    #[test]
    fn latency_and_energy_by_hand() {
        let technology = Technology {
            clock_mhz: 1.0,
            dram_bytes_per_cycle: 1000.0,
            multiply_pj: 1.0,
            add_pj: 2.0,
            sram_pj: 64.0,
            dram_pj: 800.0,
            ..Technology::default()
        };
        let accelerator = Accelerator {
            rows: 4,
            columns: 4,
            input_sram_kib: 8,
            filter_sram_kib: 32,
            output_sram_kib: 2,
            technology,
            ..Accelerator::default()
        };
        let costs = costs(BLOCK, &accelerator);
        let names: Vec<&str> = costs.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["conv", "head"]);
        // 30 pixels on 4 rows, 8 outputs on 4 columns, 36 products; 1 pixel, 10 outputs, 8 products.
        let cycles = (8 * 2 * (4 + 4 + 36 - 2) - 1) + (3 * (4 + 4 + 8 - 2) - 1);
        assert_eq!((costs.work.total_cycles(), costs.work.stall_cycles), (cycles, 0));
        assert_eq!(costs.latency_ms, cycles as f64 / 1000.0);
        let macs = 8640.0 + 80.0;
        assert_eq!(costs.energy.mac_mj, macs * 3.0 / 1e9);
        // 8 bits of 8 KiB cost 8 pJ, of 32 KiB 16 pJ, 32 bits of 2 KiB 16 pJ.
        let (inputs, filters, sums) = (30.0 * 36.0 * 2.0 + 8.0 * 3.0, 288.0 * 8.0 + 80.0, 240.0 + 10.0);
        assert!((costs.energy.sram_mj - (8.0 * inputs + 16.0 * filters + 16.0 * sums) / 1e9).abs() < 1e-15);
        // 100 pJ a byte.
        let bytes = (120 + 288 + 240) + (8 + 80 + 10);
        assert_eq!(costs.work.dram.total(), bytes);
        assert!((costs.energy.dram_mj - 100.0 * bytes as f64 / 1e9).abs() < 1e-15);
    }

    #[test]
    fn a_network_is_the_sum_of_its_layers() {
        let accelerator = Accelerator { rows: 3, input_sram_kib: 1, ..Accelerator::default() };
        let costs = costs(BLOCK, &accelerator);
        let mut sum = ArrayWork::default();
        costs.layers.iter().for_each(|layer| sum += layer.work);
        assert_eq!(sum, costs.work);
        assert_eq!(costs.work.macs, 8640 + 80);
    }

    #[test]
    fn dead_layers_cost_nothing() {
        let dead = r#"{"name":"c","op":"conv2d","out_channels":8,"kernel":3},
            {"name":"dead","op":"dense","out_features":100,"inputs":["c"]},{"op":"relu","inputs":["c"]}"#;
        let live = r#"{"name":"c","op":"conv2d","out_channels":8,"kernel":3},{"op":"relu"}"#;
        let accelerator = Accelerator::default();
        assert_eq!(costs(dead, &accelerator), costs(live, &accelerator));
    }

    #[test]
    fn a_network_without_products_takes_no_time() {
        let accelerator = Accelerator::default();
        let costs = costs(r#"{"op":"relu"}"#, &accelerator);
        assert_eq!((costs.latency_ms, costs.energy.total_mj()), (0.0, 0.0));
        assert_eq!(costs.work.utilization(&accelerator), 0.0);
        assert!(costs.area_mm2 > 0.0);
    }
}
