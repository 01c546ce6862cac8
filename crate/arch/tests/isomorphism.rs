//! Isomorphic networks share one canonical form; networks that differ in one layer never do.

use nas_arch::{Conv2d, INPUT_NAME, Network, Op, Shape, canonical};
use nas_numerics::Rng;

const NETWORKS: u64 = 400;
const MOST_LAYERS: u32 = 14;

/// A layer that keeps the shape, so that any graph of them is sound.
fn op(rng: &mut Rng) -> Op {
    match rng.below(6) {
        0 => Op::Relu,
        3 => Op::Multiply,
        4 => Op::Sigmoid,
        1 => Op::Conv2d(Conv2d::square(4, 3)),
        2 => Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(4, 3) }),
        _ => Op::Add,
    }
}

/// A random graph with few kinds of layers: many of its parts look alike. Whatever nobody reads is added up at the end,
/// so that no layer is dead.
fn random_network(rng: &mut Rng) -> Network {
    let mut network = Network::new(Shape::new(4, 4, 4));
    let mut names = vec![INPUT_NAME.to_owned()];
    for layer in 0..=rng.below(MOST_LAYERS) {
        let op = op(rng);
        let count = match op {
            Op::Add => 2 + rng.below(2),
            Op::Multiply => 2,
            _ => 1,
        };
        let inputs: Vec<String> = (0..count).map(|_| rng.choose(&names).clone()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        names.push(network.push_reading(format!("layer{layer}"), op, &inputs));
    }
    let is_read = |name: &String| network.layers.iter().any(|layer| layer.inputs.contains(name));
    let loose: Vec<String> = names.iter().filter(|name| !is_read(name)).cloned().collect();
    let loose: Vec<&str> = loose.iter().map(String::as_str).collect();
    network.push_reading("end", Op::Add, &loose);
    network
}

/// The same network with other names, its layers in another order that still puts inputs first, and the inputs of its
/// additions and products in another order.
fn disguised(network: &Network, rng: &mut Rng) -> Network {
    let mut waiting = network.layers.clone();
    let output = network.layers.last().unwrap().name.clone();
    let mut placed = vec![INPUT_NAME.to_owned()];
    let mut disguised = Network::new(network.input);
    let renamed = |name: &str| if name == INPUT_NAME { name.to_owned() } else { format!("x-{name}") };
    while !waiting.is_empty() {
        let is_ready = |name: &str, inputs: &[String]| {
            inputs.iter().all(|input| placed.contains(input)) && (name != output || waiting.len() == 1)
        };
        let ready: Vec<usize> =
            (0..waiting.len()).filter(|&i| is_ready(&waiting[i].name, &waiting[i].inputs)).collect();
        let mut layer = waiting.remove(*rng.choose(&ready));
        placed.push(layer.name.clone());
        if matches!(layer.op, Op::Add | Op::Multiply) {
            rng.shuffle(&mut layer.inputs);
        }
        let inputs: Vec<String> = layer.inputs.iter().map(|input| renamed(input)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        disguised.push_reading(renamed(&layer.name), layer.op, &inputs);
    }
    disguised
}

#[test]
fn a_disguised_network_is_recognized() {
    for index in 0..NETWORKS {
        let mut rng = Rng::for_purpose(1, "isomorphism", index);
        let network = random_network(&mut rng);
        let original = canonical(&network.resolve().unwrap());
        for _ in 0..4 {
            let other = disguised(&network, &mut rng);
            assert_ne!(other, network);
            assert_eq!(canonical(&other.resolve().unwrap()), original, "{network:?}\n{other:?}");
        }
    }
}

#[test]
fn a_network_with_one_layer_changed_is_another() {
    let mut changed = 0;
    for index in 0..NETWORKS {
        let mut rng = Rng::for_purpose(2, "isomorphism", index);
        let network = random_network(&mut rng);
        let mut other = network.clone();
        let layers = other.layers.len() as u32;
        let layer = &mut other.layers[rng.below(layers) as usize];
        if let Op::Conv2d(conv) = &mut layer.op {
            conv.kernel = nas_arch::Pair::square(5);
            changed += 1;
            let names = [&network, &other].map(|network| canonical(&network.resolve().unwrap()).digest());
            assert_ne!(names[0], names[1], "{network:?}");
        }
    }
    assert!(changed > 50);
}
