//! What `npm run bench` and `npm run bits` train in a browser; the page's module is built without it.

use nas_arch::Optimizer;
use nas_evaluate::{MOMENTUM, Workload};
use nas_nn::peak::{multiply_add_chain, multiply_add_chain_flops};
use nas_wasm_border::{BorderError, coded};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// One of the four trainings that speed is measured on.
#[wasm_bindgen(js_name = Workload)]
pub struct WorkloadHandle(Workload);

#[wasm_bindgen(js_class = Workload)]
impl WorkloadHandle {
    /// Workload `id` (`W1` to `W4`) on batches of `batch` images, with the optimizer `sgd` or `adamw`.
    ///
    /// # Errors
    /// If there is no such workload or optimizer, or it cannot be trained with this batch.
    #[wasm_bindgen(constructor)]
    pub fn new(id: &str, batch: u32, optimizer: &str, seed: u32) -> Result<Self, JsValue> {
        let optimizer = match optimizer {
            "sgd" => MOMENTUM,
            "adamw" => Optimizer::adam_w(),
            _ => {
                let message = format!("there is no optimizer '{optimizer}': use sgd or adamw");
                return Err(BorderError::misuse(&message).into());
            }
        };
        Ok(Self(Workload::new(id, batch, optimizer, seed).map_err(coded("misuse"))?))
    }

    /// Trains on one batch: forward, loss, backward, update. Returns the mean loss of the epoch so far.
    pub fn step(&mut self) -> f32 {
        self.0.step()
    }

    /// Goes on by the least there is, which is of the kind [`Self::upcoming`]. Returns the loss as [`Self::step`].
    pub fn advance(&mut self) -> f32 {
        self.0.advance()
    }

    /// The kind of work that [`Self::advance`] will do next.
    #[must_use]
    pub fn upcoming(&self) -> String {
        self.0.upcoming().to_owned()
    }

    /// Batches trained on so far.
    #[must_use]
    pub fn updates(&self) -> f64 {
        self.0.updates() as f64
    }

    /// SHA-256 of the weights and running statistics as they are.
    #[wasm_bindgen(js_name = weightsSha256)]
    #[must_use]
    pub fn weights_sha256(&self) -> String {
        self.0.weights_digest().to_string()
    }

    /// Multiply-accumulates of the forward pass of one image.
    #[must_use]
    pub fn macs(&self) -> f64 {
        self.0.macs() as f64
    }

    /// Trainable parameters.
    #[must_use]
    pub fn params(&self) -> f64 {
        self.0.params() as f64
    }

    /// Floating-point operations that a step counts as.
    #[wasm_bindgen(js_name = flopsPerStep)]
    #[must_use]
    pub fn flops_per_step(&self) -> f64 {
        self.0.flops_per_step() as f64
    }
}

/// Multiplies and adds in registers, `iterations` times: the most that a kernel could reach. Returns the
/// floating-point operations done.
#[wasm_bindgen]
#[must_use]
pub fn peak(iterations: u32) -> f64 {
    core::hint::black_box(multiply_add_chain(iterations.into()));
    multiply_add_chain_flops(iterations.into()) as f64
}
