//! Races on small tables, where what must come out is known.

use nas_member::Settings;
use nas_race::{Course, Entrant, Objective, Race, RaceError, Standing, Table};
use nas_search::{Count, strategies};

/// Accuracy 10·a + b in percent for a, b from 0 to 9, costs falling with it; without `a = 5`.
fn text() -> String {
    let rows = (0..100)
        .filter(|row| row / 10 != 5)
        .map(|row| format!("{},{},{row},{},7\n", row / 10, row % 10, 200 - row));
    format!("a,b,accuracy,macs,same\n{}", rows.collect::<String>())
}

fn table() -> Table {
    Table::from_csv(&text(), &["a".into(), "b".into()]).unwrap()
}

fn course(objectives: &[&str], budget: u32, report: &[u32]) -> Course {
    let objectives =
        objectives.iter().enumerate().map(|(place, text)| Objective::parse(text, place == 0)).collect();
    Course { objectives, reference: None, budget, report: report.to_vec(), noise: 0.0 }
}

fn entrant(strategy: &str, count: Option<Count>) -> Entrant {
    let member = strategies().into_iter().find(|member| member.id == strategy);
    let settings = Settings::defaults(&member.map_or_else(Vec::new, |member| member.settings));
    Entrant { strategy: strategy.into(), settings, count }
}

fn standings(course: Course, entrant: &Entrant, seeds: u32) -> Vec<Standing> {
    let table = table();
    let race = Race::new(&table, course).unwrap();
    let tracks: Vec<_> = (1..=seeds).map(|seed| race.run(entrant, seed).unwrap()).collect();
    race.standings(entrant, &tracks).unwrap()
}

#[test]
fn random_search_has_its_exact_mean() {
    // Of 90 rows, the expected best after N draws with replacement.
    let standings = standings(course(&["accuracy"], 20, &[1, 5, 20]), &entrant("random", None), 4000);
    let values: Vec<f64> = (0..100).filter(|row| row / 10 != 5).map(f64::from).collect();
    for standing in standings {
        let below = |place: usize| libm::pow(place as f64 / 90.0, f64::from(standing.queries));
        let expected: f64 =
            (1..).zip(&values).map(|(place, value)| value * (below(place) - below(place - 1))).sum();
        assert!((standing.mean - expected).abs() < 3.5 * standing.se, "{expected}: {standing:?}");
        assert!((standing.regret - (99.0 - standing.mean) / 99.0).abs() < 1e-12);
        assert_eq!((standing.count, standing.seeds), (Count::All, 4000));
    }
}

#[test]
fn the_smallest_can_be_the_best() {
    let standing = &standings(course(&["accuracy:min"], 500, &[500]), &entrant("random", None), 10)[0];
    assert!(standing.mean < 2.0, "{standing:?}");
    assert_eq!(standing.median_rank, Some(1.0 + standing.mean.round()), "one row for each value");
}

#[test]
fn where_only_new_queries_count_a_table_is_exhausted() {
    for member in strategies() {
        let entrant = entrant(member.id, Some(Count::Unique));
        let race_table = table();
        let race = Race::new(&race_table, course(&["accuracy"], 500, &[90, 500])).unwrap();
        // What cannot search one objective is refused.
        if race.check(&entrant).is_err() {
            continue;
        }
        let track = race.run(&entrant, 1).unwrap();
        let standings = race.standings(&entrant, &[track]).unwrap();
        assert_eq!(standings[0].mean, standings[1].mean, "{}: there are 90 rows", member.id);
        assert_eq!(standings[0].count, Count::Unique);
    }
    let standings = standings(course(&["accuracy"], 90, &[90]), &entrant("random", Some(Count::Unique)), 20);
    assert_eq!((standings[0].mean, standings[0].std, standings[0].median_rank), (99.0, 0.0, Some(1.0)));
}

#[test]
fn noise_misleads_the_strategy_and_not_the_judge() {
    let noisy = Course { noise: 1000.0, ..course(&["accuracy"], 30, &[30]) };
    let standing = &standings(noisy, &entrant("random", None), 500)[0];
    // The incumbent is hardly better than a draw, whose mean is 49.06 with a standard deviation of 30.2.
    let mean = (0..100).filter(|row| row / 10 != 5).sum::<i32>() as f64 / 90.0;
    assert!((standing.mean - mean).abs() < 6.0, "{standing:?}");
}

#[test]
fn several_objectives_are_judged_by_hypervolume() {
    let several = |reference: &[f64]| Course {
        reference: Some(reference.to_vec()),
        ..course(&["accuracy", "macs"], 2000, &[1, 2000])
    };
    // Each row costs less the better it is: the best one alone is the front.
    let standings = standings(several(&[0.0, 200.0]), &entrant("random", None), 10);
    assert_eq!((standings[1].mean, standings[1].regret, standings[1].median_rank), (1.0, 0.0, None));
    assert!(standings[0].mean < 0.9, "{standings:?}");
    let opposed = Course {
        objectives: vec![Objective::parse("accuracy:min", true), Objective::parse("macs:min", false)],
        ..several(&[100.0, 201.0])
    };
    let table = table();
    let race = Race::new(&table, opposed).unwrap();
    let random = entrant("random", None);
    let tracks = [race.run(&random, 1).unwrap()];
    // All rows are on the front, and 2,000 draws miss none with a probability of 2e-8.
    assert_eq!(race.standings(&random, &tracks).unwrap()[1].mean, 1.0);
}

#[test]
fn what_cannot_be_raced_is_refused() {
    let table = table();
    let refused = |course: Course| Race::new(&table, course).err().unwrap().to_string();
    let one = || course(&["accuracy"], 10, &[10]);
    for (course, expected) in [
        (course(&["speed"], 10, &[10]), "there is no column 'speed': use one of accuracy, macs, same"),
        (course(&["a"], 10, &[10]), "there is no column 'a'"),
        (course(&["accuracy", "macs"], 10, &[10]), "2 objectives need a reference of 2 values"),
        (course(&[], 10, &[10]), "0 objectives: a race has one, two or three"),
        (course(&["accuracy"], 10, &[11]), "a report after 11 queries: from 1 to the budget of 10"),
        (course(&["accuracy"], 10, &[0]), "a report after 0 queries"),
        (Course { noise: f64::NAN, ..one() }, "noise is a standard deviation"),
        (Course { reference: Some(vec![1.0]), ..one() }, "a single objective has no hypervolume"),
        (
            Course { reference: Some(vec![99.0, 300.0]), ..course(&["accuracy", "macs"], 10, &[10]) },
            "no row is better than the reference in every objective",
        ),
    ] {
        let message = refused(course);
        assert!(message.starts_with(expected), "{message}");
    }
    let race = Race::new(&table, one()).unwrap();
    let error = race.check(&entrant("hope", None)).unwrap_err();
    assert!(matches!(error, RaceError::Strategy(_)), "{error}");
}

#[test]
fn a_table_of_equals_is_raced() {
    let standing = &standings(course(&["same"], 30, &[30]), &entrant("local-search", None), 3)[0];
    assert_eq!((standing.mean, standing.regret, standing.median_rank), (7.0, 0.0, Some(1.0)));
}
