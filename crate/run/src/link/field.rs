use nas_cost::{DeviceLimit, Method, Objective, Over};
use nas_member::{SettingValue, Text, parse_real};
use nas_search::strategies;
use nas_space::{Genotype, MAX_CUSTOM_BYTES, spaces};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    Formulation, MAX_CANDIDATES, MAX_EPOCHS, MAX_REPLICATES, MAX_STARTS, MAX_WIDTH, RunConfig, evaluations,
};

use super::{device_ids, ids, packed_text, priced_ids};

/// Largest whole number that JavaScript holds exactly.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// A key of a link, as the documentation and forms show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LinkKey {
    /// The key.
    pub key: String,
    /// Version of the link format that brought it.
    pub since: u32,
    /// What values it takes, in words.
    pub expected: String,
    /// Its value when the link does not name it; empty for none.
    pub default: String,
    /// What it means.
    pub meaning: Text,
}

/// A key with its place in the configuration.
pub(super) struct Field {
    pub(super) key: &'static str,
    meaning: Text,
    place: Place,
}

/// Where a value lies and what it may be.
enum Place {
    /// One of some identifiers.
    Id(fn(&mut RunConfig) -> &mut String, fn() -> Vec<&'static str>),
    /// A dataset; which ones there are is known outside.
    Data(fn(&mut RunConfig) -> &mut String),
    Objective(fn(&mut RunConfig) -> &mut Objective),
    OptionalObjective(fn(&mut RunConfig) -> &mut Option<Objective>),
    Formulation(fn(&mut RunConfig) -> &mut Formulation),
    Integer(fn(&mut RunConfig) -> &mut u32, u32, u32),
    OptionalInteger(fn(&mut RunConfig) -> &mut Option<u32>),
    OptionalLarge(fn(&mut RunConfig) -> &mut Option<u64>),
    OptionalNumber(fn(&mut RunConfig) -> &mut Option<f64>),
    Switch(fn(&mut RunConfig) -> &mut bool),
    OptionalText(fn(&mut RunConfig) -> &mut Option<String>),
    /// Identifiers of devices, each once.
    Devices(fn(&mut RunConfig) -> &mut Vec<String>),
    /// Costs on devices, each pair once, with the most they may be.
    Limits(fn(&mut RunConfig) -> &mut Vec<DeviceLimit>),
    Over(fn(&mut RunConfig) -> &mut Option<Over>),
    Method(fn(&mut RunConfig) -> &mut Option<Method>),
    /// Genotypes, each once; which ones there are depends on the space.
    Genotypes(fn(&mut RunConfig) -> &mut Vec<Genotype>),
    /// A SHA-256 in hexadecimal digits.
    Digest(fn(&mut RunConfig) -> &mut Option<String>),
}

/// Why a value could not be taken as it stands.
pub(super) enum FieldError {
    /// The nearest value was taken.
    Bounds { used: String },
    /// Nothing was taken.
    Kind { expected: String },
}

const fn field(key: &'static str, en: &'static str, es: &'static str, place: Place) -> Field {
    Field { key, meaning: Text::new(en, es), place }
}

/// All keys, in the order in which links are written.
pub(super) const FIELDS: [Field; 36] = [
    field("data", "Dataset", "Conjunto de datos", Place::Data(|c| &mut c.data)),
    field(
        "res",
        "Height and width of the images",
        "Alto y ancho de las imágenes",
        Place::OptionalInteger(|c| &mut c.res),
    ),
    field(
        "samples",
        "Training images",
        "Imágenes de entrenamiento",
        Place::OptionalInteger(|c| &mut c.samples),
    ),
    field("space", "Search space", "Espacio de búsqueda", Place::Id(|c| &mut c.space, || ids(&spaces()))),
    field(
        "strategy",
        "Search strategy",
        "Estrategia de búsqueda",
        Place::Id(|c| &mut c.strategy, || ids(&strategies())),
    ),
    field("eval", "Evaluation", "Evaluación", Place::Id(|c| &mut c.eval, || ids(&evaluations()))),
    field("device", "Device", "Dispositivo", Place::Id(|c| &mut c.device, priced_ids)),
    field(
        "objective",
        "Cost against accuracy",
        "Coste frente a la exactitud",
        Place::Objective(|c| &mut c.objective),
    ),
    field(
        "objective2",
        "Second cost against accuracy",
        "Segundo coste frente a la exactitud",
        Place::OptionalObjective(|c| &mut c.objective2),
    ),
    field(
        "formulation",
        "What the strategy is told to make small",
        "Qué debe hacer pequeño la estrategia",
        Place::Formulation(|c| &mut c.formulation),
    ),
    field(
        "weight",
        "Weight of the cost in a weighted formulation",
        "Peso del coste en una formulación ponderada",
        Place::OptionalNumber(|c| &mut c.weight),
    ),
    field(
        "target",
        "Target of the cost in a weighted formulation",
        "Objetivo del coste en una formulación ponderada",
        Place::OptionalNumber(|c| &mut c.target),
    ),
    field(
        "seed",
        "Seed of everything random",
        "Semilla de todo lo aleatorio",
        Place::Integer(|c| &mut c.seed, 0, u32::MAX),
    ),
    field(
        "candidates",
        "Budget: candidates",
        "Presupuesto: candidatas",
        Place::Integer(|c| &mut c.candidates, 1, MAX_CANDIDATES),
    ),
    field(
        "epochs",
        "Epochs for each candidate",
        "Épocas por candidata",
        Place::Integer(|c| &mut c.epochs, 1, MAX_EPOCHS),
    ),
    field(
        "macs",
        "Budget: work in training MACs",
        "Presupuesto: trabajo en MACs de entrenamiento",
        Place::OptionalLarge(|c| &mut c.macs),
    ),
    field(
        "width",
        "Candidates under way at once",
        "Candidatas en curso a la vez",
        Place::Integer(|c| &mut c.width, 1, MAX_WIDTH),
    ),
    field(
        "replicates",
        "Trainings of each candidate",
        "Entrenamientos de cada candidata",
        Place::Integer(|c| &mut c.replicates, 1, MAX_REPLICATES),
    ),
    field(
        "ram",
        "Limit of peak RAM in bytes",
        "Límite de RAM en bytes",
        Place::OptionalLarge(|c| &mut c.ram),
    ),
    field(
        "flash",
        "Limit of flash in bytes",
        "Límite de flash en bytes",
        Place::OptionalLarge(|c| &mut c.flash),
    ),
    field(
        "latency_ms",
        "Limit of latency in milliseconds",
        "Límite de latencia en milisegundos",
        Place::OptionalNumber(|c| &mut c.latency_ms),
    ),
    field(
        "energy_mj",
        "Limit of energy in millijoules",
        "Límite de energía en milijulios",
        Place::OptionalNumber(|c| &mut c.energy_mj),
    ),
    field("max_macs", "Limit of MACs", "Límite de MACs", Place::OptionalLarge(|c| &mut c.max_macs)),
    field("max_flops", "Limit of FLOPs", "Límite de FLOPs", Place::OptionalLarge(|c| &mut c.max_flops)),
    field(
        "max_params",
        "Limit of trainable parameters",
        "Límite de parámetros entrenables",
        Place::OptionalLarge(|c| &mut c.max_params),
    ),
    field(
        "area_mm2",
        "Limit of an accelerator's area in square millimeters",
        "Límite del área de un acelerador en milímetros cuadrados",
        Place::OptionalNumber(|c| &mut c.area_mm2),
    ),
    field(
        "custom",
        "File of the space 'custom'",
        "Archivo del espacio 'custom'",
        Place::OptionalText(|c| &mut c.custom),
    ),
    field(
        "refine",
        "Leave away operators that are dominated on the device",
        "Quitar los operadores dominados en el dispositivo",
        Place::Switch(|c| &mut c.refine),
    ),
    field(
        "own_device",
        "File of the device 'own'",
        "Archivo del dispositivo 'own'",
        Place::OptionalText(|c| &mut c.own_device),
    ),
    field(
        "devices",
        "More devices to serve",
        "Más dispositivos que servir",
        Place::Devices(|c| &mut c.devices),
    ),
    field(
        "limits",
        "Limits of single devices",
        "Límites de un solo dispositivo",
        Place::Limits(|c| &mut c.limits),
    ),
    field(
        "over",
        "Latency and energy over several devices",
        "Latencia y energía sobre varios dispositivos",
        Place::Over(|c| &mut c.over),
    ),
    field(
        "estimator",
        "How latency is estimated",
        "Cómo se estima la latencia",
        Place::Method(|c| &mut c.estimator),
    ),
    field(
        "table",
        "Digest of the table of measurements",
        "Huella de la tabla de mediciones",
        Place::Digest(|c| &mut c.table),
    ),
    field(
        "watts",
        "Power of the device in watts",
        "Potencia del dispositivo en vatios",
        Place::OptionalNumber(|c| &mut c.watts),
    ),
    field(
        "start",
        "Candidates to start from",
        "Candidatas de las que partir",
        Place::Genotypes(|c| &mut c.start),
    ),
];

/// The ways to estimate that a run can use.
const METHODS: [Method; 4] = [Method::StatedPeak, Method::Analytical, Method::LookUpTable, Method::Measured];
/// Digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// The one of that identifier.
fn find<T: Copy>(all: &[T], id: fn(T) -> &'static str, wanted: &str) -> Option<T> {
    all.iter().copied().find(|&one| id(one) == wanted)
}

fn digest_of(value: &str) -> Option<String> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (value.len() == DIGEST_DIGITS && value.bytes().all(is_digit)).then(|| value.to_owned())
}

/// A limit as links have it: `latency@pixel-3:5`.
fn limit_text(DeviceLimit { constraint, device, limit }: &DeviceLimit) -> String {
    format!("{}@{device}:{limit}", constraint.id())
}

/// Limits, none for the same cost on the same device.
fn limits_of(value: &str) -> Option<Vec<DeviceLimit>> {
    let limits: Vec<DeviceLimit> = value.split(',').map(limit_of).collect::<Option<_>>()?;
    let is_new = |(at, limit): (usize, &DeviceLimit)| {
        let same =
            |other: &DeviceLimit| (other.constraint, &other.device) == (limit.constraint, &limit.device);
        !limits[..at].iter().any(same)
    };
    limits.iter().enumerate().all(is_new).then_some(limits)
}

fn limit_of(text: &str) -> Option<DeviceLimit> {
    let (constraint, place) = text.split_once('@')?;
    let (device, limit) = place.split_once(':')?;
    let limit = parse_real(limit).filter(|limit| *limit > 0.0)?;
    let device = device_ids().contains(&device).then(|| device.to_owned())?;
    Some(DeviceLimit { constraint: Objective::find(constraint)?, device, limit })
}

/// Genotypes, none of them twice.
fn genotypes_of(value: &str) -> Option<Vec<Genotype>> {
    let genotypes: Vec<Genotype> = value.split(',').map(|text| text.parse().ok()).collect::<Option<_>>()?;
    let is_new = |(at, genotype): (usize, &Genotype)| !genotypes[..at].contains(genotype);
    let is_sound = genotypes.len() <= MAX_STARTS && genotypes.iter().enumerate().all(is_new);
    is_sound.then_some(genotypes)
}

impl Field {
    /// The value as a link has it; empty for none.
    pub(super) fn write(&self, config: &RunConfig) -> String {
        // Places are mutable; a copy keeps the caller's as it is.
        let config = &mut config.clone();
        let optional = |value: Option<String>| value.unwrap_or_default();
        match self.place {
            Place::Id(place, _) | Place::Data(place) => place(config).clone(),
            Place::Objective(place) => place(config).id().to_owned(),
            Place::OptionalObjective(place) => optional(place(config).map(|cost| cost.id().to_owned())),
            Place::Formulation(place) => place(config).id().to_owned(),
            Place::Integer(place, ..) => place(config).to_string(),
            Place::OptionalInteger(place) => optional(place(config).map(|value| value.to_string())),
            Place::OptionalLarge(place) => optional(place(config).map(|value| value.to_string())),
            Place::OptionalNumber(place) => optional(place(config).map(|value| value.to_string())),
            Place::Switch(place) => SettingValue::Switch(*place(config)).to_string(),
            Place::OptionalText(place) => optional(place(config).as_deref().map(packed_text::write)),
            Place::Devices(place) => place(config).join(","),
            Place::Limits(place) => place(config).iter().map(limit_text).collect::<Vec<_>>().join(","),
            Place::Over(place) => optional(place(config).map(|over| over.id().to_owned())),
            Place::Method(place) => optional(place(config).map(|method| method.id().to_owned())),
            Place::Genotypes(place) => {
                place(config).iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
            Place::Digest(place) => optional(place(config).clone()),
        }
    }

    /// Takes a value from a link.
    pub(super) fn read(&self, config: &mut RunConfig, value: &str) -> Result<(), FieldError> {
        let not_one = || FieldError::Kind { expected: self.expected() };
        // Digits beyond 64 bits, or behind a minus, are numbers too: out of bounds, not nonsense.
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = || match value.strip_prefix('-') {
            Some(digits) if is_digits(digits) => Ok(None),
            None if is_digits(value) => Ok(Some(value.parse::<u64>().unwrap_or(u64::MAX))),
            _ => Err(not_one()),
        };
        let within = |min: u64, max: u64| {
            let given = whole()?;
            let used = given.map_or(min, |given| given.clamp(min, max));
            Ok::<_, FieldError>((used, given == Some(used)))
        };
        let told = |used: String, fits: bool| if fits { Ok(()) } else { Err(FieldError::Bounds { used }) };
        match self.place {
            Place::Id(place, known) => {
                let id = known().into_iter().find(|id| *id == value).ok_or_else(not_one)?;
                id.clone_into(place(config));
                Ok(())
            }
            Place::Data(place) => {
                value.clone_into(place(config));
                Ok(())
            }
            Place::Objective(place) => {
                *place(config) = Objective::find(value).ok_or_else(not_one)?;
                Ok(())
            }
            Place::OptionalObjective(place) => {
                *place(config) = Some(Objective::find(value).ok_or_else(not_one)?);
                Ok(())
            }
            Place::Formulation(place) => {
                *place(config) = find(&Formulation::ALL, Formulation::id, value).ok_or_else(not_one)?;
                Ok(())
            }
            Place::Integer(place, min, max) => {
                let (used, fits) = within(min.into(), max.into())?;
                *place(config) = used as u32;
                told(used.to_string(), fits)
            }
            Place::OptionalInteger(place) => {
                // Where it must lie depends on the dataset.
                let (used, fits) = within(0, u32::MAX.into())?;
                *place(config) = Some(used as u32);
                told(used.to_string(), fits)
            }
            Place::OptionalLarge(place) => {
                let (used, fits) = within(1, MAX_EXACT)?;
                *place(config) = Some(used);
                told(used.to_string(), fits)
            }
            Place::OptionalNumber(place) => {
                let number = parse_real(value).filter(|number| *number > 0.0);
                *place(config) = Some(number.ok_or_else(not_one)?);
                Ok(())
            }
            Place::Switch(place) => {
                *place(config) = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(not_one()),
                };
                Ok(())
            }
            Place::OptionalText(place) => {
                *place(config) = Some(packed_text::read(value).ok_or_else(not_one)?);
                Ok(())
            }
            Place::Devices(place) => {
                let ids: Vec<&str> = value.split(',').collect();
                let is_sound =
                    |(at, id): (usize, &&str)| priced_ids().contains(id) && !ids[..at].contains(id);
                if !ids.iter().enumerate().all(is_sound) {
                    return Err(not_one());
                }
                *place(config) = ids.into_iter().map(str::to_owned).collect();
                Ok(())
            }
            Place::Limits(place) => {
                *place(config) = limits_of(value).ok_or_else(not_one)?;
                Ok(())
            }
            Place::Over(place) => {
                *place(config) = Some(find(&Over::ALL, Over::id, value).ok_or_else(not_one)?);
                Ok(())
            }
            Place::Method(place) => {
                *place(config) = Some(find(&METHODS, Method::id, value).ok_or_else(not_one)?);
                Ok(())
            }
            Place::Genotypes(place) => {
                *place(config) = genotypes_of(value).ok_or_else(not_one)?;
                Ok(())
            }
            Place::Digest(place) => {
                *place(config) = Some(digest_of(value).ok_or_else(not_one)?);
                Ok(())
            }
        }
    }

    pub(super) fn describe(&self, default: &RunConfig) -> LinkKey {
        let (key, meaning) = (self.key.to_owned(), self.meaning);
        LinkKey { key, since: 1, expected: self.expected(), default: self.write(default), meaning }
    }

    /// What values it takes, in words.
    pub(super) fn expected(&self) -> String {
        match self.place {
            Place::Id(_, known) => format!("one of {}", known().join(", ")),
            Place::Data(_) => "a dataset".to_owned(),
            Place::Formulation(_) => format!("one of {}", Formulation::ALL.map(Formulation::id).join(", ")),
            Place::Objective(_) | Place::OptionalObjective(_) => {
                format!("one of {}", Objective::ALL.map(Objective::id).join(", "))
            }
            Place::Integer(_, min, max) => format!("a whole number from {min} to {max}"),
            Place::OptionalInteger(_) => format!("a whole number from 1 to {}", u32::MAX),
            Place::OptionalLarge(_) => format!("a whole number from 1 to {MAX_EXACT}"),
            Place::OptionalNumber(_) => "a positive number".to_owned(),
            Place::Switch(_) => "on or off".to_owned(),
            Place::OptionalText(_) => {
                format!("a text of at most {MAX_CUSTOM_BYTES} bytes, compressed, in base64url")
            }
            Place::Devices(_) => "devices, each once, joined by commas".to_owned(),
            Place::Limits(_) => {
                "limits like latency@pixel-3:5, each cost on a device once, joined by commas".to_owned()
            }
            Place::Over(_) => format!("one of {}", Over::ALL.map(Over::id).join(", ")),
            Place::Method(_) => format!("one of {}", METHODS.map(Method::id).join(", ")),
            Place::Genotypes(_) => {
                format!("1 to {MAX_STARTS} genotypes like 2.0.3, each once, joined by commas")
            }
            Place::Digest(_) => format!("{DIGEST_DIGITS} hexadecimal digits"),
        }
    }
}
