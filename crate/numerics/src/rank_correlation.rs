/// Kendall's rank correlation of pairs, in the form τ-b, which takes account of ties (Kendall 1945, "The treatment of ties in ranking
/// problems"): (C − D) / √((n₀ − n₁)·(n₀ − n₂)), with C concordant and D discordant ones of the n₀ pairs of pairs, n₁ of which are
/// tied in the first value and n₂ in the second. From −1 to 1; none if all values on one side are equal.
///
/// ```
/// let pairs = [(1.0, 10.0), (2.0, 30.0), (3.0, 20.0), (4.0, 40.0)];
/// assert_eq!(nas_numerics::kendall_tau(&pairs), Some(4.0 / 6.0));
/// ```
#[must_use]
pub fn kendall_tau(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mut balance, mut untied) = (0_i64, [0_u64; 2]);
    for (index, (first, second)) in pairs.iter().enumerate() {
        for (other_first, other_second) in &pairs[..index] {
            let signs = [first.total_cmp(other_first) as i64, second.total_cmp(other_second) as i64];
            balance += signs[0] * signs[1];
            untied.iter_mut().zip(signs).for_each(|(untied, sign)| *untied += sign.unsigned_abs());
        }
    }
    let [first, second] = untied.map(|untied| untied as f64);
    (first * second > 0.0).then(|| balance as f64 / (first * second).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_by_hand() {
        // Of six pairs of pairs three are concordant, two are discordant, and one is tied in the first value.
        let pairs = [(1.0, 1.0), (2.0, 3.0), (2.0, 4.0), (3.0, 2.0)];
        assert_eq!(kendall_tau(&pairs), Some(1.0 / (5.0_f64 * 6.0).sqrt()));
    }

    #[test]
    fn equal_and_opposite_orders() {
        let up: Vec<_> = (0..9).map(|value| (f64::from(value), f64::from(value * value))).collect();
        let down: Vec<_> = up.iter().map(|(first, second)| (*first, -second)).collect();
        assert_eq!((kendall_tau(&up), kendall_tau(&down)), (Some(1.0), Some(-1.0)));
    }

    #[test]
    fn equal_values_have_no_order() {
        assert_eq!(kendall_tau(&[]), None);
        assert_eq!(kendall_tau(&[(1.0, 2.0)]), None);
        assert_eq!(kendall_tau(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
