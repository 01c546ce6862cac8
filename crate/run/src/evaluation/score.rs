//! The evaluation `score`: its proxies, and what they stand for.

use nas_member::{Choice, Member, Setting, SettingKind, SettingValue, Settings, Text};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{PASSES, integer, real};

/// Identifier of the evaluation.
pub(crate) const ID: &str = "score";
/// The proxy that is used when nothing is said: of those with published ranks the best on NAS-Bench-201 (docs/scores.md).
const DEFAULT_PROXY: &str = "naswot";
/// Images of a batch when nothing is said: two of training.
const BATCH_SIZE: u32 = 64;

/// A score that stands for the accuracy of a network that is not trained. The larger, the better the network is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Proxy {
    /// Identifier, as in a link.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
    /// What it is, in one sentence.
    pub sentence: Text,
    /// What it computes.
    #[serde(skip)]
    #[ts(skip)]
    work: Work,
}

/// What a proxy computes, in passes of one image through the network.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    /// Nothing that counts: it reads the structure.
    Structure,
    /// So many for each image of a batch.
    Batch(u64),
    /// So many for one image.
    Image(u64),
}

/// How a job scores a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScoreSpec {
    /// Identifier of the proxy.
    pub proxy: String,
    /// Images in the batch.
    pub batch_size: u32,
    /// The largest ratio of depth to width that a network may have; none for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_effectiveness: Option<f64>,
}

/// All proxies, the baselines first.
#[must_use]
pub const fn proxies() -> &'static [Proxy] {
    &PROXIES
}

const PROXIES: [Proxy; 12] = [
    Proxy {
        id: "params",
        title: Text::new("Parameters (baseline)", "Parámetros (referencia)"),
        sentence: Text::new(
            "The number of trainable parameters: what every other score must beat.",
            "El número de parámetros entrenables: lo que cualquier otra puntuación debe superar.",
        ),
        work: Work::Structure,
    },
    Proxy {
        id: "macs",
        title: Text::new("MACs (baseline)", "MAC (referencia)"),
        sentence: Text::new(
            "The multiply-accumulates of one inference: the other baseline.",
            "Las multiplicaciones y sumas de una inferencia: la otra referencia.",
        ),
        work: Work::Structure,
    },
    Proxy {
        id: "grad-norm",
        title: Text::new("Gradient norm", "Norma del gradiente"),
        sentence: Text::new(
            "The lengths of the gradients of all layers' weights, summed.",
            "La suma de las longitudes de los gradientes de los pesos de cada capa.",
        ),
        work: Work::Batch(PASSES),
    },
    Proxy {
        id: "snip",
        title: Text::new("SNIP", "SNIP"),
        sentence: Text::new(
            "How much the loss would react if each weight were removed.",
            "Cuánto reaccionaría la pérdida si se quitara cada peso.",
        ),
        work: Work::Batch(PASSES),
    },
    Proxy {
        id: "grasp",
        title: Text::new("GraSP", "GraSP"),
        sentence: Text::new(
            "How much each weight helps the gradient flow; the product with the Hessian is estimated.",
            "Cuánto ayuda cada peso al flujo del gradiente; el producto con la hessiana se estima.",
        ),
        work: Work::Batch(3 * PASSES),
    },
    Proxy {
        id: "synflow",
        title: Text::new("SynFlow", "SynFlow"),
        sentence: Text::new(
            "How much flows through all weights together, whatever the data.",
            "Cuánto fluye por todos los pesos juntos, sean cuales sean los datos.",
        ),
        work: Work::Image(PASSES),
    },
    Proxy {
        id: "fisher",
        title: Text::new("Fisher", "Fisher"),
        sentence: Text::new(
            "How much the loss would react if each channel were removed.",
            "Cuánto reaccionaría la pérdida si se quitara cada canal.",
        ),
        work: Work::Batch(PASSES),
    },
    Proxy {
        id: "jacob-cov",
        title: Text::new("Jacobian covariance", "Covarianza de jacobianos"),
        sentence: Text::new(
            "How differently the network reacts to changes of different images.",
            "Con qué diferencia reacciona la red a cambios de imágenes distintas.",
        ),
        work: Work::Batch(PASSES),
    },
    Proxy {
        id: "naswot",
        title: Text::new("NASWOT", "NASWOT"),
        sentence: Text::new(
            "How differently different images switch the rectifiers on and off.",
            "Con qué diferencia activan los rectificadores imágenes distintas.",
        ),
        work: Work::Batch(1),
    },
    Proxy {
        id: "zen",
        title: Text::new("Zen-score", "Zen-score"),
        sentence: Text::new(
            "How strongly small changes of random images change the features of a random network.",
            "Con qué fuerza cambian las características de una red aleatoria con pequeños cambios de imágenes aleatorias.",
        ),
        work: Work::Batch(2),
    },
    Proxy {
        id: "mae",
        title: Text::new("Maximal entropy (MAE-NAS)", "Entropía máxima (MAE-NAS)"),
        sentence: Text::new(
            "The most entropy that the features of the last stage can have, from the structure alone.",
            "La mayor entropía que pueden tener las características de la última etapa, solo por la estructura.",
        ),
        work: Work::Structure,
    },
    Proxy {
        id: "deepmad",
        title: Text::new("DeepMAD", "DeepMAD"),
        sentence: Text::new(
            "The entropies of all stages, weighted, less a penalty for stages of uneven depth.",
            "Las entropías de todas las etapas, ponderadas, menos una penalización por etapas de profundidad desigual.",
        ),
        work: Work::Structure,
    },
];

pub(super) fn member() -> Member {
    let choices = PROXIES.iter().map(|&Proxy { id, title, .. }| Choice { id, title }).collect();
    Member {
        id: ID,
        title: Text::new("Zero-cost score", "Puntuación sin costo"),
        sentence: Text::new(
            "No candidate is trained: each is scored untrained, and the best are trained at the end.",
            "Ninguna candidata se entrena: cada una se puntúa sin entrenar, y las mejores se entrenan al final.",
        ),
        settings: vec![
            Setting {
                name: "proxy",
                title: Text::new("Score", "Puntuación"),
                kind: SettingKind::Choice { choices },
                default: SettingValue::Word(DEFAULT_PROXY.to_owned()),
            },
            // Eigenvalues of larger batches take longer than a step may.
            integer("batch_size", "Images in the batch", "Imágenes del lote", [2, 64], BATCH_SIZE),
            real(
                "max_effectiveness",
                "Largest ratio of depth to width, DeepMAD's ρ (0: no bound)",
                "Mayor razón entre profundidad y anchura, la ρ de DeepMAD (0: sin límite)",
                [0.0, 1000.0],
                0.0,
            ),
        ],
    }
}

impl ScoreSpec {
    /// How the evaluation of these settings scores.
    pub(crate) fn of(settings: &Settings, train_images: u32) -> Self {
        let max_effectiveness = settings.real("max_effectiveness");
        Self {
            proxy: settings.word("proxy").to_owned(),
            batch_size: settings.integer("batch_size").min(train_images),
            max_effectiveness: (max_effectiveness > 0.0).then_some(max_effectiveness),
        }
    }

    /// Planned work in training MACs.
    ///
    /// # Panics
    /// If there is no such proxy.
    pub(crate) fn planned_macs(&self, network_macs: u64) -> u64 {
        let proxy = PROXIES.iter().find(|proxy| proxy.id == self.proxy).expect("a declared proxy");
        let images = match proxy.work {
            Work::Structure => 0,
            Work::Batch(passes) => passes * u64::from(self.batch_size),
            Work::Image(passes) => passes,
        };
        network_macs.saturating_mul(images).min(super::MAX_PLANNED_MACS)
    }
}

/// A score as a share of the best conceivable one, between 0 and 1: ½ + ½ t / (1 + |t|) of t = ± ln(1 + |score|). It grows
/// with the score, tells scores of any size apart, and is what strategies that know accuracies take for one.
#[must_use]
pub(crate) fn merit(score: f64) -> f64 {
    let magnitude = libm::log1p(score.abs());
    0.5 + 0.5 * magnitude.copysign(score) / (1.0 + magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_score_has_more_merit() {
        let scores = [
            -1e300,
            -1e9,
            -20.5,
            -20.4,
            -1e-9,
            0.0,
            1e-9,
            0.3,
            89.0,
            89.000_001,
            1e6,
            1e6 + 1.0,
            1e30,
            1e300,
        ];
        for pair in scores.windows(2) {
            assert!(merit(pair[0]) < merit(pair[1]), "{pair:?}");
        }
        assert_eq!(merit(0.0), 0.5);
        assert!(scores.iter().all(|&score| (0.0..1.0).contains(&merit(score)) && merit(score) > 0.0));
    }

    #[test]
    fn work_is_counted_in_passes() {
        let planned = |proxy: &str| {
            ScoreSpec { proxy: proxy.into(), batch_size: 64, max_effectiveness: None }.planned_macs(10)
        };
        assert_eq!(["params", "deepmad"].map(planned), [0, 0]);
        assert_eq!(["naswot", "zen", "snip", "grasp", "synflow"].map(planned), [640, 1280, 1920, 5760, 30]);
    }
}
