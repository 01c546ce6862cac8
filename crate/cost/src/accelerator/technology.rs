use nas_member::Text;

const NATIVE_BITS: f64 = 8.0;
const ADDER_BITS: f64 = 32.0;
const MEMORY_WORD_BITS: f64 = 64.0;
const MEMORY_KIB: f64 = 8.0;

/// Rates, energies and areas of an accelerator's parts. Each is a number that can be replaced;
/// [`TECHNOLOGY_PARAMETERS`] says where the default comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Technology {
    /// Clock of the array, in MHz.
    pub clock_mhz: f64,
    /// Bytes that the DRAM reads or writes in a cycle of the array.
    pub dram_bytes_per_cycle: f64,
    /// Energy of a multiplication of 8 bits, in pJ.
    pub multiply_pj: f64,
    /// Energy of an addition of 32 bits, in pJ.
    pub add_pj: f64,
    /// Energy of an access of 64 bits to a memory of 8 KiB, in pJ.
    pub sram_pj: f64,
    /// Energy of an access of 64 bits to the DRAM, in pJ.
    pub dram_pj: f64,
    /// Area of a multiply-accumulate unit of 8 bits, in µm².
    pub unit_um2: f64,
    /// Area of one bit of memory, in µm².
    pub sram_bit_um2: f64,
}

/// A number of a [`Technology`], with where its default comes from.
pub struct TechnologyParameter {
    /// Name, as in `rows=16,clock_mhz=400`.
    pub name: &'static str,
    /// What it is called.
    pub title: Text,
    /// Its value when nothing is said.
    pub default: f64,
    /// How far it can be relied on.
    pub origin: Origin,
    /// What it is based on.
    pub source: Text,
    /// Where it lies.
    pub place: fn(&mut Technology) -> &mut f64,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Published, as it stands.
    Published,
    /// Chosen: to be replaced by who knows better.
    Assumption,
}

impl Origin {
    /// The identifier used in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Assumption => "assumption",
        }
    }
}

const HOROWITZ: Text = Text::new(
    "Horowitz 2014, “Computing's Energy Problem”, 45 nm, 0.9 V",
    "Horowitz 2014, «Computing's Energy Problem», 45 nm, 0,9 V",
);

/// All numbers of a technology, in the order in which they are listed.
pub const TECHNOLOGY_PARAMETERS: [TechnologyParameter; 8] = [
    TechnologyParameter {
        name: "clock_mhz",
        title: Text::new("Clock (MHz)", "Reloj (MHz)"),
        default: 200.0,
        origin: Origin::Assumption,
        source: Text::new("chosen", "elegido"),
        place: |technology| &mut technology.clock_mhz,
    },
    TechnologyParameter {
        name: "dram_bytes_per_cycle",
        title: Text::new("DRAM: bytes a cycle", "DRAM: bytes por ciclo"),
        default: 10.0,
        origin: Origin::Assumption,
        source: Text::new(
            "the bandwidth of SCALE-Sim's example, which calls it arbitrary",
            "el ancho de banda del ejemplo de SCALE-Sim, que lo llama arbitrario",
        ),
        place: |technology| &mut technology.dram_bytes_per_cycle,
    },
    TechnologyParameter {
        name: "multiply_pj",
        title: Text::new("Multiplication of 8 bits (pJ)", "Multiplicación de 8 bits (pJ)"),
        default: 0.2,
        origin: Origin::Published,
        source: HOROWITZ,
        place: |technology| &mut technology.multiply_pj,
    },
    TechnologyParameter {
        name: "add_pj",
        title: Text::new("Addition of 32 bits (pJ)", "Suma de 32 bits (pJ)"),
        default: 0.1,
        origin: Origin::Published,
        source: HOROWITZ,
        place: |technology| &mut technology.add_pj,
    },
    TechnologyParameter {
        name: "sram_pj",
        title: Text::new("64 bits of a memory of 8 KiB (pJ)", "64 bits de una memoria de 8 KiB (pJ)"),
        default: 10.0,
        origin: Origin::Published,
        source: HOROWITZ,
        place: |technology| &mut technology.sram_pj,
    },
    TechnologyParameter {
        name: "dram_pj",
        title: Text::new("64 bits of DRAM (pJ)", "64 bits de DRAM (pJ)"),
        default: 1300.0,
        origin: Origin::Published,
        source: Text::new(
            "Horowitz 2014, “Computing's Energy Problem”: the lower end of 1.3 to 2.6 nJ",
            "Horowitz 2014, «Computing's Energy Problem»: el extremo inferior de 1,3 a 2,6 nJ",
        ),
        place: |technology| &mut technology.dram_pj,
    },
    TechnologyParameter {
        name: "unit_um2",
        title: Text::new("Unit of 8 bits (µm²)", "Unidad de 8 bits (µm²)"),
        default: 870.0,
        origin: Origin::Assumption,
        source: Text::new(
            "336.672 µm² of an int8 unit at 28 nm (VerticalResearchGroup/upcycle, pat/reflib.py), scaled to 45 nm by (45/28)²",
            "336,672 µm² de una unidad int8 a 28 nm (VerticalResearchGroup/upcycle, pat/reflib.py), escalados a 45 nm por (45/28)²",
        ),
        place: |technology| &mut technology.unit_um2,
    },
    TechnologyParameter {
        name: "sram_bit_um2",
        title: Text::new("Bit of memory (µm²)", "Bit de memoria (µm²)"),
        default: 1.215,
        origin: Origin::Assumption,
        source: Text::new(
            "a rule of thumb, 600 squares of the feature size (45 nm): Greaves, “System on Chip”, University of Cambridge 2011–12",
            "una regla práctica, 600 cuadrados del tamaño mínimo (45 nm): Greaves, «System on Chip», Universidad de Cambridge 2011–12",
        ),
        place: |technology| &mut technology.sram_bit_um2,
    },
];

impl Default for Technology {
    fn default() -> Self {
        let mut technology = Self {
            clock_mhz: 0.0,
            dram_bytes_per_cycle: 0.0,
            multiply_pj: 0.0,
            add_pj: 0.0,
            sram_pj: 0.0,
            dram_pj: 0.0,
            unit_um2: 0.0,
            sram_bit_um2: 0.0,
        };
        for parameter in &TECHNOLOGY_PARAMETERS {
            *(parameter.place)(&mut technology) = parameter.default;
        }
        technology
    }
}

impl Technology {
    /// Energy of a multiply-accumulate, in pJ: a multiplication grows with the square of the operands' bits, an addition with
    /// those of the sum. (At 32 bits that makes 3.2 pJ of 0.2; Horowitz has 3.1.)
    #[must_use]
    pub fn mac_pj(&self, bits: u32, accumulator_bits: u32) -> f64 {
        let scale = f64::from(bits) / NATIVE_BITS;
        self.multiply_pj * scale * scale + self.add_pj * f64::from(accumulator_bits) / ADDER_BITS
    }

    /// Energy of an access of so many bits to a memory of so many KiB, in pJ: it grows with the square root of the size. (From
    /// 10 pJ at 8 KiB that makes 20 at 32 KiB and 113 at 1 MiB; Horowitz has 20 and 100.)
    #[must_use]
    pub fn sram_access_pj(&self, bits: u32, kib: u32) -> f64 {
        self.sram_pj * (f64::from(kib) / MEMORY_KIB).sqrt() * f64::from(bits) / MEMORY_WORD_BITS
    }

    /// Energy of one byte to or from the DRAM, in pJ.
    #[must_use]
    pub fn dram_byte_pj(&self) -> f64 {
        self.dram_pj * 8.0 / MEMORY_WORD_BITS
    }

    /// Area of a multiply-accumulate unit, in µm²; it grows with the square of the operands' bits.
    #[must_use]
    pub fn unit_area_um2(&self, bits: u32) -> f64 {
        let scale = f64::from(bits) / NATIVE_BITS;
        self.unit_um2 * scale * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_are_those_of_the_table_they_come_from() {
        let technology = Technology::default();
        assert_eq!(technology.mac_pj(8, 32), 0.2 + 0.1);
        assert_eq!(technology.sram_access_pj(64, 8), 10.0);
        assert_eq!(technology.sram_access_pj(64, 32), 20.0);
        assert_eq!(technology.sram_access_pj(8, 32), 2.5);
        assert_eq!(technology.dram_byte_pj(), 162.5);
        // Within what the documentation says of the extrapolations.
        assert!((technology.mac_pj(32, 32) - 0.1 - 3.2).abs() < 1e-9);
        assert!((technology.sram_access_pj(64, 1024) - 113.1).abs() < 0.1);
    }

    #[test]
    fn every_number_has_a_name_of_its_own_a_place_and_a_source() {
        let mut technology = Technology::default();
        for (index, parameter) in TECHNOLOGY_PARAMETERS.iter().enumerate() {
            *(parameter.place)(&mut technology) = index as f64;
            assert!(!parameter.source.en.is_empty() && !parameter.source.es.is_empty());
        }
        for (index, parameter) in TECHNOLOGY_PARAMETERS.iter().enumerate() {
            assert_eq!(*(parameter.place)(&mut technology), index as f64, "{}", parameter.name);
        }
    }
}
