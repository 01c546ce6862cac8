use clap::Args;
use nas_arch::{Network, reference};
use nas_cost::{
    Device, Estimate, Estimator, Memory, Moment, NetworkCosts, Prediction, Sample, Table, device, devices,
    estimates,
};
use serde::{Deserialize, Serialize};

use crate::accelerator::{AcceleratorJson, accelerator_costs, print_accelerator};
use crate::failure::Failure;
use crate::network::NetworkArguments;
use crate::{network, print_json, print_line};

/// The largest file of a device, a table or measurements that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// A device to estimate on, or a file of one's own (`*.json`); may be given several times. All, if neither a device nor an accelerator is
    /// given.
    #[arg(long, value_name = "ID or FILE")]
    device: Vec<String>,
    /// A table of operators' times (CSV) on the one device given: of `nas measure` for `this-browser`.
    #[arg(long, value_name = "FILE")]
    table: Option<String>,
    /// Measured networks on the one device given, to fit a prediction on: one JSON object a line, with a `network` (as in its
    /// file, or `ref:ID`) and its `latency_ms`.
    #[arg(long, value_name = "FILE")]
    measurements: Option<String>,
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
    order: OrderJson,
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

/// The order in which the layers run.
#[derive(Serialize)]
struct OrderJson {
    layers: Vec<String>,
    is_optimal: bool,
    given_order_peak_ram_bytes: u64,
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
        arguments.device.iter().map(|source| find_device(source)).collect::<Result<_, _>>()?
    };
    let (table, prediction) = fitted(arguments, &chosen)?;
    let table = table.as_ref().map(|table| table as &dyn Estimator);
    let prediction = prediction.as_ref().map(|prediction| prediction as &dyn Estimator);
    let fitted: Vec<&dyn Estimator> = table.into_iter().chain(prediction).collect();
    let estimates: Vec<Estimate> =
        chosen.into_iter().flat_map(|device| estimates(&costs, device, &fitted)).collect();
    if arguments.json {
        let mut json = CostJson::new(&costs, &estimates);
        json.accelerators
            .extend(accelerators.iter().map(|(array, costs)| AcceleratorJson::new(array, costs)));
        return print_json(&json);
    }
    print_table(&costs, &estimates)?;
    accelerators.iter().try_for_each(|(accelerator, costs)| print_accelerator(accelerator, costs))
}

/// A device by its identifier or in a file.
fn find_device(source: &str) -> Result<&'static Device, Failure> {
    if std::path::Path::new(source).extension().is_none_or(|extension| extension != "json") {
        return Ok(device(source)?);
    }
    let text = network::read_text(source, MAX_FILE_BYTES)?;
    Device::from_json(&text).map_err(|error| Failure::in_file(source, error))
}

/// The estimators that need measurements, if there are any.
fn fitted(arguments: &Arguments, chosen: &[&Device]) -> Result<(Option<Table>, Option<Prediction>), Failure> {
    let Arguments { table, measurements, .. } = arguments;
    if table.is_none() && measurements.is_none() {
        return Ok((None, None));
    }
    let [device] = chosen else {
        let problem = "--table and --measurements are of one device: name it with --device";
        return Err(Failure::Input(problem.to_owned()));
    };
    let read_table = |path: &String| {
        let text = network::read_text(path, MAX_FILE_BYTES)?;
        Table::from_csv(device.id, device.id == "this-browser", &text)
            .map_err(|error| Failure::in_file(path, error))
    };
    let read_samples = |path: &String| {
        let text = network::read_text(path, MAX_FILE_BYTES)?;
        predict(device, &text).map_err(|problem| Failure::in_file(path, problem))
    };
    Ok((table.as_ref().map(read_table).transpose()?, measurements.as_ref().map(read_samples).transpose()?))
}

/// A line of a file of measurements.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    network: NetworkOrReference,
    latency_ms: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NetworkOrReference {
    Reference(String),
    Network(Network),
}

fn predict(device: &Device, text: &str) -> Result<Prediction, String> {
    let mut measured = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = |problem: String| format!("line {}: {problem}", index + 1);
        let Measured { network, latency_ms } =
            serde_json::from_str(line).map_err(|error| at(error.to_string()))?;
        if !(latency_ms.is_finite() && latency_ms > 0.0) {
            return Err(at("latency_ms must be a positive number".to_owned()));
        }
        let network = match network {
            NetworkOrReference::Reference(name) => {
                let name = name.strip_prefix("ref:").unwrap_or(&name);
                reference(name).map_err(|error| at(error.to_string()))?
            }
            NetworkOrReference::Network(network) => network,
        };
        let graph = network.resolve().map_err(|error| at(error.to_string()))?;
        let costs = NetworkCosts::of(&graph).map_err(|error| at(error.to_string()))?;
        measured.push((costs, latency_ms));
    }
    let samples: Vec<Sample> =
        measured.iter().map(|(costs, latency_ms)| Sample { costs, latency_ms: *latency_ms }).collect();
    Prediction::fit(device.id, &samples).ok_or_else(|| "there are no measurements".to_owned())
}

impl CostJson {
    fn new(costs: &NetworkCosts, estimates: &[Estimate]) -> Self {
        let bytes = |memory: &Memory| Bytes {
            flash_bytes: memory.flash_bytes,
            peak_ram_bytes: memory.peak_ram_bytes,
        };
        let layer_name = |moment: &Moment| costs.layers[moment.layer as usize].name.clone();
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
            order: OrderJson {
                layers: costs.memory.int8.timeline.iter().map(layer_name).collect(),
                is_optimal: costs.memory.is_order_optimal,
                given_order_peak_ram_bytes: costs.memory.given_order_peak_ram_bytes,
            },
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
        let error = estimate.error_percent.map_or_else(|| "?".to_owned(), |error| format!("{error:.1}"));
        print_line(&format!(
            "{:20} {:13} {:12.4} ms ± {error} %  {energy}  ({})",
            estimate.device,
            estimate.method.id(),
            estimate.latency_ms,
            estimate.note.en
        ))?;
    }
    Ok(())
}
