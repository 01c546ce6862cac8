//! A systolic array as a value: its size, dataflow, memories and technology, and what networks cost on it.
//!
//! docs/accelerator.md has each formula with its source. [`AcceleratorCosts::of`] prices a network, [`templates`] are
//! known arrays, and an [`Accelerator`] is read from and written as `rows=16,columns=16,dataflow=ws`.

mod costs;
mod mapping;
mod memory;
mod product;
mod technology;
mod template;
mod text;

use serde::{Deserialize, Serialize};

pub use costs::{AcceleratorCosts, Energy, LayerOnArray};
pub use mapping::Mapping;
pub use memory::{ArrayWork, DramBytes, SramAccesses};
pub use product::MatrixProduct;
pub use technology::{Origin, TECHNOLOGY_PARAMETERS, Technology, TechnologyParameter};
pub use template::{Template, template, templates};
pub use text::AcceleratorError;

/// The most rows or columns.
pub const MAX_ARRAY_SIDE: u32 = 4096;
/// The largest memory of one kind, in KiB.
pub const MAX_SRAM_KIB: u32 = 1 << 20;
/// The fewest and the most bits of an operand.
pub const OPERAND_BITS: [u32; 2] = [2, 32];

/// Bits by which a sum is wider than a product, so that 2^16 products never overflow it.
const GUARD_BITS: u32 = 16;

/// A rectangle of multiply-accumulate units, each of which talks to its neighbors only, with a memory for each operand and one
/// for the results.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accelerator {
    /// Rows of units.
    pub rows: u32,
    /// Columns of units.
    pub columns: u32,
    /// What stays in the units.
    pub dataflow: Dataflow,
    /// Memory of the activations, in KiB.
    pub input_sram_kib: u32,
    /// Memory of the weights, in KiB.
    pub filter_sram_kib: u32,
    /// Memory of the results, in KiB.
    pub output_sram_kib: u32,
    /// Bits of an activation or a weight.
    pub bits: u32,
    /// What its parts cost.
    pub technology: Technology,
}

/// Which of the three matrices stays in the units while the others pass through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dataflow {
    /// Each unit sums one output.
    #[serde(rename = "os")]
    OutputStationary,
    /// Each unit keeps one weight.
    #[serde(rename = "ws")]
    WeightStationary,
    /// Each unit keeps one activation.
    #[serde(rename = "is")]
    InputStationary,
}

impl Dataflow {
    /// All dataflows, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::OutputStationary, Self::WeightStationary, Self::InputStationary];

    /// The identifier, as SCALE-Sim writes it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::OutputStationary => "os",
            Self::WeightStationary => "ws",
            Self::InputStationary => "is",
        }
    }

    /// The dataflow of this identifier.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataflow| dataflow.id() == id)
    }
}

impl Default for Accelerator {
    /// SCALE-Sim's example (`configs/scale.cfg`) with 8 bits.
    fn default() -> Self {
        Self {
            rows: 32,
            columns: 32,
            dataflow: Dataflow::OutputStationary,
            input_sram_kib: 64,
            filter_sram_kib: 64,
            output_sram_kib: 64,
            bits: 8,
            technology: Technology::default(),
        }
    }
}

impl Accelerator {
    /// Multiply-accumulate units.
    #[must_use]
    pub const fn units(&self) -> u64 {
        self.rows as u64 * self.columns as u64
    }

    /// Bits of a sum: those of a product and some to spare.
    #[must_use]
    pub const fn accumulator_bits(&self) -> u32 {
        2 * self.bits + GUARD_BITS
    }

    /// Silicon of the units and the memories, in square millimeters: units · area of a unit + bits of memory · area of a bit.
    #[must_use]
    pub fn area_mm2(&self) -> f64 {
        const UM2_PER_MM2: f64 = 1e6;
        const BITS_PER_KIB: f64 = 8192.0;
        let kib = f64::from(self.input_sram_kib)
            + f64::from(self.filter_sram_kib)
            + f64::from(self.output_sram_kib);
        let units = self.units() as f64 * self.technology.unit_area_um2(self.bits);
        (units + kib * BITS_PER_KIB * self.technology.sram_bit_um2) / UM2_PER_MM2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_by_hand() {
        let technology = Technology { unit_um2: 1000.0, sram_bit_um2: 1.0, ..Technology::default() };
        let accelerator = Accelerator { rows: 10, columns: 20, technology, ..Accelerator::default() };
        // 200 units of 1000 µm², 3 · 64 KiB of 8192 bits of 1 µm².
        assert_eq!(accelerator.area_mm2(), (200_000.0 + 192.0 * 8192.0) / 1e6);
        let wide = Accelerator { bits: 16, ..accelerator };
        assert_eq!(wide.area_mm2(), (800_000.0 + 192.0 * 8192.0) / 1e6);
    }

    #[test]
    fn sums_of_8_bit_products_have_32_bits() {
        assert_eq!(Accelerator::default().accumulator_bits(), 32);
    }
}
