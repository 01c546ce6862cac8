//! What the page is shown.

use nas_arch::Network;
use nas_cost::{
    Accelerator, AcceleratorCosts, Device, Estimate, Estimator, NetworkCosts, Objective, Table, Violation,
    devices, estimates,
};
use nas_data::DatasetInfo;
use nas_member::{Member, Text};
use nas_run::link::LinkKey;
use nas_run::{CandidateCosts, Priced, Refinement, RunConfig};
use nas_space::{Gene, Genotype};
use serde::Serialize;
use ts_rs::TS;

/// Everything there is to choose from.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct Catalog {
    pub datasets: Vec<DatasetInfo>,
    pub spaces: Vec<Member>,
    pub strategies: Vec<Member>,
    pub evaluations: Vec<Member>,
    pub devices: Vec<Device>,
    pub objectives: Vec<ObjectiveView>,
    /// All keys of a link.
    pub keys: Vec<LinkKey>,
    /// The run of an empty link.
    pub defaults: RunConfig,
    /// Version of the arithmetic.
    pub numerics: u32,
    /// Version of the program.
    pub version: &'static str,
}

/// A cost that can be traded against accuracy.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct ObjectiveView {
    pub id: Objective,
    pub title: Text,
    /// Unit of its values; empty for a count.
    pub unit: &'static str,
}

/// A search space as configured.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct SpaceView {
    /// Exact number of genotypes, as decimal digits.
    pub size: String,
    pub genes: Vec<GeneView>,
    /// What was left away from it, where the run asks for that.
    pub refinement: Option<Refinement>,
}

/// A candidate that is like a given network.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct AlikeView {
    pub genes: Genotype,
    /// Edit distance between the networks: about one for each layer too much or too few; 0 for the same network.
    pub distance: f64,
}

/// A gene.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct GeneView {
    pub id: String,
    pub choices: Vec<String>,
    /// Index of the gene that decides whether this one matters; none if it always does.
    pub parent: Option<usize>,
    /// Values of that gene under which this one matters.
    pub active_when: Vec<u16>,
}

impl From<&Gene> for GeneView {
    fn from(gene: &Gene) -> Self {
        Self {
            id: gene.id.clone(),
            choices: gene.choices.clone(),
            parent: gene.parent.as_ref().map(|parent| parent.gene),
            active_when: gene.parent.as_ref().map_or_else(Vec::new, |parent| parent.values.clone()),
        }
    }
}

/// A candidate decoded and priced on every device.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct CandidateView {
    pub genes: Genotype,
    #[serde(flatten)]
    pub priced: PricedView,
}

/// A network priced on every device.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct PricedView {
    pub name: String,
    /// In canonical form.
    pub network: Network,
    pub costs: NetworkCosts,
    /// What it costs on its accelerator or the run's devices, as the log has it.
    pub summary: CandidateCosts,
    /// One for each device and method.
    pub estimates: Vec<Estimate>,
    /// The array that it runs on, where hardware is searched too.
    pub accelerator: Option<ArrayView>,
    /// The configured limits that it breaks.
    pub violations: Vec<Violation>,
}

/// A systolic array, and how a network uses it.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct ArrayView {
    pub rows: u32,
    pub columns: u32,
    /// Identifier of the dataflow: `os`, `ws` or `is`.
    pub dataflow: &'static str,
    /// Memories of the activations, the weights and the results, in KiB.
    pub sram_kib: [u32; 3],
    /// Bits of an activation or a weight.
    pub bits: u32,
    /// Cycles of one inference, without waiting for memory.
    #[ts(type = "number")]
    pub compute_cycles: u64,
    /// Cycles of waiting for memory.
    #[ts(type = "number")]
    pub stall_cycles: u64,
    /// Share of the units' cycles that multiply.
    pub utilization: f64,
}

impl PricedView {
    /// On every device, the user's own one first. Estimates come from a table, too, where there is one.
    pub(crate) fn new(priced: Priced, own: Option<&Device>, table: Option<&Table>) -> Self {
        let fitted = table.map(|table| table as &dyn Estimator);
        let estimates = (own.into_iter().chain(devices()))
            .flat_map(|device| estimates(&priced.costs, device, fitted.as_slice()));
        Self {
            estimates: estimates.collect(),
            name: priced.canonical.name(),
            network: priced.canonical.network(),
            accelerator: priced.accelerator.as_ref().map(ArrayView::from),
            costs: priced.costs,
            summary: priced.summary,
            violations: priced.violations,
        }
    }
}

impl From<&(Accelerator, AcceleratorCosts)> for ArrayView {
    fn from((array, costs): &(Accelerator, AcceleratorCosts)) -> Self {
        Self {
            rows: array.rows,
            columns: array.columns,
            dataflow: array.dataflow.id(),
            sram_kib: [array.input_sram_kib, array.filter_sram_kib, array.output_sram_kib],
            bits: array.bits,
            compute_cycles: costs.work.compute_cycles,
            stall_cycles: costs.work.stall_cycles,
            utilization: costs.work.utilization(array),
        }
    }
}

/// A table of measurements that was read.
#[derive(Serialize, TS)]
#[ts(export)]
pub(crate) struct TableView {
    /// Its digest, by which a configuration names it.
    pub sha256: String,
    /// The table as it is written: without comments.
    pub csv: String,
    pub rows: u32,
    /// Kinds of operators without a row; a run needs a row of each.
    pub missing: Vec<&'static str>,
}
