use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a network is trained, as a value. It is part of every evaluation key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Recipe {
    /// Images in one step.
    pub batch_size: u32,
    /// What turns gradients into steps.
    pub optimizer: Optimizer,
    /// Learning rate at its highest, after the warm-up.
    pub learning_rate: f32,
    /// Epochs over which the rate rises linearly from nothing.
    pub warmup_epochs: f32,
    /// Epochs after which the schedule ends: the highest fidelity, so that a shorter training is a prefix of a longer
    /// one.
    pub horizon_epochs: u32,
    /// Share of the target spread evenly over all classes (Szegedy et al. 2016); 0 for none.
    pub label_smoothing: f32,
    /// What the learning rate does between warm-up and horizon.
    #[serde(default, skip_serializing_if = "Schedule::is_default")]
    #[ts(optional, as = "Option<Schedule>")]
    pub schedule: Schedule,
    /// Longest gradient of all parameters together (Pascanu et al. 2013): a longer one is shortened to it, as by
    /// `torch.nn.utils.clip_grad_norm_`; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub clip_norm: Option<f32>,
}

/// What the learning rate does between warm-up and horizon. `nas_nn::LearningRates` has the formulas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[ts(export)]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls to nothing as half a cosine (Loshchilov and Hutter 2017, "SGDR", without restarts).
    #[default]
    Cosine,
    /// It rises to its highest and falls to almost nothing, both as half a cosine (Smith and Topin 2018,
    /// "Super-Convergence"), as `torch.optim.lr_scheduler.OneCycleLR` with its default shape. The momentum stays.
    OneCycle,
    /// It falls by a factor every so many epochs, counted from the first one.
    Step {
        /// Epochs from one fall to the next.
        epochs: u32,
        /// What is left of the rate after a fall.
        factor: f32,
    },
}

impl Schedule {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What turns gradients into steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[ts(export)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum (Sutskever et al. 2013), as `torch.optim.SGD`.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f32,
        /// Whether the gradient is taken ahead of the step (Nesterov).
        nesterov: bool,
        /// Weight decay as an L2 penalty: added to the gradient after clipping, and so scaled by the learning rate and
        /// kept by the momentum; weights of convolutions and dense layers only.
        weight_decay: f32,
    },
    /// `AdamW` (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
    AdamW {
        /// Decay of the running mean of gradients.
        beta1: f32,
        /// Decay of the running mean of their squares.
        beta2: f32,
        /// Added to the root of the latter.
        epsilon: f32,
        /// Decoupled weight decay: a share of the weight, times the learning rate, apart from the gradient and its
        /// moments; weights of convolutions and dense layers only.
        weight_decay: f32,
    },
}

impl Optimizer {
    /// `AdamW` with the values of its paper and of `PyTorch`.
    #[must_use]
    pub const fn adam_w() -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }
}
