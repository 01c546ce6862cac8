use nas_arch::Recipe;

/// Learning rate of each step: it rises linearly from nothing and then falls as a cosine to nothing
/// (Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts).
///
/// With W steps of warm-up and T steps in all, step s (from 0) has the rate
/// peak·(s + 1)/(W + 1) for s < W and peak·(1 + cos(π·(s − W)/(T − W)))/2 after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    peak: f32,
    warmup_steps: u32,
    horizon_steps: u32,
}

impl Schedule {
    /// The schedule of a recipe with this many steps in an epoch.
    #[must_use]
    pub fn new(recipe: &Recipe, steps_per_epoch: u32) -> Self {
        let warmup_steps = recipe.warmup_epochs * steps_per_epoch as f32;
        Self {
            peak: recipe.learning_rate,
            warmup_steps: (warmup_steps + 0.5) as u32,
            horizon_steps: recipe.horizon_epochs.saturating_mul(steps_per_epoch),
        }
    }

    /// Learning rate of step `step`, counted from 0 over all epochs; 0 behind the horizon.
    #[must_use]
    pub fn learning_rate(&self, step: u32) -> f32 {
        if step >= self.horizon_steps {
            0.0
        } else if step < self.warmup_steps {
            self.peak * ((step + 1) as f32 / (self.warmup_steps + 1) as f32)
        } else {
            let progress =
                (step - self.warmup_steps) as f32 / (self.horizon_steps - self.warmup_steps) as f32;
            self.peak * (0.5 * (1.0 + libm::cosf(core::f32::consts::PI * progress)))
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Optimizer;

    use super::*;

    fn schedule(warmup_epochs: f32, horizon_epochs: u32) -> Schedule {
        let recipe = Recipe {
            batch_size: 8,
            optimizer: Optimizer::adam_w(),
            learning_rate: 0.4,
            warmup_epochs,
            horizon_epochs,
            label_smoothing: 0.0,
        };
        Schedule::new(&recipe, 4)
    }

    #[test]
    fn it_rises_in_a_line_and_falls_in_a_cosine() {
        let schedule = schedule(0.75, 2);
        let rates: Vec<f32> = (0..9).map(|step| schedule.learning_rate(step)).collect();
        // W = 3, T = 8; cos(π/5) = 0.809017, cos(2π/5) = 0.309017.
        let expected = [0.1, 0.2, 0.3, 0.4, 0.361_803_4, 0.261_803_4, 0.138_196_6, 0.038_196_6, 0.0];
        for (step, (rate, expected)) in rates.iter().zip(expected).enumerate() {
            assert!((rate - expected).abs() < 1e-6, "step {step}: {rate} for {expected}");
        }
    }

    #[test]
    fn warm_up_may_be_nothing_or_all() {
        assert_eq!(schedule(0.0, 1).learning_rate(0), 0.4);
        assert_eq!(schedule(1.0, 1).learning_rate(3), 0.4 * 0.8);
    }
}
