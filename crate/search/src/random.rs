use nas_member::{Member, Text};

use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Random search: every candidate is drawn uniformly from those within the limits. The baseline that any other
/// strategy has to beat (Li and Talwalkar 2019, "Random Search and Reproducibility for Neural Architecture
/// Search").
pub struct Random;

impl Random {
    pub(crate) fn member() -> Member {
        Member {
            id: "random",
            title: Text::new("Random search", "Búsqueda aleatoria"),
            sentence: Text::new(
                "Every candidate is drawn by lot: the baseline that any other strategy has to beat.",
                "Cada candidata se sortea: la referencia que cualquier otra estrategia debe superar.",
            ),
            settings: Vec::new(),
        }
    }
}

impl Strategy for Random {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, _told: &Told) {}

    fn inspect(&self) -> Inspection {
        Inspection::Memoryless
    }
}
