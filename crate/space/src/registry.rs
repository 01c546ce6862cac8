use nas_arch::{Graph, Network, Shape};
use nas_member::{Member, Settings};
use thiserror::Error;

use crate::{
    Cell, Custom, CustomError, Fire, GeneTree, Genotype, Hardware, Hierarchical, Hybrid, Joint, Layers,
    MetaKernel, Mobile, Signal,
};

/// What a network has to fit: the images and the classes of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Shape of one image.
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
}

/// A search space over one problem.
pub trait Space: Send + Sync {
    /// The genes.
    fn genes(&self) -> &GeneTree;

    /// The network that a genotype stands for, resolved. Every genotype of the space decodes to a sound network.
    fn graph(&self, genotype: &Genotype) -> Graph;

    /// The same, layer by layer.
    fn decode(&self, genotype: &Genotype) -> Network {
        self.graph(genotype).network()
    }

    /// The hardware that is searched together with the networks, if any is.
    fn hardware(&self) -> Option<&Hardware> {
        None
    }

    /// Why the networks of this space cannot share their weights, each as a path through a super-network; none if they can: layers of
    /// equal names are then the same operator in the same place, of which only the numbers of channels differ.
    fn shares_no_weights(&self) -> Option<&'static str> {
        Some(
            "the layers of its networks have no names by which weights could be shared: choose layers or cell",
        )
    }

    /// One network that holds all choices of some genes at once, the other genes as this genotype has them; none if the
    /// space cannot be searched by gradients.
    fn super_network(&self, _genotype: &Genotype) -> Option<SuperNetwork> {
        None
    }
}

/// A network in which the weights of a mixture stand for the choices of a gene.
#[derive(Debug, Clone, PartialEq)]
pub struct SuperNetwork {
    /// The network.
    pub network: Network,
    /// Genes, by index, and the layers that mix their choices. Part i of the mixture is choice i; choices beyond its last
    /// part make the same network as that one.
    pub mixtures: Vec<(usize, String)>,
}

/// Why a space cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpaceError {
    /// No space of that name.
    #[error("there is no search space '{id}': use one of {known}")]
    Unknown {
        /// The name given.
        id: String,
        /// The names there are.
        known: String,
    },
    /// A space whose networks would make no sense on these data, or not with these settings.
    #[error("the search space '{id}' cannot be searched here: {reason}")]
    Unsuitable {
        /// Its identifier.
        id: &'static str,
        /// What is in the way, and what to choose instead.
        reason: String,
    },
    /// A file that is no space.
    #[error("not a search space: {0}")]
    Custom(#[from] CustomError),
}

type Make = fn(Problem, &Settings) -> Result<Box<dyn Space>, SpaceError>;

/// One line for each space of networks. [`Joint`] joins each of them with hardware.
const REGISTRY: [(fn() -> Member, Make); 9] = [
    (Layers::member, |problem, settings| Ok(Box::new(Layers::new(problem, settings)))),
    (Fire::member, |problem, settings| Ok(Box::new(Fire::new(problem, settings)?))),
    (Mobile::member, |problem, settings| Ok(Box::new(Mobile::new(problem, settings)?))),
    (Cell::member, |problem, settings| Ok(Box::new(Cell::new(problem, settings)?))),
    (Hybrid::member, |problem, settings| Ok(Box::new(Hybrid::new(problem, settings)?))),
    (Hierarchical::member, |problem, settings| Ok(Box::new(Hierarchical::new(problem, settings)?))),
    (Signal::member, |problem, settings| Ok(Box::new(Signal::new(problem, settings)?))),
    (MetaKernel::member, |problem, settings| Ok(Box::new(MetaKernel::new(problem, settings)?))),
    (Custom::member, |_, _| Err(Custom::without_file())),
];

/// All spaces, as lists show them.
#[must_use]
pub fn spaces() -> Vec<Member> {
    let mut members: Vec<Member> = REGISTRY.iter().map(|(member, _)| member()).collect();
    members.push(Joint::member(&members));
    members
}

/// The space of that identifier. The networks of `accelerator` are those of a space with its defaults;
/// [`configured_space`] takes settings for them.
///
/// # Errors
/// If there is none, or it does not go with the problem.
pub fn space(id: &str, problem: Problem, settings: &Settings) -> Result<Box<dyn Space>, SpaceError> {
    let settings_of = |member: &Member| match member.id {
        other if other == id => settings.clone(),
        _ => Settings::defaults(&member.settings),
    };
    configured_space(id, problem, &settings_of, None)
}

/// The space of that identifier, with the settings that each member involved is given, and the file of the space `custom`.
///
/// # Errors
/// If there is none, or it does not go with the problem.
pub fn configured_space(
    id: &str,
    problem: Problem,
    settings_of: &dyn Fn(&Member) -> Settings,
    custom: Option<&str>,
) -> Result<Box<dyn Space>, SpaceError> {
    let members = spaces();
    let member = members.iter().find(|member| member.id == id).ok_or_else(|| SpaceError::Unknown {
        id: id.to_owned(),
        known: members.iter().map(|member| member.id).collect::<Vec<_>>().join(", "),
    })?;
    let settings = settings_of(member);
    if let Some(file) = custom.filter(|_| id == Custom::ID) {
        return Ok(Box::new(Custom::from_json(problem, file)?));
    }
    if let Some((_, make)) = REGISTRY.iter().find(|(member, _)| member().id == id) {
        return make(problem, &settings);
    }
    let network = configured_space(settings.word(Joint::NETWORK), problem, settings_of, custom)?;
    Ok(Box::new(Joint::new(network, &settings)))
}
