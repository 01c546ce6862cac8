//! Square upper triangular factors and what is solved with them. Matrices are row by row; the inner loops run along rows.

/// Turns the upper triangle of a symmetric positive definite matrix K into U with `K = UᵀU` (Cholesky; RW appendix A.4). The
/// lower triangle is neither read nor written.
///
/// # Shapes
/// `matrix` [n, n].
///
/// # Panics
/// If the matrix is not positive definite.
pub(super) fn factor(matrix: &mut [f64], n: usize) {
    for k in 0..n {
        let (above, below) = matrix.split_at_mut((k + 1) * n);
        let row = &mut above[k * n + k..];
        assert!(row[0] > 0.0, "row {k} of {n}: the matrix is not positive definite, {} remains", row[0]);
        let root = libm::sqrt(row[0]);
        divide(row, root);
        for i in k + 1..n {
            let factor = row[i - k];
            subtract(factor, &row[i - k..], &mut below[(i - k - 1) * n + i..(i - k) * n]);
        }
    }
}

/// Solves `UᵀX = B` in place, for all columns of B at once.
///
/// # Shapes
/// `upper` [n, n], `columns` [n, columns of B].
pub(super) fn solve_transposed(upper: &[f64], columns: &mut [f64], n: usize) {
    let width = columns.len() / n;
    for k in 0..n {
        let (above, below) = columns.split_at_mut((k + 1) * width);
        let row = &mut above[k * width..];
        divide(row, upper[k * n + k]);
        for (i, other) in below.chunks_exact_mut(width).enumerate() {
            subtract(upper[k * n + k + 1 + i], row, other);
        }
    }
}

/// Solves Ux = b in place.
///
/// # Shapes
/// `upper` [n, n], `vector` [n].
pub(super) fn solve(upper: &[f64], vector: &mut [f64]) {
    let n = vector.len();
    for k in (0..n).rev() {
        let row = &upper[k * n..(k + 1) * n];
        let rest: f64 = row[k + 1..].iter().zip(&vector[k + 1..]).map(|(a, b)| a * b).sum();
        vector[k] = (vector[k] - rest) / row[k];
    }
}

/// The upper triangle of K⁻¹ = U⁻¹U⁻ᵀ; the lower one is zero.
///
/// # Shapes
/// `upper` [n, n] → [n, n].
pub(super) fn inverse(upper: &[f64], n: usize) -> Vec<f64> {
    // Row k of U⁻ᵀ is zero behind its diagonal.
    let mut root = vec![0.0; n * n];
    for k in 0..n {
        let (above, below) = root.split_at_mut((k + 1) * n);
        let row = &mut above[k * n..=k * n + k];
        row[k] = 1.0;
        divide(row, upper[k * n + k]);
        for (i, other) in below.chunks_exact_mut(n).enumerate() {
            subtract(upper[k * n + k + 1 + i], row, &mut other[..=k]);
        }
    }
    let mut inverse = vec![0.0; n * n];
    for k in 0..n {
        let row = &root[k * n..=k * n + k];
        for i in 0..=k {
            subtract(-row[i], &row[i..], &mut inverse[i * n + i..=i * n + k]);
        }
    }
    inverse
}

fn divide(row: &mut [f64], divisor: f64) {
    for value in row {
        *value /= divisor;
    }
}

/// `to` −= `factor` · `from`
fn subtract(factor: f64, from: &[f64], to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to -= factor * from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `K = UᵀU` of `U = [[2, 1, 3], [0, 4, 5], [0, 0, 6]]`.
    const K: [f64; 9] = [4.0, 2.0, 6.0, 2.0, 17.0, 23.0, 6.0, 23.0, 70.0];
    const U: [f64; 9] = [2.0, 1.0, 3.0, 0.0, 4.0, 5.0, 0.0, 0.0, 6.0];

    #[test]
    fn the_factor_is_that_worked_by_hand() {
        let mut matrix = K;
        factor(&mut matrix, 3);
        assert_eq!([&matrix[..3], &matrix[4..6], &matrix[8..]].concat(), [2.0, 1.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    #[should_panic(expected = "row 1 of 2: the matrix is not positive definite, -3 remains")]
    fn a_matrix_without_a_factor_is_refused() {
        factor(&mut [1.0, 2.0, 2.0, 1.0], 2);
    }

    #[test]
    fn solutions_solve() {
        // Uᵀ(1, 2, 3) = (2, 9, 31) and Uᵀ(1, 0, −1) = (2, 1, −3).
        let mut columns = [2.0, 2.0, 9.0, 1.0, 31.0, -3.0];
        solve_transposed(&U, &mut columns, 3);
        assert_eq!(columns, [1.0, 1.0, 2.0, 0.0, 3.0, -1.0]);
        // U(1, 2, 3) = (13, 23, 18).
        let mut vector = [13.0, 23.0, 18.0];
        solve(&U, &mut vector);
        assert_eq!(vector, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_inverse_undoes_the_matrix() {
        let inverse = inverse(&U, 3);
        for i in 0..3 {
            for j in 0..3 {
                let entry = |a: usize, b: usize| inverse[a.min(b) * 3 + a.max(b)];
                let product: f64 = (0..3).map(|k| entry(i, k) * K[k * 3 + j]).sum();
                assert!((product - f64::from(i == j)).abs() < 1e-12, "{i} {j}: {product}");
            }
        }
    }
}
