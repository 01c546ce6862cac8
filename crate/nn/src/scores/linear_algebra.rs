//! Eigenvalues and determinants of small symmetric matrices.

/// A symmetric matrix: the rows of its lower triangle, one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Symmetric {
    size: usize,
    elements: Vec<f64>,
}

impl Symmetric {
    /// Adds a row up to its diagonal.
    ///
    /// # Panics
    /// If it has another length.
    pub(super) fn extend(&mut self, row: impl Iterator<Item = f64>) {
        self.size += 1;
        self.elements.extend(row);
        assert_eq!(self.elements.len(), self.size * (self.size + 1) / 2, "row {}", self.size);
    }

    pub(super) fn get(&self, row: usize, column: usize) -> f64 {
        self.elements[Self::index(row, column)]
    }

    pub(super) fn is_finite(&self) -> bool {
        self.elements.iter().all(|element| element.is_finite())
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.elements[Self::index(row, column)] = value;
    }

    fn index(row: usize, column: usize) -> usize {
        let (row, column) = (row.max(column), row.min(column));
        row * (row + 1) / 2 + column
    }
}

/// Sweeps after which the rotations end: convergence is quadratic, and 64 rows take some ten.
const MAX_SWEEPS: usize = 40;

/// Eigenvalues in no particular order, by cyclic Jacobi rotations (Golub and Van Loan, "Matrix Computations").
///
/// # Panics
/// If an element is not finite.
pub(super) fn eigenvalues(mut matrix: Symmetric) -> Vec<f64> {
    assert!(matrix.is_finite(), "{matrix:?}");
    let size = matrix.size;
    for _ in 0..MAX_SWEEPS {
        let mut has_turned = false;
        for p in 0..size {
            for q in p + 1..size {
                has_turned |= rotate(&mut matrix, p, q);
            }
        }
        if !has_turned {
            break;
        }
    }
    (0..size).map(|index| matrix.get(index, index)).collect()
}

/// Turns the plane of two axes so that their product vanishes; false if it is too small to matter.
fn rotate(matrix: &mut Symmetric, p: usize, q: usize) -> bool {
    let (a, b, product) = (matrix.get(p, p), matrix.get(q, q), matrix.get(p, q));
    if product.abs() <= f64::EPSILON * libm::sqrt((a * b).abs()) && product.abs() <= f64::EPSILON {
        return false;
    }
    let tau = (b - a) / (2.0 * product);
    let tangent = tau.signum() / (tau.abs() + libm::sqrt(1.0 + tau * tau));
    let cosine = 1.0 / libm::sqrt(1.0 + tangent * tangent);
    let sine = tangent * cosine;
    for other in (0..matrix.size).filter(|&other| other != p && other != q) {
        let (left, right) = (matrix.get(other, p), matrix.get(other, q));
        matrix.set(other, p, cosine * left - sine * right);
        matrix.set(other, q, sine * left + cosine * right);
    }
    matrix.set(p, p, a - tangent * product);
    matrix.set(q, q, b + tangent * product);
    matrix.set(p, q, 0.0);
    true
}

/// ln |det|, by Gaussian elimination with partial pivoting; minus infinity where the determinant is 0.
pub(super) fn log_determinant(matrix: &Symmetric) -> f64 {
    let size = matrix.size;
    let mut rows: Vec<Vec<f64>> =
        (0..size).map(|row| (0..size).map(|column| matrix.get(row, column)).collect()).collect();
    let mut total = 0.0;
    for pivot in 0..size {
        let largest = (pivot..size)
            .max_by(|&left, &right| rows[left][pivot].abs().total_cmp(&rows[right][pivot].abs()))
            .expect("there is a row left");
        rows.swap(pivot, largest);
        let (above, below) = rows.split_at_mut(pivot + 1);
        let head = &above[pivot];
        total += libm::log(head[pivot].abs());
        if head[pivot] == 0.0 {
            return f64::NEG_INFINITY;
        }
        for row in below {
            let factor = row[pivot] / head[pivot];
            for (element, &head) in row.iter_mut().zip(head).skip(pivot) {
                *element -= factor * head;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[f64]]) -> Symmetric {
        let mut matrix = Symmetric::default();
        for row in rows {
            matrix.extend(row.iter().copied());
        }
        matrix
    }

    #[test]
    fn by_hand() {
        // (2 − λ)² = 1: 1 and 3; determinant 3.
        let two = matrix(&[&[2.0], &[1.0, 2.0]]);
        let mut found = eigenvalues(two.clone());
        found.sort_by(f64::total_cmp);
        assert!((found[0] - 1.0).abs() < 1e-15 && (found[1] - 3.0).abs() < 1e-15, "{found:?}");
        assert!((log_determinant(&two) - libm::log(3.0)).abs() < 1e-15);
        // Equal on the diagonal, zero beside it.
        assert_eq!(eigenvalues(matrix(&[&[5.0], &[0.0, 5.0]])), [5.0, 5.0]);
    }

    #[test]
    fn equal_rows_have_no_determinant() {
        let twins = matrix(&[&[7.0], &[3.0, 7.0], &[7.0, 3.0, 7.0]]);
        assert_eq!(log_determinant(&twins), f64::NEG_INFINITY);
        assert_eq!(log_determinant(&matrix(&[&[0.0]])), f64::NEG_INFINITY);
    }

    #[test]
    fn eigenvalues_keep_trace_squares_and_determinant() {
        let mut rng = nas_numerics::Rng::for_purpose(1, "matrix", 0);
        let size = 64;
        let mut large = Symmetric::default();
        for row in 0..size {
            large.extend(
                (0..=row).map(|column| f64::from(rng.normal()) + if column == row { 40.0 } else { 0.0 }),
            );
        }
        let found = eigenvalues(large.clone());
        let sum = |term: &dyn Fn(f64) -> f64| found.iter().map(|&value| term(value)).sum::<f64>();
        let trace: f64 = (0..size).map(|index| large.get(index, index)).sum();
        let squares: f64 = (0..size * size)
            .map(|index| large.get(index / size, index % size))
            .map(|value| value * value)
            .sum();
        assert!((sum(&|value| value) / trace - 1.0).abs() < 1e-13);
        assert!((sum(&|value| value * value) / squares - 1.0).abs() < 1e-13);
        assert!((sum(&|value| libm::log(value.abs())) / log_determinant(&large) - 1.0).abs() < 1e-13);
    }
}
