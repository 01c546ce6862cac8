//! Matrix products whose left side is never written out: rows of it are read where they lie.
//!
//! A convolution is a product of the *depth* (what an output pixel sums over: taps × channels) with the
//! output channels. The depth of one pixel consists of a few *runs* of adjacent elements at fixed offsets
//! from the pixel's base ([`Taps`]); pixels lie at fixed steps ([`Steps`]). So the same two products serve
//! every convolution, its input gradient, its weight gradient and the dense layer.

mod outer;
mod pack;
mod product;

pub(crate) use outer::accumulate_outer_product;
pub(crate) use pack::{LARGEST_PANEL_GROWTH, SLAB_OUTPUTS, pack_depth_row, packed_len};
pub(crate) use product::product;

/// What the sums of a product start from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// What the destination holds.
    Destination,
    /// The same number for an output in every pixel, or 0; what the destination holds is overwritten.
    Outputs(Option<&'a [f32]>),
}

/// Numbers of pixels along each axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) images: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// Where the pixels of a [`Grid`] lie in a slice: the element of the first one, and the elements from one
/// image, row and column to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) first: usize,
    pub(crate) image: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Grid {
    /// Number of pixels.
    pub(crate) fn len(self) -> usize {
        self.images * self.rows * self.columns
    }

    /// The same pixels as one row, if they lie at equal distances in both slices.
    fn flattened(self, left: Steps, right: Steps) -> Self {
        if left.are_equal(self) && right.are_equal(self) {
            Self { images: 1, rows: 1, columns: self.len() }
        } else {
            self
        }
    }
}

impl Steps {
    /// The same, so many elements further on.
    pub(crate) fn moved(self, elements: usize) -> Self {
        Self { first: self.first + elements, ..self }
    }

    /// Whether the pixels of the grid lie at equal distances.
    fn are_equal(self, grid: Grid) -> bool {
        self.row == grid.columns * self.column && self.image == grid.rows * self.row
    }
}

/// Which elements a pixel sums over, relative to its base: `rows` × `columns` runs of `run` adjacent
/// elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taps {
    rows: usize,
    row_step: usize,
    columns: usize,
    column_step: usize,
    run: usize,
}

impl Taps {
    /// `rows` × `columns` runs, `row_step` and `column_step` elements apart; runs that touch become one.
    pub(crate) fn new(
        (rows, row_step): (usize, usize),
        (columns, column_step): (usize, usize),
        run: usize,
    ) -> Self {
        let merged = Self { rows, row_step, columns, column_step, run };
        if columns == 1 || column_step == run {
            let run = columns * run;
            if rows == 1 || row_step == run {
                return Self { rows: 1, columns: 1, run: rows * run, ..merged };
            }
            return Self { columns: 1, run, ..merged };
        }
        merged
    }

    /// One run of `depth` elements.
    pub(crate) fn contiguous(depth: usize) -> Self {
        Self::new((1, 0), (1, 0), depth)
    }

    /// Elements that a pixel sums over.
    pub(crate) fn depth(&self) -> usize {
        self.rows * self.columns * self.run
    }

    /// Calls `visit` with the offset of each run, in the order of the sum.
    #[inline(always)]
    fn for_each_run(&self, mut visit: impl FnMut(usize)) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                visit(row * self.row_step + column * self.column_step);
            }
        }
    }
}
