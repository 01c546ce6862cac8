//! What a network costs on accelerators, as `nas cost` prints it.

use nas_arch::Graph;
use nas_cost::{Accelerator, AcceleratorCosts, ArrayWork, LayerOnArray, NetworkCosts};
use serde::Serialize;

use crate::failure::Failure;
use crate::print_line;

/// The documented JSON: stable, unlike the crate's own types.
#[derive(Serialize)]
pub(crate) struct AcceleratorJson {
    accelerator: String,
    latency_ms: f64,
    energy_mj: f64,
    energy_parts_mj: EnergyJson,
    area_mm2: f64,
    #[serde(flatten)]
    work: WorkJson,
    layers: Vec<LayerJson>,
}

#[derive(Serialize)]
struct EnergyJson {
    mac: f64,
    sram: f64,
    dram: f64,
}

#[derive(Serialize)]
struct WorkJson {
    macs: u64,
    folds: u64,
    compute_cycles: u64,
    stall_cycles: u64,
    total_cycles: u64,
    utilization: f64,
    sram: SramJson,
    dram_bytes: DramJson,
}

#[derive(Serialize)]
struct SramJson {
    input_reads: u64,
    filter_reads: u64,
    output_reads: u64,
    output_writes: u64,
}

#[derive(Serialize)]
struct DramJson {
    input: u64,
    filter: u64,
    output_reads: u64,
    output_writes: u64,
}

#[derive(Serialize)]
struct LayerJson {
    name: String,
    op: &'static str,
    products: Vec<ProductJson>,
    #[serde(flatten)]
    work: WorkJson,
}

#[derive(Serialize)]
struct ProductJson {
    count: u64,
    pixels: u64,
    depth: u64,
    outputs: u64,
}

/// A network on each of these accelerators.
pub(crate) fn accelerator_costs(
    graph: &Graph,
    costs: &NetworkCosts,
    texts: &[String],
) -> Result<Vec<(Accelerator, AcceleratorCosts)>, Failure> {
    let price = |text: &String| {
        let accelerator = Accelerator::parse(text)?;
        Ok((accelerator, AcceleratorCosts::of(graph, costs, &accelerator)))
    };
    texts.iter().map(price).collect()
}

impl AcceleratorJson {
    pub(crate) fn new(accelerator: &Accelerator, costs: &AcceleratorCosts) -> Self {
        let energy = &costs.energy;
        Self {
            accelerator: accelerator.to_string(),
            latency_ms: costs.latency_ms,
            energy_mj: energy.total_mj(),
            energy_parts_mj: EnergyJson { mac: energy.mac_mj, sram: energy.sram_mj, dram: energy.dram_mj },
            area_mm2: costs.area_mm2,
            work: WorkJson::new(&costs.work, accelerator),
            layers: costs.layers.iter().map(|layer| LayerJson::new(layer, accelerator)).collect(),
        }
    }
}

impl LayerJson {
    fn new(layer: &LayerOnArray, accelerator: &Accelerator) -> Self {
        let products = layer.products.iter().map(|product| ProductJson {
            count: product.count,
            pixels: product.pixels,
            depth: product.depth,
            outputs: product.outputs,
        });
        Self {
            name: layer.name.clone(),
            op: layer.op,
            products: products.collect(),
            work: WorkJson::new(&layer.work, accelerator),
        }
    }
}

impl WorkJson {
    fn new(work: &ArrayWork, accelerator: &Accelerator) -> Self {
        Self {
            macs: work.macs,
            folds: work.folds,
            compute_cycles: work.compute_cycles,
            stall_cycles: work.stall_cycles,
            total_cycles: work.total_cycles(),
            utilization: work.utilization(accelerator),
            sram: SramJson {
                input_reads: work.sram.input_reads,
                filter_reads: work.sram.filter_reads,
                output_reads: work.sram.output_reads,
                output_writes: work.sram.output_writes,
            },
            dram_bytes: DramJson {
                input: work.dram.input,
                filter: work.dram.filter,
                output_reads: work.dram.output_reads,
                output_writes: work.dram.output_writes,
            },
        }
    }
}

/// A line for each layer and the sums.
pub(crate) fn print_accelerator(accelerator: &Accelerator, costs: &AcceleratorCosts) -> Result<(), Failure> {
    print_line(&format!("accelerator {accelerator}"))?;
    let width = costs.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0);
    for layer in &costs.layers {
        print_line(&format!("  {:width$}  {}", layer.name, work_line(&layer.work, accelerator)))?;
    }
    print_line(&format!("  {:width$}  {}", "", work_line(&costs.work, accelerator)))?;
    let energy = &costs.energy;
    print_line(&format!(
        "  latency {:.4} ms, energy {:.4} mJ (MACs {:.4}, memories {:.4}, DRAM {:.4}), area {:.3} mm²",
        costs.latency_ms,
        energy.total_mj(),
        energy.mac_mj,
        energy.sram_mj,
        energy.dram_mj,
        costs.area_mm2
    ))
}

fn work_line(work: &ArrayWork, accelerator: &Accelerator) -> String {
    format!(
        "{:>12} MACs {:>10} cycles {:>10} waiting {:>4.0} % used {:>10} B of DRAM",
        work.macs,
        work.compute_cycles,
        work.stall_cycles,
        100.0 * work.utilization(accelerator),
        work.dram.total()
    )
}
