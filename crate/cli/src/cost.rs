use clap::Args;
use nas_cost::{Device, Estimate, Memory, NetworkCosts, device, devices, estimates};
use serde::Serialize;

use crate::accelerator::{AcceleratorJson, accelerator_costs, print_accelerator};
use crate::failure::Failure;
use crate::network::NetworkArguments;
use crate::{print_json, print_line};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// A device to estimate on; may be given several times. All, if neither a device nor an accelerator is given.
    #[arg(long, value_name = "ID")]
    device: Vec<String>,
    /// A systolic array to run it on, as in `rows=16,columns=16,dataflow=ws` or `template=gemmini`; may be given several times.
    #[arg(long, value_name = "PARAMETERS")]
    accelerator: Vec<String>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The documented JSON: stable, unlike the crate's own types.
#[derive(Serialize)]
struct CostJson {
    params: u64,
    params_total: u64,
    params_deployed: u64,
    macs: u64,
    flops: u64,
    memory: MemoryJson,
    estimates: Vec<EstimateJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accelerators: Vec<AcceleratorJson>,
}

#[derive(Serialize)]
struct MemoryJson {
    int8: Bytes,
    f32: Bytes,
}

#[derive(Serialize)]
struct Bytes {
    flash_bytes: u64,
    peak_ram_bytes: u64,
}

#[derive(Serialize)]
struct EstimateJson {
    device: &'static str,
    method: nas_cost::Method,
    latency_ms: f64,
    energy_mj: Option<f64>,
    error_percent: Option<f64>,
}

pub(crate) fn cost(arguments: &Arguments) -> Result<(), Failure> {
    let graph = arguments.network.read()?.resolve()?;
    let costs = NetworkCosts::of(&graph)?;
    let accelerators = accelerator_costs(&graph, &costs, &arguments.accelerator)?;
    let chosen: Vec<&Device> = if arguments.device.is_empty() && accelerators.is_empty() {
        devices().iter().collect()
    } else {
        arguments.device.iter().map(|id| device(id)).collect::<Result<_, _>>()?
    };
    let estimates: Vec<Estimate> = chosen.into_iter().flat_map(|device| estimates(&costs, device)).collect();
    if arguments.json {
        let mut json = CostJson::new(&costs, &estimates);
        json.accelerators
            .extend(accelerators.iter().map(|(array, costs)| AcceleratorJson::new(array, costs)));
        return print_json(&json);
    }
    print_table(&costs, &estimates)?;
    accelerators.iter().try_for_each(|(accelerator, costs)| print_accelerator(accelerator, costs))
}

impl CostJson {
    fn new(costs: &NetworkCosts, estimates: &[Estimate]) -> Self {
        let bytes = |memory: &Memory| Bytes {
            flash_bytes: memory.flash_bytes,
            peak_ram_bytes: memory.peak_ram_bytes,
        };
        let estimate = |estimate: &Estimate| EstimateJson {
            device: estimate.device,
            method: estimate.method,
            latency_ms: estimate.latency_ms,
            energy_mj: estimate.energy_mj,
            error_percent: estimate.error_percent,
        };
        Self {
            params: costs.params,
            params_total: costs.params_total,
            params_deployed: costs.params_deployed,
            macs: costs.macs,
            flops: costs.flops,
            memory: MemoryJson { int8: bytes(&costs.memory.int8), f32: bytes(&costs.memory.f32) },
            estimates: estimates.iter().map(estimate).collect(),
            accelerators: Vec::new(),
        }
    }
}

fn print_table(costs: &NetworkCosts, estimates: &[Estimate]) -> Result<(), Failure> {
    print_line(&format!(
        "parameters {} (with running statistics {}, deployed {})",
        costs.params, costs.params_total, costs.params_deployed
    ))?;
    print_line(&format!("MACs {}, FLOPs {}", costs.macs, costs.flops))?;
    for (kind, memory) in [("int8", &costs.memory.int8), ("f32", &costs.memory.f32)] {
        print_line(&format!(
            "memory at {kind}: flash {} B, peak RAM {} B",
            memory.flash_bytes, memory.peak_ram_bytes
        ))?;
    }
    for estimate in estimates {
        let energy = estimate.energy_mj.map_or_else(|| "–".to_owned(), |energy| format!("{energy:.4} mJ"));
        print_line(&format!(
            "{:14} {:12.4} ms  {energy}  ({})",
            estimate.device, estimate.latency_ms, estimate.note.en
        ))?;
    }
    Ok(())
}
