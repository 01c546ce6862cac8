//! `accelerator`: a network together with the systolic array that runs it.

mod hardware;

use nas_arch::Graph;
use nas_member::{Choice, Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{GeneTree, Genotype, Space, SuperNetwork};
pub use hardware::Hardware;

/// A network space joined with hardware: a genotype has the genes of the network, then those of its arrays.
pub struct Joint {
    network: Box<dyn Space>,
    hardware: Hardware,
    genes: GeneTree,
}

impl Joint {
    /// Identifier of the space.
    pub const ID: &'static str = "accelerator";
    /// The setting that names the network space.
    pub const NETWORK: &'static str = "network";

    /// How it is listed; `networks` are the spaces it can be joined to.
    pub(crate) fn member(networks: &[Member]) -> Member {
        let choices: Vec<Choice> =
            networks.iter().map(|member| Choice { id: member.id, title: member.title }).collect();
        let network = Setting {
            name: Self::NETWORK,
            title: Text::new("Networks", "Redes"),
            default: SettingValue::Word(choices[0].id.to_owned()),
            kind: SettingKind::Choice { choices },
        };
        Member {
            id: Self::ID,
            title: Text::new("Accelerator", "Acelerador"),
            sentence: Text::new(
                "A network of another space and, beside it, the systolic array that runs it: both are searched together.",
                "Una red de otro espacio y, junto a ella, la matriz sistólica que la ejecuta: se buscan las dos a la vez.",
            ),
            settings: std::iter::once(network).chain(hardware::settings()).collect(),
        }
    }

    /// Joins a network space with the hardware that `settings` describe.
    ///
    /// # Panics
    /// If the settings are not those that the space declares.
    #[must_use]
    pub fn new(network: Box<dyn Space>, settings: &Settings) -> Self {
        let mut genes = network.genes().genes().to_vec();
        let hardware = Hardware::new(settings, genes.len());
        genes.extend(hardware.genes().iter().cloned());
        Self { network, hardware, genes: GeneTree::new(genes) }
    }

    /// The genes of the network alone; they are the first.
    fn of_network(&self, genotype: &Genotype) -> Genotype {
        Genotype(genotype.0[..self.network.genes().genes().len()].to_vec())
    }
}

impl Space for Joint {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        self.network.graph(&self.of_network(genotype))
    }

    fn shares_no_weights(&self) -> Option<&'static str> {
        Some("hardware is searched with its networks: choose the networks' own space")
    }

    fn super_network(&self, genotype: &Genotype) -> Option<SuperNetwork> {
        self.network.super_network(&self.of_network(genotype))
    }

    fn hardware(&self) -> Option<&Hardware> {
        Some(&self.hardware)
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Shape;
    use nas_cost::{Accelerator, templates};
    use nas_numerics::Rng;
    use num_bigint::BigUint;

    use super::*;
    use crate::{Problem, space, spaces};

    const DIGITS: Problem = Problem { input: Shape::new(1, 8, 8), classes: 10 };

    fn joint(chosen: &[(&str, SettingValue)]) -> (Box<dyn Space>, Box<dyn Space>) {
        let members = spaces();
        let member = |id: &str| members.iter().find(|member| member.id == id).unwrap();
        let settings = Settings::new(&member(Joint::ID).settings, |name| {
            chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        });
        let layers = space("layers", DIGITS, &Settings::defaults(&member("layers").settings)).unwrap();
        (space(Joint::ID, DIGITS, &settings).unwrap(), layers)
    }

    #[test]
    fn sizes_multiply() {
        let (joint, layers) = joint(&[]);
        // Rows, columns, dataflow, three memories, bits.
        let arrays = 4 * 4 * 3 * 3 * 3 * 3;
        assert_eq!(joint.genes().size(), layers.genes().size() * BigUint::from(arrays as u32));
    }

    #[test]
    fn the_network_is_that_of_its_own_space() {
        let (joint, layers) = joint(&[]);
        let mut rng = Rng::for_purpose(1, "test", 0);
        for _ in 0..50 {
            let genotype = joint.genes().draw(&mut rng);
            let part = Genotype(genotype.0[..layers.genes().genes().len()].to_vec());
            layers.genes().check(&part).unwrap();
            assert_eq!(joint.decode(&genotype), layers.decode(&part));
        }
    }

    #[test]
    fn each_parameter_is_a_gene() {
        let rows = SettingValue::Numbers(vec![3, 5]);
        let clock = SettingValue::Real(123.0);
        let (joint, layers) = joint(&[("rows", rows), ("clock_mhz", clock)]);
        let of_network = layers.genes().genes().len();
        let mut genotype = Genotype(vec![0; joint.genes().genes().len()]);
        let named = |name: &str| {
            of_network + joint.genes().genes()[of_network..].iter().position(|gene| gene.id == name).unwrap()
        };
        genotype.0[named("array.rows")] = 1;
        genotype.0[named("array.columns")] = 2;
        genotype.0[named("array.dataflow")] = 1;
        genotype.0[named("array.filter_sram_kib")] = 2;
        let expected = "rows=5,columns=16,dataflow=ws,input_sram_kib=8,filter_sram_kib=128,output_sram_kib=8,clock_mhz=123";
        let found = joint.hardware().unwrap().accelerators(&genotype);
        assert_eq!(found, [Accelerator::parse(expected).unwrap()]);
        let ordinal = |name: &str| joint.genes().genes()[named(name)].is_ordinal;
        assert!(ordinal("array.rows") && !ordinal("array.dataflow"));
    }

    #[test]
    fn templates_are_one_gene() {
        let kind = SettingValue::Word("templates".into());
        let (joint, layers) = joint(&[("hardware", kind)]);
        let count = templates().len() as u32;
        assert_eq!(joint.genes().size(), layers.genes().size() * BigUint::from(count));
        let mut genotype = Genotype(vec![0; joint.genes().genes().len()]);
        for (index, template) in templates().iter().enumerate() {
            *genotype.0.last_mut().unwrap() = index as u16;
            assert_eq!(joint.hardware().unwrap().accelerators(&genotype), [template.accelerator()]);
        }
    }

    #[test]
    fn one_network_may_have_several_configurations() {
        let kind = SettingValue::Word("templates".into());
        let (joint, _) = joint(&[("hardware", kind), ("configurations", SettingValue::Integer(3))]);
        let mut genotype = Genotype(vec![0; joint.genes().genes().len()]);
        let first = genotype.0.len() - 3;
        genotype.0[first..].copy_from_slice(&[4, 0, 2]);
        let expected = [4, 0, 2].map(|index: usize| templates()[index].accelerator());
        assert_eq!(joint.hardware().unwrap().accelerators(&genotype), expected);
        assert_eq!(joint.genes().genes()[first + 1].id, "array2.template");
    }

    #[test]
    fn other_spaces_have_no_hardware() {
        let (_, layers) = joint(&[]);
        assert!(layers.hardware().is_none());
    }
}
