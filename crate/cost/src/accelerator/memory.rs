use std::ops::AddAssign;

use super::{Accelerator, Dataflow, Mapping, MatrixProduct};

const BITS_PER_BYTE: u64 = 8;
/// Half a memory works while the other half is filled (SCALE-Sim 3.0.0: `active_buf_frac = 0.5`).
const USABLE_BYTES_PER_KIB: u64 = 512;

/// What an array does for a layer or a network. Sums count like parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrayWork {
    /// Matrix products.
    pub products: u64,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Times the array is filled.
    pub folds: u64,
    /// Cycles without waiting for memory: [`Mapping::last_cycle`] of each product.
    pub compute_cycles: u64,
    /// Cycles in which the array waits for the DRAM.
    pub stall_cycles: u64,
    /// Accesses of the array to its memories.
    pub sram: SramAccesses,
    /// Bytes between the memories and the DRAM.
    pub dram: DramBytes,
}

/// Accesses to the memories beside the array, each of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SramAccesses {
    /// Reads of activations.
    pub input_reads: u64,
    /// Reads of weights.
    pub filter_reads: u64,
    /// Reads of partial sums, to go on with them.
    pub output_reads: u64,
    /// Writes of sums, partial ones included.
    pub output_writes: u64,
}

/// Bytes that the memories exchange with the DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DramBytes {
    /// Activations read.
    pub input: u64,
    /// Weights read.
    pub filter: u64,
    /// Partial sums read again.
    pub output_reads: u64,
    /// Results and partial sums written.
    pub output_writes: u64,
}

impl DramBytes {
    /// All bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input + self.filter + self.output_reads + self.output_writes
    }
}

impl ArrayWork {
    /// The work of some products of one layer.
    pub(super) fn of(products: &[MatrixProduct], accelerator: &Accelerator) -> Self {
        let mut work = Self::default();
        for product in products {
            let mapping = Mapping::new(product, accelerator);
            let one = Self {
                products: 1,
                macs: product.pixels * product.depth * product.outputs,
                folds: mapping.folds(),
                compute_cycles: mapping.last_cycle(),
                stall_cycles: 0,
                sram: SramAccesses::of(product, &mapping, accelerator.dataflow),
                dram: DramBytes::of(product, &mapping, accelerator),
            };
            work += one.times(product.count);
        }
        work.stall_cycles = work.transfer_cycles(accelerator).saturating_sub(work.compute_cycles);
        work
    }

    /// Cycles with waiting. Behind a DRAM that moves next to nothing they are as many as a number holds.
    #[must_use]
    pub const fn total_cycles(&self) -> u64 {
        self.compute_cycles.saturating_add(self.stall_cycles)
    }

    /// Share of the units' cycles in which they multiply, without waiting for memory. SCALE-Sim's cycles are one short for
    /// each product (they count from 0): here none is missing.
    #[must_use]
    pub fn utilization(&self, accelerator: &Accelerator) -> f64 {
        match self.compute_cycles + self.products {
            0 => 0.0,
            cycles => self.macs as f64 / (accelerator.units() as f64 * cycles as f64),
        }
    }

    /// Cycles in which the DRAM moves all bytes of a layer.
    fn transfer_cycles(&self, accelerator: &Accelerator) -> u64 {
        let cycles = self.dram.total() as f64 / accelerator.technology.dram_bytes_per_cycle;
        cycles.ceil() as u64
    }

    fn times(self, count: u64) -> Self {
        let Self { sram, dram, .. } = self;
        Self {
            products: self.products * count,
            macs: self.macs * count,
            folds: self.folds * count,
            compute_cycles: self.compute_cycles * count,
            stall_cycles: self.stall_cycles * count,
            sram: SramAccesses {
                input_reads: sram.input_reads * count,
                filter_reads: sram.filter_reads * count,
                output_reads: sram.output_reads * count,
                output_writes: sram.output_writes * count,
            },
            dram: DramBytes {
                input: dram.input * count,
                filter: dram.filter * count,
                output_reads: dram.output_reads * count,
                output_writes: dram.output_writes * count,
            },
        }
    }
}

impl AddAssign for ArrayWork {
    fn add_assign(&mut self, other: Self) {
        self.products += other.products;
        self.macs += other.macs;
        self.folds += other.folds;
        self.compute_cycles += other.compute_cycles;
        self.stall_cycles = self.stall_cycles.saturating_add(other.stall_cycles);
        self.sram.input_reads += other.sram.input_reads;
        self.sram.filter_reads += other.sram.filter_reads;
        self.sram.output_reads += other.sram.output_reads;
        self.sram.output_writes += other.sram.output_writes;
        self.dram.input += other.dram.input;
        self.dram.filter += other.dram.filter;
        self.dram.output_reads += other.dram.output_reads;
        self.dram.output_writes += other.dram.output_writes;
    }
}

impl SramAccesses {
    /// Each fold reads what it multiplies once, at the array's edge, and writes what it sums once.
    fn of(product: &MatrixProduct, mapping: &Mapping, dataflow: Dataflow) -> Self {
        let &MatrixProduct { pixels, depth, outputs, .. } = product;
        let &Mapping { row_folds, column_folds, .. } = mapping;
        let (inputs, filters, sums) = (pixels * depth, depth * outputs, pixels * outputs);
        match dataflow {
            Dataflow::OutputStationary => Self {
                input_reads: inputs * column_folds,
                filter_reads: filters * row_folds,
                output_reads: 0,
                output_writes: sums,
            },
            Dataflow::WeightStationary => Self {
                input_reads: inputs * column_folds,
                filter_reads: filters,
                output_reads: sums * (row_folds - 1),
                output_writes: sums * row_folds,
            },
            Dataflow::InputStationary => Self {
                input_reads: inputs,
                filter_reads: filters * column_folds,
                output_reads: sums * (row_folds - 1),
                output_writes: sums * row_folds,
            },
        }
    }
}

impl DramBytes {
    /// The table "DRAM" of docs/accelerator.md: what fits is fetched once, what does not is fetched again in each pass.
    fn of(product: &MatrixProduct, mapping: &Mapping, accelerator: &Accelerator) -> Self {
        let &MatrixProduct { pixels, depth, outputs, activations, .. } = product;
        let (row_folds, column_folds) = (mapping.row_folds, mapping.column_folds);
        let (rows, columns) = (u64::from(accelerator.rows), u64::from(accelerator.columns));
        let (operand, sum) = (u64::from(accelerator.bits), u64::from(accelerator.accumulator_bits()));
        let fits = |elements: u64, bits: u64, kib: u32| {
            bytes(elements, bits) <= u64::from(kib) * USABLE_BYTES_PER_KIB
        };
        let input_fits = |elements| fits(elements, operand, accelerator.input_sram_kib);
        let filter_fits = |elements| fits(elements, operand, accelerator.filter_sram_kib);
        let (inputs, filters, sums) = (pixels * depth, depth * outputs, pixels * outputs);

        let input = match accelerator.dataflow {
            _ if input_fits(activations) => activations,
            Dataflow::OutputStationary if input_fits(rows.min(pixels) * depth) => activations * column_folds,
            Dataflow::OutputStationary | Dataflow::WeightStationary => inputs * column_folds,
            Dataflow::InputStationary => inputs,
        };
        let filter = match accelerator.dataflow {
            _ if filter_fits(filters) => filters,
            Dataflow::OutputStationary if filter_fits(depth * columns.min(outputs)) => filters,
            Dataflow::OutputStationary => filters * row_folds,
            Dataflow::WeightStationary => filters,
            Dataflow::InputStationary => filters * column_folds,
        };
        let sums_of_a_column_fold = match accelerator.dataflow {
            Dataflow::OutputStationary => 0,
            Dataflow::WeightStationary => pixels * columns.min(outputs),
            Dataflow::InputStationary => outputs * columns.min(pixels),
        };
        let spills = if fits(sums_of_a_column_fold, sum, accelerator.output_sram_kib) {
            0
        } else {
            sums * (row_folds - 1)
        };
        Self {
            input: bytes(input, operand),
            filter: bytes(filter, operand),
            output_reads: bytes(spills, sum),
            output_writes: bytes(spills, sum) + bytes(sums, operand),
        }
    }
}

fn bytes(elements: u64, bits: u64) -> u64 {
    (elements * bits).div_ceil(BITS_PER_BYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: MatrixProduct =
        MatrixProduct { count: 1, pixels: 100, depth: 18, outputs: 20, activations: 288 };

    /// 8 rows, 7 columns.
    fn array(dataflow: Dataflow, [input, filter, output]: [u32; 3]) -> Accelerator {
        Accelerator {
            rows: 8,
            columns: 7,
            dataflow,
            input_sram_kib: input,
            filter_sram_kib: filter,
            output_sram_kib: output,
            ..Accelerator::default()
        }
    }

    fn work(product: MatrixProduct, accelerator: &Accelerator) -> ArrayWork {
        ArrayWork::of(&[product], accelerator)
    }

    #[test]
    fn what_fits_moves_once() {
        for dataflow in Dataflow::ALL {
            let dram = work(PRODUCT, &array(dataflow, [64; 3])).dram;
            let expected = DramBytes { input: 288, filter: 360, output_reads: 0, output_writes: 2000 };
            assert_eq!(dram, expected, "{dataflow:?}");
        }
    }

    #[test]
    fn what_does_not_fit_moves_again_in_each_pass() {
        // Half of 1 KiB holds neither 3200 activations nor 2000 weights nor the sums.
        let large = MatrixProduct { depth: 100, activations: 3200, ..PRODUCT };
        let dram = |dataflow, sizes| work(large, &array(dataflow, sizes)).dram;
        let bytes = |input, filter, output_reads, output_writes| DramBytes {
            input,
            filter,
            output_reads,
            output_writes,
        };
        // 13 folds of pixels, 3 of outputs; the 8·100 activations of a fold do not fit, nor its 7·100 weights.
        assert_eq!(dram(Dataflow::OutputStationary, [1; 3]), bytes(30_000, 26_000, 0, 2000));
        // 2 KiB hold the activations of a fold, and its weights.
        assert_eq!(dram(Dataflow::OutputStationary, [2; 3]), bytes(9600, 2000, 0, 2000));
        // 13 folds of the depth: 12 times 2000 sums of 4 bytes go out and come back.
        assert_eq!(dram(Dataflow::WeightStationary, [1; 3]), bytes(30_000, 2000, 96_000, 98_000));
        // 15 folds of pixels.
        assert_eq!(dram(Dataflow::InputStationary, [1; 3]), bytes(10_000, 30_000, 96_000, 98_000));
        // The 20·7 sums of a fold fit 2 KiB, the 100·7 do not.
        assert_eq!(dram(Dataflow::InputStationary, [1, 1, 2]), bytes(10_000, 30_000, 0, 2000));
        assert_eq!(dram(Dataflow::WeightStationary, [1, 1, 2]), bytes(30_000, 2000, 96_000, 98_000));
        // They fit 6 KiB, the 100·20 of the whole product do not.
        assert_eq!(dram(Dataflow::WeightStationary, [1, 1, 6]), bytes(30_000, 2000, 0, 2000));
    }

    #[test]
    fn more_memory_never_moves_more() {
        for dataflow in Dataflow::ALL {
            for depth in [18, 100, 1000] {
                let product = MatrixProduct { depth, activations: 32 * depth, ..PRODUCT };
                let mut before = u64::MAX;
                for kib in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
                    let dram = work(product, &array(dataflow, [kib; 3])).dram.total();
                    assert!(dram <= before, "{dataflow:?}, {kib} KiB");
                    before = dram;
                }
                assert_eq!(before, 32 * depth + depth * 20 + 2000);
            }
        }
    }

    #[test]
    fn the_array_reads_at_least_what_comes_from_outside() {
        for dataflow in Dataflow::ALL {
            for kib in [1, 2, 64] {
                let ArrayWork { sram, dram, .. } = work(PRODUCT, &array(dataflow, [kib; 3]));
                assert!(sram.input_reads >= dram.input && sram.filter_reads >= dram.filter);
            }
        }
    }

    #[test]
    fn stalls_are_what_the_dram_takes_longer() {
        let mut accelerator = array(Dataflow::OutputStationary, [64; 3]);
        // 288 + 360 + 2000 bytes; 13·3 folds of 8 + 7 + 18 − 2 cycles.
        accelerator.technology.dram_bytes_per_cycle = 1.0;
        let slow = work(PRODUCT, &accelerator);
        assert_eq!((slow.compute_cycles, slow.stall_cycles), (39 * 31 - 1, 2648 - (39 * 31 - 1)));
        assert_eq!(slow.total_cycles(), 2648);
        accelerator.technology.dram_bytes_per_cycle = 2.5;
        assert_eq!(work(PRODUCT, &accelerator).stall_cycles, 0);
    }

    #[test]
    fn a_dram_that_moves_next_to_nothing_is_waited_for_without_end() {
        let mut accelerator = array(Dataflow::OutputStationary, [64; 3]);
        accelerator.technology.dram_bytes_per_cycle = 1e-300;
        let mut twice = work(PRODUCT, &accelerator);
        twice += twice;
        assert_eq!(twice.total_cycles(), u64::MAX);
    }

    #[test]
    fn as_many_products_do_as_many_times_the_work() {
        let accelerator = array(Dataflow::WeightStationary, [1; 3]);
        let one = work(PRODUCT, &accelerator);
        let mut three = ArrayWork::default();
        (0..3).for_each(|_| three += one);
        assert_eq!(work(MatrixProduct { count: 3, ..PRODUCT }, &accelerator), three);
        assert_eq!(ArrayWork::of(&[PRODUCT; 3], &accelerator), three);
    }

    #[test]
    fn half_bytes_are_rounded_up() {
        let accelerator = Accelerator { bits: 4, ..array(Dataflow::OutputStationary, [64; 3]) };
        let product = MatrixProduct { activations: 7, ..PRODUCT };
        assert_eq!(work(product, &accelerator).dram.input, 4);
    }
}
