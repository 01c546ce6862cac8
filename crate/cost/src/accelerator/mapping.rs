use super::{Accelerator, Dataflow, MatrixProduct};

/// A matrix product laid out on an array: two of its sizes along the rows and columns of units, the third in time.
///
/// # Shapes
/// | dataflow | along the rows | along the columns | in time |
/// |---|---|---|---|
/// | output stationary | pixels | outputs | depth |
/// | weight stationary | depth | outputs | pixels |
/// | input stationary | depth | pixels | outputs |
///
/// As in SCALE-Sim 3.0.0 (`topology_utils.py`, `calc_spatio_temporal_params`; Samajdar et al. 2020, "A Systematic Methodology
/// for Characterizing Scalability of DNN Accelerators using SCALE-Sim").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Times the array is filled along its rows.
    pub row_folds: u64,
    /// Times the array is filled along its columns.
    pub column_folds: u64,
    /// Cycles of one filling.
    pub fold_cycles: u64,
}

impl Mapping {
    /// One product on an array.
    ///
    /// A fold takes rows + columns + time − 2 cycles where outputs stay, and as many more as there are rows where an operand
    /// must first be shifted in. The paper has the longer time for all three; SCALE-Sim 3.0.0 counts none for shifting finished
    /// outputs out (its authors mean to add it: scale-sim-v3, issue 4).
    #[must_use]
    pub fn new(product: &MatrixProduct, accelerator: &Accelerator) -> Self {
        let &MatrixProduct { pixels, depth, outputs, .. } = product;
        let (rows, columns) = (u64::from(accelerator.rows), u64::from(accelerator.columns));
        let (along_rows, along_columns, time, loading) = match accelerator.dataflow {
            Dataflow::OutputStationary => (pixels, outputs, depth, 0),
            Dataflow::WeightStationary => (depth, outputs, pixels, rows),
            Dataflow::InputStationary => (depth, pixels, outputs, rows),
        };
        Self {
            row_folds: along_rows.div_ceil(rows),
            column_folds: along_columns.div_ceil(columns),
            fold_cycles: loading + rows + columns + time - 2,
        }
    }

    /// Times the array is filled.
    #[must_use]
    pub const fn folds(&self) -> u64 {
        self.row_folds * self.column_folds
    }

    /// The last cycle of the product, counted from 0, as SCALE-Sim reports it ("Total Cycles" less "Stall Cycles").
    ///
    /// It does not overflow: a tensor has at most 2^31 elements and a side of the array at most 2^12 units.
    #[must_use]
    pub const fn last_cycle(&self) -> u64 {
        self.folds() * self.fold_cycles - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(pixels: u64, depth: u64, outputs: u64, accelerator: &Accelerator) -> Mapping {
        Mapping::new(&MatrixProduct { count: 1, pixels, depth, outputs, activations: 0 }, accelerator)
    }

    fn arrays() -> impl Iterator<Item = Accelerator> {
        let sides = [1, 2, 3, 5, 8, 16, 100];
        Dataflow::ALL.into_iter().flat_map(move |dataflow| {
            let array =
                move |rows, columns| Accelerator { rows, columns, dataflow, ..Accelerator::default() };
            sides.into_iter().flat_map(move |rows| sides.into_iter().map(move |columns| array(rows, columns)))
        })
    }

    const SIZES: [u64; 6] = [1, 2, 7, 16, 17, 300];

    fn for_each(check: impl Fn(&Accelerator, [u64; 3], Mapping)) {
        for array in arrays() {
            for pixels in SIZES {
                for depth in SIZES {
                    for outputs in SIZES {
                        check(&array, [pixels, depth, outputs], mapping(pixels, depth, outputs, &array));
                    }
                }
            }
        }
    }

    #[test]
    fn folds_and_cycles_by_hand() {
        let array = Accelerator { rows: 4, columns: 3, ..Accelerator::default() };
        let on = |dataflow| mapping(10, 7, 5, &Accelerator { dataflow, ..array });
        let folds = |mapping: Mapping| (mapping.row_folds, mapping.column_folds, mapping.fold_cycles);
        // 10 pixels on 4 rows, 5 outputs on 3 columns, 7 products in time.
        assert_eq!(folds(on(Dataflow::OutputStationary)), (3, 2, 12));
        // 7 products on 4 rows, 5 outputs on 3 columns; 4 cycles to load, 10 pixels in time.
        assert_eq!(folds(on(Dataflow::WeightStationary)), (2, 2, 19));
        assert_eq!(folds(on(Dataflow::InputStationary)), (2, 4, 14));
        assert_eq!(on(Dataflow::OutputStationary).last_cycle(), 71);
    }

    #[test]
    fn no_array_is_faster_than_all_its_units() {
        for_each(|array, [pixels, depth, outputs], mapping| {
            let cycles = mapping.last_cycle() + 1;
            assert!(cycles >= (pixels * depth * outputs).div_ceil(array.units()), "{array:?}");
        });
    }

    #[test]
    fn one_unit_that_keeps_its_output_wastes_nothing() {
        let unit = Accelerator { rows: 1, columns: 1, ..Accelerator::default() };
        assert_eq!(mapping(6, 5, 4, &unit).last_cycle() + 1, 120);
    }

    #[test]
    fn more_work_never_takes_less() {
        for_each(|array, [pixels, depth, outputs], mapping| {
            for (more_pixels, more_depth, more_outputs) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
                let more =
                    self::mapping(pixels + more_pixels, depth + more_depth, outputs + more_outputs, array);
                assert!(more.last_cycle() >= mapping.last_cycle(), "{array:?}");
            }
        });
    }

    #[test]
    fn a_larger_array_is_filled_less_often_but_takes_longer_to_fill() {
        for_each(|array, [pixels, depth, outputs], small| {
            for larger in [
                Accelerator { rows: array.rows + 1, ..*array },
                Accelerator { columns: array.columns + 1, ..*array },
            ] {
                let large = mapping(pixels, depth, outputs, &larger);
                assert!(large.folds() <= small.folds() && large.fold_cycles > small.fold_cycles);
            }
        });
    }

    #[test]
    fn weight_and_input_stationary_mirror_each_other() {
        for_each(|array, [pixels, depth, outputs], mapping| {
            let mirrored = match array.dataflow {
                Dataflow::OutputStationary => return,
                Dataflow::WeightStationary => Dataflow::InputStationary,
                Dataflow::InputStationary => Dataflow::WeightStationary,
            };
            let array = Accelerator { dataflow: mirrored, ..*array };
            assert_eq!(self::mapping(outputs, depth, pixels, &array), mapping);
        });
    }
}
