use nas_member::Text;

use super::{Accelerator, Dataflow, Technology};

/// A known array.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Identifier in kebab-case.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
    /// Where its sizes come from, and where the real one differs.
    pub source: Text,
    sizes: [u32; 6],
    dataflow: Dataflow,
}

/// In the order in which they are listed. Sizes: rows, columns, KiB for activations, weights and results, bits.
const TEMPLATES: [Template; 5] = [
    Template {
        id: "scale-sim",
        title: Text::new("SCALE-Sim's example", "El ejemplo de SCALE-Sim"),
        source: Text::new(
            "scalesim-project/SCALE-Sim, configs/scale.cfg; the bits are chosen",
            "scalesim-project/SCALE-Sim, configs/scale.cfg; los bits son elegidos",
        ),
        sizes: [32, 32, 64, 64, 64, 8],
        dataflow: Dataflow::OutputStationary,
    },
    Template {
        id: "gemmini-chip",
        title: Text::new("Gemmini, small chip", "Gemmini, chip pequeño"),
        source: Text::new(
            "ucb-bar/gemmini, Configs.scala, chipConfig: one scratchpad of 64 KiB for both operands, here halved, and 32 KiB of accumulators",
            "ucb-bar/gemmini, Configs.scala, chipConfig: una memoria de 64 KiB para ambos operandos, aquí a medias, y 32 KiB de acumuladores",
        ),
        sizes: [16, 16, 32, 32, 32, 8],
        dataflow: Dataflow::WeightStationary,
    },
    Template {
        id: "gemmini",
        title: Text::new("Gemmini", "Gemmini"),
        source: Text::new(
            "ucb-bar/gemmini, Configs.scala, defaultConfig: one scratchpad of 128 KiB for both operands, here halved, and 128 KiB of accumulators",
            "ucb-bar/gemmini, Configs.scala, defaultConfig: una memoria de 128 KiB para ambos operandos, aquí a medias, y 128 KiB de acumuladores",
        ),
        sizes: [16, 16, 64, 64, 128, 8],
        dataflow: Dataflow::WeightStationary,
    },
    Template {
        id: "eyeriss-array",
        title: Text::new("Array as large as Eyeriss", "Matriz del tamaño de Eyeriss"),
        source: Text::new(
            "ARM-software/SCALE-Sim, configs/eyeriss.cfg; the bits are chosen. Eyeriss itself is row stationary",
            "ARM-software/SCALE-Sim, configs/eyeriss.cfg; los bits son elegidos. Eyeriss mismo deja quietas las filas",
        ),
        sizes: [12, 14, 512, 512, 256, 8],
        dataflow: Dataflow::WeightStationary,
    },
    Template {
        id: "tpu-v1",
        title: Text::new("TPU v1", "TPU v1"),
        source: Text::new(
            "scalesim-project/SCALE-Sim, configs/google.cfg; the bits are chosen",
            "scalesim-project/SCALE-Sim, configs/google.cfg; los bits son elegidos",
        ),
        sizes: [256, 256, 6144, 6144, 2048, 8],
        dataflow: Dataflow::WeightStationary,
    },
];

impl Template {
    /// The array, in the default technology.
    #[must_use]
    pub fn accelerator(&self) -> Accelerator {
        let [rows, columns, input_sram_kib, filter_sram_kib, output_sram_kib, bits] = self.sizes;
        Accelerator {
            rows,
            columns,
            dataflow: self.dataflow,
            input_sram_kib,
            filter_sram_kib,
            output_sram_kib,
            bits,
            technology: Technology::default(),
        }
    }
}

/// All templates.
#[must_use]
pub const fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template of this identifier.
#[must_use]
pub fn template(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_template_is_the_default() {
        assert_eq!(templates()[0].accelerator(), Accelerator::default());
    }

    #[test]
    fn identifiers_differ_and_find_their_template() {
        for expected in templates() {
            assert_eq!(template(expected.id).unwrap().accelerator(), expected.accelerator());
        }
        assert!(template("tpu").is_none());
    }
}
