use crate::Told;

/// At most `limit` of results that come best first, by ascending ask: the better half, and the rest evenly spaced in the
/// order of asking over all others, the last one included.
pub(crate) fn select<'a>(best_first: &[&'a Told], limit: usize) -> Vec<&'a Told> {
    let (better, others) = best_first.split_at(best_first.len().min(limit / 2));
    let (mut selected, mut others) = (better.to_vec(), others.to_vec());
    others.sort_by_key(|told| told.ask);
    let rest = others.len().min(limit - limit / 2);
    selected.extend((1..=rest).map(|step| others[step * others.len() / rest - 1]));
    selected.sort_by_key(|told| told.ask);
    selected
}

#[cfg(test)]
mod tests {
    use nas_space::Genotype;

    use super::*;

    #[test]
    fn the_best_and_a_spread_of_the_others_are_selected() {
        let told: Vec<Told> = [1, 5, 8, 4, 6, 7, 3, 2, 9, 0]
            .map(|ask| Told { ask, genotype: Genotype(vec![0]), parent: None, objectives: vec![0.5] })
            .to_vec();
        let best_first: Vec<&Told> = told.iter().collect();
        let asks = |limit| select(&best_first, limit).iter().map(|told| told.ask).collect::<Vec<_>>();
        // The best two are 1 and 5; of the other eight every fourth.
        assert_eq!(asks(4), [1, 4, 5, 9]);
        assert_eq!(asks(9).len(), 9);
        assert_eq!(asks(10), (0..10).collect::<Vec<_>>());
        assert_eq!(asks(11), (0..10).collect::<Vec<_>>());
    }
}
