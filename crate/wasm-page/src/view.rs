//! What the page is shown.

use nas_arch::Network;
use nas_cost::{Device, Estimate, NetworkCosts, Objective, Violation, devices, estimates};
use nas_data::DatasetInfo;
use nas_member::{Member, Text};
use nas_run::link::LinkKey;
use nas_run::{Priced, Refinement, RunConfig};
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
    /// One for each device and method.
    pub estimates: Vec<Estimate>,
    /// The configured limits that it breaks.
    pub violations: Vec<Violation>,
}

impl From<Priced> for PricedView {
    fn from(priced: Priced) -> Self {
        Self {
            name: priced.canonical.name(),
            network: priced.canonical.network,
            estimates: devices().iter().flat_map(|device| estimates(&priced.costs, device, &[])).collect(),
            costs: priced.costs,
            violations: priced.violations,
        }
    }
}
