use proptest::prelude::*;

use super::*;

fn data() -> Vec<DataFacts> {
    let facts = |id: &str, resolutions: &[u32], train_images| DataFacts {
        id: id.into(),
        channels: 1,
        resolutions: resolutions.to_vec(),
        default_resolution: resolutions[0],
        classes: 10,
        train_images,
        validation_images: 300,
        test_images: 300,
        sha256: String::new(),
    };
    vec![facts("digits8", &[8, 4], 1197), facts("mnist", &[14, 7, 28], 2000)]
}

fn messages(link: &str) -> Vec<String> {
    read(link, &data()).notices.into_iter().map(|notice| notice.message).collect()
}

#[test]
fn the_default_is_the_shortest_link() {
    assert_eq!(write(&RunConfig::default()), "v=1");
    assert_eq!(read("", &data()).config, RunConfig::default());
    assert_eq!(read("#v=1", &data()).config, RunConfig::default());
}

/// Links that were ever released: each must open to the same configuration for ever.
#[test]
fn old_links_open() {
    let reading = read(
        "https://example.org/nas/#v=1&data=mnist&res=28&samples=500&space=layers&strategy=random&device=arduino-uno\
         &objective=macs&seed=4294967295&candidates=120&epochs=3&macs=123456789012&width=4&ram=1500&flash=20000\
         &latency_ms=12.5&max_params=2000&lang=es&layers.operators=conv3x3,fire&layers.auto_norm=off",
        &data(),
    );
    assert_eq!(reading.notices, []);
    assert_eq!(reading.lang.as_deref(), Some("es"));
    let config = reading.config;
    assert_eq!((config.data.as_str(), config.res, config.samples), ("mnist", Some(28), Some(500)));
    assert_eq!((config.seed, config.candidates, config.epochs, config.width), (u32::MAX, 120, 3, 4));
    assert_eq!((config.macs, config.ram, config.flash), (Some(123_456_789_012), Some(1500), Some(20_000)));
    assert_eq!((config.latency_ms, config.max_params), (Some(12.5), Some(2000)));
    assert_eq!(
        config.settings["layers.operators"],
        SettingValue::Words(vec!["conv3x3".into(), "fire".into()])
    );
    assert_eq!(config.settings["layers.auto_norm"], SettingValue::Switch(false));
}

#[test]
fn what_cannot_be_read_is_told() {
    let cases = [
        ("v=1&colour=red", "'colour' is no key of a link: it is ignored"),
        ("v=1&copies=3", "'copies' is no key of a link: it is ignored"),
        ("v=9", "the link is of version 9, this program reads version 1: what it does not know is ignored"),
        ("v=0", "v=0 is not a version: the default is used"),
        ("candidates=99999", "candidates=99999 is out of bounds: 10000 is used"),
        ("candidates=0", "candidates=0 is out of bounds: 1 is used"),
        ("candidates=many", "candidates=many is not a whole number from 1 to 10000: the default is used"),
        ("data=cats", "data=cats is not one of digits8, mnist: the default is used"),
        ("res=9", "res=9 is out of bounds: 8 is used"),
        ("samples=5000", "samples=5000 is out of bounds: 1197 is used"),
        ("latency_ms=-1", "latency_ms=-1 is not a positive number: the default is used"),
        (
            "custom=!",
            "custom=! is not a text of at most 16384 bytes, compressed, in base64url: the default is used",
        ),
        ("layers.max_depth=99", "layers.max_depth=99 is out of bounds: 12 is used"),
        ("train.flip=2", "train.flip=2 is out of bounds: 1 is used"),
        ("train.noise=-0.5", "train.noise=-0.5 is out of bounds: 0 is used"),
        ("train.warmup=soon", "train.warmup=soon is not a number from 0 to 200: the default is used"),
        (
            "train.optimizer=adam",
            "train.optimizer=adam is not one of adam-w, sgd, sgd-nesterov: the default is used",
        ),
        ("layers.depth=2", "'layers.depth' is no key of a link: it is ignored"),
        ("seed=1&seed=2", "'seed' stands twice: its first value is used"),
        ("candidates=-5", "candidates=-5 is out of bounds: 1 is used"),
        ("width=99999999999999999999999", "width=99999999999999999999999 is out of bounds: 64 is used"),
        ("res=0", "res=0 is out of bounds: 4 is used"),
        ("samples=0", "samples=0 is out of bounds: 1 is used"),
        (
            "devices=rp2040,toaster",
            "devices=rp2040,toaster is not devices, each once, joined by commas: the default is used",
        ),
        ("over=best", "over=best is not one of worst, mean: the default is used"),
        ("table=abc", "table=abc is not 64 hexadecimal digits: the default is used"),
        ("seed", "seed= is not a whole number from 0 to 4294967295: the default is used"),
    ];
    for (link, expected) in cases {
        assert_eq!(messages(link), [expected], "{link}");
    }
    let known = ids(&strategies()).join(", ");
    assert_eq!(
        messages("strategy=hope"),
        [format!("strategy=hope is not one of {known}: the default is used")]
    );
}

#[test]
fn settings_are_read_as_they_are_written_back() {
    let reading = read(
        "layers.max_depth=6&layers.operators=fire,conv3x3&train.flip=5e-1&train.learning_rate=0.01&train.rotate=0",
        &data(),
    );
    assert_eq!(write(&reading.config), "v=1&layers.operators=conv3x3,fire&train.flip=0.5");
    assert_eq!(read(&write(&reading.config), &data()).config, reading.config);
}

#[test]
fn devices_and_estimators_are_read_as_they_are_written_back() {
    let link = format!(
        "v=1&device=microbit&devices=rp2040,arduino-uno&over=mean&estimator=analytical&table={}&watts=0.05",
        "ab".repeat(32)
    );
    let reading = read(&link, &data());
    assert_eq!(reading.notices, []);
    assert_eq!(reading.config.devices, ["rp2040", "arduino-uno"]);
    assert_eq!(write(&reading.config), link.replace("&device=microbit", ""));
}

#[test]
fn a_link_full_of_nonsense_is_told_in_a_few_words() {
    let link = (0..100_000).map(|item| format!("key{item}=1")).collect::<Vec<_>>().join("&");
    let told = messages(&link);
    assert_eq!(told.len(), MOST_NOTICES + 1);
    assert_eq!(
        told[MOST_NOTICES],
        format!("and {} more items that could not be read", 100_000 - MOST_NOTICES)
    );
}

#[test]
fn every_key_is_described_and_stands_once() {
    let keys = keys();
    let mut names: Vec<&str> = keys.iter().map(|key| key.key.as_str()).collect();
    assert!(names.contains(&"regularized-evolution.population"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys.len());
    assert!(keys.iter().all(|key| !key.expected.is_empty()));
}

/// docs/links.md has a row for every key, as `keys` describes it.
#[test]
fn the_documentation_lists_every_key() {
    let page = include_str!("../../../../docs/links.md");
    let row = |key: &LinkKey| {
        let default = if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
        format!("| `{}` | {} | {} | {default} | {} |\n", key.key, key.meaning.en, key.expected, key.since)
    };
    let table: String = keys().iter().map(row).collect();
    assert!(page.ends_with(&table), "docs/links.md must end with this table:\n{table}");
}

#[test]
fn limits_of_single_devices_are_read_and_written() {
    let link = "v=1&limits=latency@pixel-3:5.5,ram@arduino-uno:1880";
    let reading = read(link, &data());
    assert_eq!(reading.notices, []);
    assert_eq!(reading.config.limits.len(), 2);
    assert_eq!(write(&reading.config), link);
    for bad in [
        "latency",
        "latency@pixel-3",
        "latency@pixel-3:-1",
        "size@pixel-3:1",
        "ram@toaster:1",
        "ram@microbit:1,ram@microbit:2",
    ] {
        let reading = read(&format!("limits={bad}"), &data());
        assert_eq!(reading.notices.len(), 1, "{bad}");
        assert!(reading.config.limits.is_empty());
    }
}

prop_compose! {
    fn configs()(
        mnist in any::<bool>(),
        random in any::<bool>(),
        seed in any::<u32>(),
        candidates in 1u32..=10_000,
        epochs in 1u32..=200,
        width in 1u32..=64,
        samples in prop::option::of(1u32..=1197),
        macs in prop::option::of(1u64..1 << 53),
        ram in prop::option::of(1u64..1 << 20),
        latency_ms in prop::option::of(0.001f64..1e6),
        population in prop::option::of(2u32..=1000),
        auto_norm in prop::option::of(any::<bool>()),
        custom in prop::option::of(".{0,60}"),
    ) -> RunConfig {
        let mut config = RunConfig { samples, seed, candidates, epochs, macs, width, ram, latency_ms, custom, ..RunConfig::default() };
        if mnist { config.data = "mnist".into(); config.res = Some(7); }
        if random { config.strategy = "random".into(); }
        let mut set = |key: &str, value| config.settings.insert(key.into(), value);
        if let Some(population) = population.filter(|population| *population != 10) {
            set("regularized-evolution.population", SettingValue::Integer(population));
        }
        if auto_norm == Some(false) { set("layers.auto_norm", SettingValue::Switch(false)); }
        config
    }
}

/// Items with real keys and values that may or may not fit.
fn items() -> impl Strategy<Value = String> {
    let keys: Vec<String> = keys().into_iter().map(|key| key.key).collect();
    let value = prop_oneof![
        "[0-9]{1,12}",
        "on|off",
        "-?[0-9]{0,3}\\.[0-9]{1,8}|one-cycle|sgd",
        "[a-z0-9,-]{0,20}",
        Just("fire,conv3x3".to_owned())
    ];
    prop::collection::vec((prop::sample::select(keys), value), 0..12).prop_map(|items| {
        items.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #[test]
    fn reading_and_writing_are_inverse(link in items()) {
        let config = read(&link, &data()).config;
        prop_assert_eq!(check(&config), Ok(()));
        let again = read(&write(&config), &data());
        prop_assert_eq!(again.notices, []);
        prop_assert_eq!(again.config, config);
    }

    #[test]
    fn a_configuration_survives_its_link(config in configs()) {
        let reading = read(&format!("#{}", write(&config)), &data());
        prop_assert_eq!(reading.notices, []);
        prop_assert_eq!(reading.config, config);
    }

    #[test]
    fn any_text_opens(text in "\\PC{0,200}") {
        let config = read(&text, &data()).config;
        prop_assert_eq!(read(&write(&config), &data()).config, config);
    }
}
