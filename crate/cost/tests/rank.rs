//! How well costs and estimates rank networks that somebody measured.
//!
//! `NAS_TABLES` names a folder with tables of cells of NAS-Bench-201 (Dong and Yang 2020): files `*.csv` or `*.csv.gz` with
//! the operator of each edge under `edge12` … `edge34`, and times in columns that end in `_ms` or `_s`.

use std::io::Read as _;
use std::path::Path;

use nas_arch::{BatchNorm, Conv2d, Dense, Network, Op, Pair, Pool, Shape, Zero};
use nas_cost::{Method, NetworkCosts, Objective, Pricing, devices, estimates};

/// Rows of a table that are priced: enough for two digits of a rank correlation.
const ROWS_MAX: usize = 800;
const EDGES: [(&str, usize, usize); 6] = [
    ("edge12", 0, 1),
    ("edge13", 0, 2),
    ("edge14", 0, 3),
    ("edge23", 1, 2),
    ("edge24", 1, 3),
    ("edge34", 2, 3),
];

fn conv_norm(network: &mut Network, name: &str, conv: Conv2d, input: &str) -> String {
    let relu = network.push_reading(format!("{name}.relu"), Op::Relu, &[input]);
    let conv =
        network.push_reading(format!("{name}.conv"), Op::Conv2d(Conv2d { bias: false, ..conv }), &[&relu]);
    network.push_reading(format!("{name}.norm"), Op::BatchNorm(BatchNorm::default()), &[&conv])
}

fn average(kernel: u32, stride: u32) -> Op {
    let padding = if kernel == 3 { nas_arch::Padding::Same } else { nas_arch::Padding::Valid };
    Op::AvgPool(Pool { kernel: Pair::square(kernel), stride: Some(Pair::square(stride)), padding })
}

fn cell(network: &mut Network, name: &str, operators: &[&str], channels: u32, input: String) -> String {
    let mut nodes = vec![input];
    for node in 1..4 {
        let mut summands = Vec::new();
        for (place, (_, from, to)) in EDGES.iter().enumerate().filter(|(_, (_, _, to))| *to == node) {
            let (edge, source) = (format!("{name}.{from}{to}"), nodes[*from].clone());
            summands.push(match operators[place] {
                "skip_connect" => source,
                "none" => network.push_reading(edge, Op::Zero(Zero::default()), &[&source]),
                "avg_pool_3x3" => network.push_reading(edge, average(3, 1), &[&source]),
                "nor_conv_1x1" => conv_norm(network, &edge, Conv2d::square(channels, 1), &source),
                "nor_conv_3x3" => conv_norm(network, &edge, Conv2d::square(channels, 3), &source),
                other => panic!("'{other}' is no operator of NAS-Bench-201"),
            });
        }
        let summands: Vec<&str> = summands.iter().map(String::as_str).collect();
        nodes.push(network.push_reading(format!("{name}.node{node}"), Op::Add, &summands));
    }
    nodes.pop().unwrap()
}

/// The skeleton of NAS-Bench-201 for CIFAR-10: 16 channels, 5 cells in each of three stages.
fn network(operators: &[&str]) -> Network {
    let mut network = Network::new(Shape::new(3, 32, 32));
    network.push("stem", Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(16, 3) }));
    let mut previous = network.push("stem.norm", Op::BatchNorm(BatchNorm::default()));
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        if stage > 0 {
            let name = format!("reduction{stage}");
            let strided = Conv2d { stride: Pair::square(2), ..Conv2d::square(channels, 3) };
            let a = conv_norm(&mut network, &format!("{name}.a"), strided, &previous);
            let b = conv_norm(&mut network, &format!("{name}.b"), Conv2d::square(channels, 3), &a);
            let pooled = network.push_reading(format!("{name}.pool"), average(2, 2), &[&previous]);
            let conv = Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(channels, 1) });
            let shortcut = network.push_reading(format!("{name}.shortcut"), conv, &[&pooled]);
            previous = network.push_reading(name, Op::Add, &[&shortcut, &b]);
        }
        for place in 0..5 {
            previous = cell(&mut network, &format!("cell{stage}{place}"), operators, channels, previous);
        }
    }
    network.push_reading("last.norm", Op::BatchNorm(BatchNorm::default()), &[&previous]);
    network.push("last.relu", Op::Relu);
    network.push("pool", Op::GlobalAvgPool);
    network.push("head", Op::Dense(Dense { out_features: 10, bias: true }));
    network
}

/// Multiply-accumulates of all layers, dead or not.
fn raw_macs(operators: &[&str]) -> f64 {
    const SKELETON: f64 = 7_783_040.0;
    const CONV3: f64 = 3.0 * 5.0 * 2_359_296.0;
    let count = |name: &str| operators.iter().filter(|operator| **operator == name).count() as f64;
    SKELETON + CONV3 * (count("nor_conv_3x3") + count("nor_conv_1x1") / 9.0)
}

fn costs(operators: &[&str]) -> NetworkCosts {
    NetworkCosts::of(&network(operators).resolve().unwrap()).unwrap()
}

/// Ranks from 0, equal values with their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let same = order[first..].iter().take_while(|&&index| values[index] == values[order[first]]).count();
        let rank = first as f64 + (same - 1) as f64 / 2.0;
        order[first..first + same].iter().for_each(|&index| ranks[index] = rank);
        first += same;
    }
    ranks
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let centered = |values: &[f64]| {
        let ranks = ranks(values);
        let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
        ranks.iter().map(|rank| rank - mean).collect::<Vec<f64>>()
    };
    let (a, b) = (centered(a), centered(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        return text;
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn ranks_of_equal_values_are_shared() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 30.0, 20.0]) - 0.5).abs() < 1e-12);
}

#[test]
fn cells_without_dead_layers_have_their_published_macs() {
    let all = ["nor_conv_3x3"; 6];
    assert_eq!(costs(&all).macs as f64, raw_macs(&all));
    // Cell 3 of the table: nothing but the edge from the input to the output and a pool before it is live.
    let skips = ["avg_pool_3x3", "skip_connect", "none", "none", "none", "skip_connect"];
    assert_eq!(costs(&skips).macs, 7_783_040);
    assert_eq!(costs(&["none"; 6]).macs, 640);
}

/// Prints the rank correlation of each cost and estimate with each measured column.
#[test]
#[expect(clippy::print_stderr, reason = "the numbers are what the test is for")]
fn live_macs_rank_measured_cells_better_than_raw_ones() {
    let Ok(folder) = std::env::var("NAS_TABLES") else {
        eprintln!("SKIPPED: set NAS_TABLES to a folder with tables of NAS-Bench-201");
        return;
    };
    let mut tables = 0;
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.to_string_lossy().contains(".csv")) {
        let text = read(path);
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let column = |name: &str| header.iter().position(|other| *other == name);
        let Some(edges) = EDGES.iter().map(|(name, ..)| column(name)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let step = rows.len().div_ceil(ROWS_MAX);
        let rows: Vec<&Vec<&str>> = rows.iter().step_by(step).collect();
        let cells: Vec<Vec<&str>> =
            rows.iter().map(|row| edges.iter().map(|&edge| row[edge]).collect()).collect();
        let priced: Vec<NetworkCosts> = cells.iter().map(|cell| costs(cell)).collect();
        let pricing = Pricing::of(&devices()[0]);
        let mut scores: Vec<(String, Vec<f64>)> =
            vec![("raw MACs".into(), cells.iter().map(|cell| raw_macs(cell)).collect())];
        for (title, objective) in
            [("live MACs", Objective::Macs), ("FLOPs", Objective::Flops), ("peak RAM", Objective::Ram)]
        {
            scores.push((title.into(), priced.iter().map(|costs| pricing.value(objective, costs)).collect()));
        }
        for device in devices().iter().filter(|device| device.timing.is_some()) {
            let latency = |costs: &NetworkCosts| {
                let told = estimates(costs, device, &[]);
                told.iter().find(|estimate| estimate.method == Method::Analytical).unwrap().latency_ms
            };
            scores.push((format!("analytical, {}", device.id), priced.iter().map(latency).collect()));
        }
        for (place, name) in
            header.iter().enumerate().filter(|(_, name)| name.ends_with("_ms") || name.ends_with("_s"))
        {
            let times: Vec<f64> = rows.iter().map(|row| row[place].parse().unwrap()).collect();
            eprintln!("{}: {name}, {} cells", path.file_name().unwrap().to_string_lossy(), times.len());
            let measured: Vec<(&str, f64)> =
                scores.iter().map(|(title, values)| (title.as_str(), spearman(values, &times))).collect();
            for (title, correlation) in &measured {
                eprintln!("  {correlation:6.3}  {title}");
            }
            // PyTorch on a GPU runs dead layers too: there raw MACs rank better.
            if !name.starts_with("gtx") {
                assert!(measured[1].1 > measured[0].1, "{name}: live MACs rank no better than raw ones");
            }
        }
        tables += 1;
    }
    assert!(tables > 0, "there is no table of NAS-Bench-201 in NAS_TABLES");
}
