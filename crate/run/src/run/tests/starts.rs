//! Searches that start from given candidates.

use nas_search::strategies;

use super::*;

/// The candidates of a front, and a run that starts from them.
fn seeded(strategy: &str) -> (Vec<Genotype>, RunConfig) {
    let first = lines(&play(Run::new(&config(7), &facts()).unwrap(), 2, 0, false));
    let asked = |ask: u32| {
        first.iter().find_map(|line| match line {
            LogLine::Asked { ask: found, genes, .. } if *found == ask => Some(genes.clone()),
            _ => None,
        })
    };
    let members = first.iter().rev().find_map(|line| match line {
        LogLine::Front { members, .. } => Some(members.clone()),
        _ => None,
    });
    let start: Vec<Genotype> = members.unwrap().iter().map(|member| asked(member.ask).unwrap()).collect();
    let config = RunConfig { strategy: strategy.into(), start: start.clone(), candidates: 24, ..config(8) };
    (start, config)
}

#[test]
fn starting_points_come_first_with_every_strategy() {
    for member in strategies() {
        let (start, config) = seeded(member.id);
        assert!(start.len() > 1, "a front of {}", start.len());
        let log = play(Run::new(&config, &facts()).unwrap(), 3, 1, true);
        assert_eq!(log, play(Run::new(&config, &facts()).unwrap(), 1, 0, false), "{}", member.id);
        let asked: Vec<(Genotype, Option<u32>)> = lines(&log)
            .into_iter()
            .filter_map(|line| match line {
                LogLine::Asked { genes, parent, .. } => Some((genes, parent)),
                _ => None,
            })
            .collect();
        assert_eq!(asked.len(), 24, "{}", member.id);
        let expected: Vec<_> = start.iter().map(|genotype| (genotype.clone(), None)).collect();
        assert_eq!(asked[..start.len()], expected, "{}", member.id);
    }
}

#[test]
fn a_link_carries_starting_points() {
    let (_, config) = seeded("random");
    let reading = crate::link::read(&crate::link::write(&config), &[facts()]);
    assert_eq!((reading.config, reading.notices), (config, Vec::new()));
}

#[test]
fn what_a_search_could_not_propose_is_no_starting_point() {
    let refusal = |config: &RunConfig| Run::new(config, &facts()).err().unwrap().to_string();
    let (start, config) = seeded("random");
    let mut short = config.clone();
    short.start[0].0.pop();
    assert_eq!(
        refusal(&short),
        format!(
            "start: {}: 12 values for 13 genes; genotypes are those of the space with these settings",
            short.start[0]
        )
    );
    let mut narrow = config.clone();
    narrow.max_params = Some(1);
    let message = refusal(&narrow);
    assert!(message.starts_with(&format!("start: {}: parameters ", start[0])), "{message}");
    assert!(message.ends_with(" of 1; raise the limit, or start from another candidate"), "{message}");
}
