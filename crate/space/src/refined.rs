use nas_arch::Graph;

use crate::{GeneTree, Genotype, Space};

/// A space with fewer choices: some values of its genes are left away.
pub struct Refined {
    space: Box<dyn Space>,
    genes: GeneTree,
    /// For each gene, the values of the whole space that are left.
    kept: Vec<Vec<u16>>,
}

impl Refined {
    /// What is left of a space when each gene keeps these values only.
    ///
    /// # Panics
    /// If there are not values for each gene, a gene keeps none, or hardware is searched too.
    #[must_use]
    pub fn new(space: Box<dyn Space>, kept: Vec<Vec<u16>>) -> Self {
        assert!(space.hardware().is_none(), "the choices of hardware stay");
        Self { genes: space.genes().keeping(&kept), space, kept }
    }

    /// The same choices as a genotype of the whole space.
    #[must_use]
    pub fn whole(&self, genotype: &Genotype) -> Genotype {
        let mut whole = Genotype(vec![0; genotype.0.len()]);
        for gene in self.genes.active(genotype) {
            whole.0[gene] = self.kept[gene][usize::from(genotype.0[gene])];
        }
        whole
    }
}

impl Space for Refined {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        self.space.graph(&self.whole(genotype))
    }

    fn shares_no_weights(&self) -> Option<&'static str> {
        self.space.shares_no_weights()
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Shape;
    use nas_member::{SettingValue, Settings};

    use super::*;
    use crate::{Problem, space, spaces};

    fn layers(operators: Option<&[&str]>) -> Box<dyn Space> {
        let member = &spaces()[0];
        let words = operators.map(|ids| SettingValue::Words(ids.iter().map(ToString::to_string).collect()));
        let settings = Settings::new(&member.settings, |name| words.as_ref().filter(|_| name == "operators"));
        space(member.id, Problem { input: Shape::new(1, 8, 8), classes: 10 }, &settings).unwrap()
    }

    #[test]
    fn it_is_the_space_that_never_had_the_other_choices() {
        let expected = layers(Some(&["conv3x3", "max-pool"]));
        let whole = layers(None);
        let is_kept = |choice: &str| ["conv3x3", "max-pool"].contains(&choice);
        let kept = whole.genes().genes().iter().map(|gene| {
            let values = 0..gene.choices.len() as u16;
            let is_operator = gene.id.ends_with("operator");
            values.filter(|&value| !is_operator || is_kept(&gene.choices[usize::from(value)])).collect()
        });
        let kept: Vec<Vec<u16>> = kept.collect();
        let refined = Refined::new(whole, kept);
        assert_eq!(refined.genes().size(), expected.genes().size());
        assert_eq!(refined.genes().genes(), expected.genes().genes());
        for genotype in expected.genes().all().step_by(997) {
            assert_eq!(refined.decode(&genotype), expected.decode(&genotype), "{genotype:?}");
        }
    }
}
