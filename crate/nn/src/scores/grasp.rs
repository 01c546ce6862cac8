use nas_arch::Graph;

use super::{Method, WeightsPart};
use crate::plan::Probe;

/// Length of the step along the gradient, as a share of the length of the weights. In the networks of
/// tests/goldens/nn/scores.json the product differs from the exact one by up to 5 % at 1e-3, where rectifiers switch on the way,
/// by 0.6 % at 1e-4, and by 3 % at 1e-5, where rounding errors weigh.
const STEP: f64 = 1e-4;

/// −Σ w · (H g) over all weights, g and H being gradient and Hessian of the loss with respect to them (Wang et al. 2020,
/// "Picking Winning Tickets Before Training by Preserving Gradient Flow"; the sign is that of `grasp` of Abdelfattah et al.
/// 2021).
///
/// H g is a central difference of gradients, (∇L(w + εg) − ∇L(w − εg)) / 2ε with ε = `STEP` · ‖w‖ / ‖g‖: an estimate.
#[derive(Default)]
pub(super) struct Grasp {
    weights: Vec<f32>,
    gradients: Vec<f32>,
    weight_squares: f64,
    gradient_squares: f64,
    /// w · ∇L(w + εg) − w · ∇L(w − εg).
    difference: f64,
}

impl Grasp {
    fn step(&self) -> f64 {
        STEP * libm::sqrt(self.weight_squares / self.gradient_squares)
    }
}

impl Method for Grasp {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::LossGradients
    }

    fn passes(&self) -> u32 {
        3
    }

    fn before(&mut self, pass: u32, parameters: &mut [f32], weights: usize) {
        if pass == 0 {
            self.weights = parameters[..weights].to_vec();
            self.gradients = Vec::with_capacity(weights);
            return;
        }
        let step = if pass == 1 { self.step() } else { -self.step() };
        for ((parameter, &weight), &gradient) in parameters.iter_mut().zip(&self.weights).zip(&self.gradients)
        {
            *parameter = (f64::from(weight) + step * f64::from(gradient)) as f32;
        }
    }

    fn read_weights(&mut self, pass: u32, WeightsPart { start, gradients, .. }: WeightsPart<'_>) {
        let weights = &self.weights[start..][..gradients.len()];
        let dot = |left: &[f32], right: &[f32]| -> f64 {
            left.iter().zip(right).map(|(&left, &right)| f64::from(left) * f64::from(right)).sum()
        };
        match pass {
            0 => {
                self.weight_squares += dot(weights, weights);
                self.gradient_squares += dot(gradients, gradients);
                self.gradients.extend(gradients);
            }
            1 => self.difference += dot(weights, gradients),
            _ => self.difference -= dot(weights, gradients),
        }
    }

    /// Not a number where the gradient is 0.
    fn score(&mut self) -> f64 {
        -self.difference / (2.0 * self.step())
    }
}
