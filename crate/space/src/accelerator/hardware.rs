use nas_cost::{
    Accelerator, Dataflow, MAX_ARRAY_SIDE, MAX_SRAM_KIB, OPERAND_BITS, TECHNOLOGY_PARAMETERS, templates,
};
use nas_member::{Choice, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{Gene, Genotype};

/// The most arrays that one genotype proposes.
const MAX_CONFIGURATIONS: u32 = 4;
/// The most values of one parameter.
const MOST_VALUES: u32 = 8;
/// Bounds of the numbers of the technology.
const TECHNOLOGY_BOUNDS: [f64; 2] = [1e-6, 1e6];

const TEMPLATES: &str = "templates";

/// A number of an array that is searched: name, title, bounds and the values it is searched in when nothing is said.
struct Size {
    name: &'static str,
    title: Text,
    bounds: [u32; 2],
    values: &'static [u32],
}

const SIDES: [u32; 2] = [1, MAX_ARRAY_SIDE];
const SRAM_KIB: [u32; 2] = [1, MAX_SRAM_KIB];

const fn size(name: &'static str, title: Text, bounds: [u32; 2], values: &'static [u32]) -> Size {
    Size { name, title, bounds, values }
}

/// Names are those of [`Accelerator::parse`].
const SIZES: [Size; 6] = [
    size("rows", Text::new("Rows", "Filas"), SIDES, &[4, 8, 16, 32]),
    size("columns", Text::new("Columns", "Columnas"), SIDES, &[4, 8, 16, 32]),
    size(
        "input_sram_kib",
        Text::new("Memory of the activations (KiB)", "Memoria de las activaciones (KiB)"),
        SRAM_KIB,
        &[8, 32, 128],
    ),
    size(
        "filter_sram_kib",
        Text::new("Memory of the weights (KiB)", "Memoria de los pesos (KiB)"),
        SRAM_KIB,
        &[8, 32, 128],
    ),
    size(
        "output_sram_kib",
        Text::new("Memory of the results (KiB)", "Memoria de los resultados (KiB)"),
        SRAM_KIB,
        &[8, 32, 128],
    ),
    size("bits", Text::new("Bits", "Bits"), OPERAND_BITS, &[8]),
];

/// What the space declares of its arrays.
pub(super) fn settings() -> Vec<Setting> {
    let words = |name, title, choices: Vec<&'static str>| Setting {
        name,
        title,
        default: SettingValue::Words(choices.iter().map(ToString::to_string).collect()),
        kind: SettingKind::Words { choices },
    };
    let mut settings = vec![
        Setting {
            name: "hardware",
            title: Text::new("Arrays", "Matrices"),
            kind: SettingKind::Choice {
                choices: vec![
                    Choice::new("parameters", "each parameter a gene", "cada parámetro un gen"),
                    Choice::new(TEMPLATES, "one of the templates", "una de las plantillas"),
                ],
            },
            default: SettingValue::Word("parameters".into()),
        },
        Setting {
            name: "configurations",
            title: Text::new("Arrays for each network", "Matrices por red"),
            kind: SettingKind::Integer { min: 1, max: MAX_CONFIGURATIONS },
            default: SettingValue::Integer(1),
        },
        words(
            TEMPLATES,
            Text::new("Templates", "Plantillas"),
            templates().iter().map(|template| template.id).collect(),
        ),
        words(
            "dataflows",
            Text::new("Dataflows", "Flujos de datos"),
            Dataflow::ALL.map(Dataflow::id).to_vec(),
        ),
    ];
    settings.extend(SIZES.iter().map(|size| Setting {
        name: size.name,
        title: size.title,
        kind: SettingKind::Numbers { min: size.bounds[0], max: size.bounds[1], at_most: MOST_VALUES },
        default: SettingValue::Numbers(size.values.to_vec()),
    }));
    settings.extend(TECHNOLOGY_PARAMETERS.iter().map(|parameter| Setting {
        name: parameter.name,
        title: parameter.title,
        kind: SettingKind::Real { min: TECHNOLOGY_BOUNDS[0], max: TECHNOLOGY_BOUNDS[1] },
        default: SettingValue::Real(parameter.default),
    }));
    settings
}

/// The arrays of a space: which genes describe them, and where these begin in a genotype.
#[derive(Debug, Clone)]
pub struct Hardware {
    first_gene: usize,
    /// Genes of all configurations, one after the other.
    genes: Vec<Gene>,
    /// Names of the genes of one configuration, as [`Accelerator::parse`] has them.
    names: Vec<&'static str>,
    /// What is the same for all, `name=value` each.
    technology: Vec<String>,
}

impl Hardware {
    /// The hardware that `settings` describe; its genes stand from `first_gene` on.
    ///
    /// # Panics
    /// If the settings are not those of [`settings`].
    pub(super) fn new(settings: &Settings, first_gene: usize) -> Self {
        let (names, genes) = one_array(settings);
        let configurations = settings.integer("configurations");
        let numbered = |number: u32, gene: &Gene| {
            let array = if configurations == 1 { "array".to_owned() } else { format!("array{number}") };
            Gene { id: format!("{array}.{}", gene.id), ..gene.clone() }
        };
        let genes = (1..=configurations)
            .flat_map(|number| genes.iter().map(move |gene| numbered(number, gene)))
            .collect();
        let technology = TECHNOLOGY_PARAMETERS
            .iter()
            .map(|parameter| format!("{}={}", parameter.name, settings.real(parameter.name)))
            .collect();
        Self { first_gene, genes, names, technology }
    }

    /// The genes, without those of the network.
    #[must_use]
    pub fn genes(&self) -> &[Gene] {
        &self.genes
    }

    /// The arrays that a genotype proposes for its network, one for each configuration.
    ///
    /// # Panics
    /// If it is no genotype of the space.
    #[must_use]
    pub fn accelerators(&self, genotype: &Genotype) -> Vec<Accelerator> {
        self.decode(&genotype.0[self.first_gene..])
    }

    /// The arrays of a network that was not drawn from the space: each gene has its first choice.
    #[must_use]
    pub fn first(&self) -> Vec<Accelerator> {
        self.decode(&vec![0; self.genes.len()])
    }

    fn decode(&self, values: &[u16]) -> Vec<Accelerator> {
        let chosen = self.genes.iter().zip(values);
        let parts: Vec<&str> =
            chosen.map(|(gene, &value)| gene.choices[usize::from(value)].as_str()).collect();
        let arrays = parts.chunks(self.names.len());
        arrays.map(|parts| self.array(parts)).collect()
    }

    fn array(&self, parts: &[&str]) -> Accelerator {
        let named = self.names.iter().zip(parts).map(|(name, part)| format!("{name}={part}"));
        let text: Vec<String> = named.chain(self.technology.iter().cloned()).collect();
        Accelerator::parse(&text.join(",")).expect("settings are within the bounds of accelerators")
    }
}

/// Names and genes of one array.
fn one_array(settings: &Settings) -> (Vec<&'static str>, Vec<Gene>) {
    if settings.word("hardware") == TEMPLATES {
        let name = "template";
        return (vec![name], vec![Gene::new(name, settings.words(TEMPLATES))]);
    }
    let sizes = SIZES.iter().map(|size| (size.name, Gene::ordinal(size.name, settings.numbers(size.name))));
    let dataflow = ("dataflow", Gene::new("dataflow", settings.words("dataflows")));
    sizes.chain([dataflow]).unzip()
}
