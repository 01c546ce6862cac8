//! Under Node: a value that crosses the border and comes back is the same, to the bit.

use nas_numerics::Rng;
use nas_wasm_border::{from_js, to_js};
use serde::{Deserialize, Serialize};
use wasm_bindgen_test::wasm_bindgen_test;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    singles: Vec<f32>,
    doubles: Vec<f64>,
    large: u64,
    nothing: Option<u32>,
}

#[wasm_bindgen_test]
fn numbers_keep_their_bits() {
    let mut rng = Rng::for_purpose(7, "border", 0);
    let mut double = || f64::from_bits(u64::from(rng.next_u32()) << 32 | u64::from(rng.next_u32()));
    let numbers = Numbers {
        singles: vec![0.1, 1.0 / 3.0, 16_777_216.0, f32::MIN_POSITIVE, f32::MAX],
        doubles: [0.1, 907.303_832_202_868_9, f64::MAX]
            .into_iter()
            .chain((0..10_000).map(|_| double()).filter(|number| number.is_finite()))
            .collect(),
        large: (1 << 53) - 1,
        nothing: None,
    };
    let back: Numbers = from_js(to_js(&numbers).unwrap()).unwrap();
    assert_eq!(back, numbers);
}
